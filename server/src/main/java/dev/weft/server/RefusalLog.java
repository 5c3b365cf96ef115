package dev.weft.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.internal.AddressText;
import dev.weft.internal.Escape;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts every refusal by its reason, and logs it once at DEBUG with the information that explains it to an operator:
 * peer, target, Origin and Host. Text from the peer is escaped. For any thread; blocks only for the log.
 */
final class RefusalLog {
    private static final int LONGEST_EXPLANATION = 200;
    /** Reasons that are limits of this server. */
    private static final Set<RefusalReason> LIMITS = EnumSet.of(RefusalReason.TLS_HANDSHAKES_FULL,
            RefusalReason.HEAD_TOO_LARGE, RefusalReason.HEAD_TOO_SLOW, RefusalReason.SERVER_FULL,
            RefusalReason.BUDGET_SPENT, RefusalReason.POLICY_TOO_SLOW, RefusalReason.BODY_TOO_LARGE,
            RefusalReason.BODY_TOO_SLOW, RefusalReason.HTTP_HANDLER_TOO_SLOW,
            RefusalReason.ADDRESS_FULL, RefusalReason.TOO_MANY_HANDSHAKES);

    private final Logger logger;
    private final ResponseEncoder encoder;
    private final Map<RefusalReason, LongAdder> counts = new EnumMap<>(RefusalReason.class);

    RefusalLog(Logger logger, ResponseEncoder encoder) {
        this.logger = logger;
        this.encoder = encoder;
        for (RefusalReason reason : RefusalReason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    /**
     * Records a refusal by a response, and returns the response's bytes.
     *
     * @param head the part of the request that is known; empty if nothing is
     */
    byte[] refuse(RefusalReason reason, HttpResponse response, SocketAddress peer, Optional<RequestHead> head) {
        note(reason, response, peer, head);
        return encoder.encode(response, head.map(RequestHead::method).orElse(""));
    }

    /** Records a refusal by a response that the caller encodes. */
    void note(RefusalReason reason, HttpResponse response, SocketAddress peer, Optional<RequestHead> head) {
        count(reason, peer);
        if (logger.isLoggable(Level.DEBUG)) {
            log(reason, peer, response.status() + explanation(response), head.map(RefusalLog::described).orElse(""));
        }
    }

    /** Records a refusal without a response. */
    void closed(RefusalReason reason, SocketAddress peer, String why) {
        count(reason, peer);
        if (logger.isLoggable(Level.DEBUG)) {
            log(reason, peer, why, "");
        }
    }

    /** Counts a refusal without a response, and does not log it: there may be very many. */
    void count(RefusalReason reason, SocketAddress peer) {
        counts.get(reason).increment();
        if (LIMITS.contains(reason)) {
            ConnectionEvents.get().limitHit(reason.name(), "refused", peer);
        }
    }

    /** The number of refusals so far for each reason; all reasons are present. An immutable snapshot. */
    Map<RefusalReason, Long> counts() {
        Map<RefusalReason, Long> snapshot = new EnumMap<>(RefusalReason.class);
        counts.forEach((reason, count) -> snapshot.put(reason, count.sum()));
        return Collections.unmodifiableMap(snapshot);
    }

    private void log(RefusalReason reason, SocketAddress peer, String outcome, String request) {
        logger.log(Level.DEBUG, AddressText.of(peer) + ": refused, " + reason + " (" + outcome + ")" + request);
    }

    private static String described(RequestHead head) {
        List<String> origins = head.headers().all("Origin");
        return ": " + Escape.text(head.method()) + " " + Escape.text(head.path())
                + ", Origin: " + (origins.isEmpty() ? "none" : Escape.text(String.join(", ", origins)))
                + ", Host: " + head.host().map(Escape::text).orElse("none");
    }

    /** The first line of a response whose text is for people to read. */
    private static String explanation(HttpResponse response) {
        if (!response.headers().first("Content-Type").orElse("").startsWith("text/plain")) {
            return "";
        }
        int length = Math.min(response.body().length, LONGEST_EXPLANATION);
        String line = new String(response.body(), 0, length, UTF_8).lines().findFirst().orElse("");
        boolean legible = line.chars().allMatch(c -> c >= ' ' && c <= '~');
        return line.isEmpty() ? "" : ": " + (legible ? line : Escape.text(line));
    }
}
