package dev.weft.tools.conform.cases;

import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.conform.wire.Subject;
import java.util.function.ToIntFunction;

/**
 * One rule that a server, or a client, must follow.
 *
 * @param id         identifies the case: {@code family.name}
 * @param title      a description of what is sent and what is expected
 * @param section    the section of the RFC that requires it; of RFC 6455 unless another RFC is named
 * @param load       the cost of the case
 * @param maxMessage size of its largest message in bytes; the case is skipped if this exceeds the run's limit
 * @param connections the number of connections that it needs, which a client is asked to open
 * @param body       sends and checks; throws {@link dev.weft.tools.conform.wire.Failure} and similar exceptions
 */
public record Case(String id, String title, String section, Load load, long maxMessage,
        ToIntFunction<Settings> connections, Body body) {
    /** The cost of a case. */
    public enum Load {
        /** It mostly waits: many cases may run at once. */
        LIGHT,
        /** It uses CPU and its duration matters: it runs alone. */
        HEAVY,
        /** A poor program may not survive it: it runs alone, after all others. */
        PERILOUS
    }

    /** A case that opens its connections itself. */
    @FunctionalInterface
    public interface Body {
        /** Runs the case. */
        void run(Subject subject);
    }

    /** The body of a case that uses one plain connection. */
    @FunctionalInterface
    public interface Script {
        /** Runs the case. */
        void run(Peer peer);
    }

    /** The family's name. */
    public String family() {
        return id.substring(0, id.indexOf('.'));
    }
}
