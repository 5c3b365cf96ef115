package dev.weft.tools.conform.cases;

import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Server;

/**
 * One thing that a server must do.
 *
 * @param id         names it: {@code family.name}
 * @param title      what is sent and what is expected, in words
 * @param section    where the RFC demands it; RFC 6455 if no other is named
 * @param load       what it costs
 * @param maxMessage bytes of its largest message; skipped if over the run's limit
 * @param body       what is sent and what is expected; throws {@link dev.weft.tools.conform.wire.Failure} and its like
 */
public record Case(String id, String title, String section, Load load, long maxMessage, Body body) {
    /** What a case costs. */
    public enum Load {
        /** It mostly waits: many may run at once. */
        LIGHT,
        /** It works, and its time is of interest: runs alone. */
        HEAVY,
        /** A poor server may not survive it: runs last, alone. */
        PERILOUS
    }

    /** A case that opens its connections itself. */
    @FunctionalInterface
    public interface Body {
        /** Runs it. */
        void run(Server server);
    }

    /** A case over one plain connection. */
    @FunctionalInterface
    public interface Script {
        /** Runs it. */
        void run(Peer peer);
    }

    /** The family's name. */
    public String family() {
        return id.substring(0, id.indexOf('.'));
    }
}
