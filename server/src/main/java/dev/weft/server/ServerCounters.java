package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.CloseStatus.Side;
import dev.weft.CloseStatus;
import dev.weft.internal.close.CloseCauses;
import dev.weft.internal.time.DurationCounts;
import dev.weft.parser.CloseCode;
import dev.weft.server.ServerStatistics.Closing;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * Counts what happens once for each connection of a server. For any thread; does not wait. The number of counters does not
 * depend on the peers.
 */
final class ServerCounters {
    private final LongAdder accepted = new LongAdder();
    private final LongAdder opened = new LongAdder();
    private final Map<HandshakeOutcome, LongAdder> handshakes = new EnumMap<>(HandshakeOutcome.class);
    private final DurationCounts handshakeDurations = new DurationCounts();
    private final Map<Closing, LongAdder> closes = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> exceeded = new ConcurrentHashMap<>();

    ServerCounters() {
        for (HandshakeOutcome outcome : HandshakeOutcome.values()) {
            handshakes.put(outcome, new LongAdder());
        }
    }

    /** A connection was taken from a listening socket. */
    void accepted() {
        accepted.increment();
    }

    /** An opening handshake was accepted. */
    void opened() {
        opened.increment();
    }

    /** A connection has ended. */
    void closed(CloseStatus status) {
        closes.computeIfAbsent(new Closing(text(firstCode(status)), status.closedFirst(), status.cause()),
                closing -> new LongAdder()).increment();
        CloseCauses.limit(status)
                .ifPresent(limit -> exceeded.computeIfAbsent(limit, name -> new LongAdder()).increment());
    }

    /** The code of the first Close frame; 1006 if there was none. */
    static int firstCode(CloseStatus status) {
        return status.closedFirst().flatMap(side -> side == Side.LOCAL ? status.sent() : status.received())
                .map(CloseReason::code).orElse(CloseCode.ABNORMAL_CLOSURE);
    }

    private static String text(int code) {
        if (code >= 1000 && code <= 1015) {
            return Integer.toString(code);
        }
        return code >= 3000 && code < 5000 ? code / 1000 + "xxx" : "other";
    }

    long acceptedCount() {
        return accepted.sum();
    }

    long openedCount() {
        return opened.sum();
    }

    /** An opening handshake has ended, this long after its connection or the request before it. */
    void handshake(HandshakeOutcome outcome, long nanos) {
        handshakes.get(outcome).increment();
        if (outcome == HandshakeOutcome.ACCEPTED) {
            handshakeDurations.record(nanos);
        }
    }

    /** The number of opening handshakes by outcome; all outcomes are present. Unmodifiable. */
    Map<HandshakeOutcome, Long> handshakes() {
        Map<HandshakeOutcome, Long> snapshot = new EnumMap<>(HandshakeOutcome.class);
        handshakes.forEach((outcome, count) -> snapshot.put(outcome, count.sum()));
        return Collections.unmodifiableMap(snapshot);
    }

    /** How long the accepted handshakes took. */
    DurationCounts handshakeDurations() {
        return handshakeDurations;
    }

    /** The number of connections that ended because the peer exceeded a limit, by its name; those that have occurred. */
    Map<String, Long> exceeded() {
        return exceeded.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> entry.getValue().sum()));
    }

    /** Those that have occurred, in the order of their codes. Unmodifiable. */
    Map<Closing, Long> closes() {
        Map<Closing, Long> snapshot = new TreeMap<>(Comparator.comparing(Closing::code)
                .thenComparing(closing -> closing.by().map(Side::ordinal).orElse(-1)).thenComparing(Closing::cause));
        closes.forEach((closing, count) -> snapshot.put(closing, count.sum()));
        return Collections.unmodifiableMap(snapshot);
    }
}
