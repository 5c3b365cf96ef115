package dev.weft.server;

import dev.weft.CloseCause;
import dev.weft.RateLimits.Kind;
import dev.weft.SendResult;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Adds up how often each limit was reached, from the statistics of what happened then. */
final class LimitsHit {
    private LimitsHit() {}

    static Map<String, Long> of(ServerStatistics statistics) {
        Map<String, Long> hit = new TreeMap<>();
        hit.put("maxConnections", refusals(statistics, RefusalReason.SERVER_FULL));
        hit.put("maxConnectionsPerAddress", refusals(statistics, RefusalReason.ADDRESS_FULL));
        hit.put("handshakes", refusals(statistics, RefusalReason.TOO_MANY_HANDSHAKES));
        hit.put("receivedBytes", statistics.throttles().get(Kind.RECEIVED_BYTES));
        hit.put("receivedMessages", statistics.throttles().get(Kind.RECEIVED_MESSAGES));
        hit.put("sentBytes", statistics.throttles().get(Kind.SENT_BYTES));
        hit.put("sentMessages", statistics.throttles().get(Kind.SENT_MESSAGES));
        hit.put("pings", statistics.throttles().get(Kind.PINGS));
        hit.put("inflatedBytes", statistics.throttles().get(Kind.INFLATED_BYTES));
        hit.put("maxTlsHandshakes", refusals(statistics, RefusalReason.TLS_HANDSHAKES_FULL));
        hit.put("httpLimits", refusals(statistics, RefusalReason.HEAD_TOO_LARGE));
        hit.put("maxBodySize", refusals(statistics, RefusalReason.BODY_TOO_LARGE));
        hit.put("handshakeTimeout", refusals(statistics, RefusalReason.HEAD_TOO_SLOW));
        hit.put("policyTimeout", refusals(statistics, RefusalReason.POLICY_TOO_SLOW));
        hit.put("bodyTimeout", refusals(statistics, RefusalReason.BODY_TOO_SLOW));
        hit.put("handlerTimeout", refusals(statistics, RefusalReason.HTTP_HANDLER_TOO_SLOW));
        hit.put("maxBufferedSize", refusals(statistics, RefusalReason.BUDGET_SPENT)
                + closes(statistics, CloseCause.EVICTED)
                + exceeded(statistics, "maxBufferedSize")
                + statistics.refusedSends().get(SendResult.SERVER_FULL));
        hit.put("maxQueuedSize",
                statistics.refusedSends().get(SendResult.PEER_BEHIND) + statistics.droppedMessages());
        hit.put("maxMessageSize", exceeded(statistics, "maxMessageSize"));
        hit.put("maxStreamedMessageSize", exceeded(statistics, "maxStreamedMessageSize")
                + exceeded(statistics, "maxFrameLength"));
        hit.put("maxFramesPerMessage", exceeded(statistics, "maxFramesPerMessage"));
        hit.put("maxCompressionRatio", exceeded(statistics, "maxCompressionRatio"));
        hit.put("messageTimeout", exceeded(statistics, "messageTimeout"));
        hit.put("pongTimeout", closes(statistics, CloseCause.PONG_TIMEOUT));
        hit.put("writeTimeout", closes(statistics, CloseCause.WRITE_TIMEOUT));
        hit.put("closeTimeout", closes(statistics, CloseCause.CLOSE_TIMEOUT));
        return Collections.unmodifiableMap(hit);
    }

    private static long refusals(ServerStatistics statistics, RefusalReason reason) {
        return statistics.refusals().get(reason);
    }

    private static long closes(ServerStatistics statistics, CloseCause cause) {
        return statistics.closes().entrySet().stream().filter(entry -> entry.getKey().cause() == cause)
                .mapToLong(Map.Entry::getValue).sum();
    }

    private static long exceeded(ServerStatistics statistics, String limit) {
        return statistics.exceeded().getOrDefault(limit, 0L);
    }
}
