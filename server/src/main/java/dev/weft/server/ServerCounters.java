package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.CloseStatus.Side;
import dev.weft.parser.CloseCode;
import dev.weft.server.ServerStatistics.Closing;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what happens once for each connection of a server. For any thread; does not wait. The number of counters does not
 * depend on the peers.
 */
final class ServerCounters {
    private final LongAdder accepted = new LongAdder();
    private final LongAdder opened = new LongAdder();
    /** All that there are, in the order of the codes. */
    private final Map<Closing, LongAdder> closes = new LinkedHashMap<>();

    ServerCounters() {
        for (int code = 1000; code <= 1015; code++) {
            add(Integer.toString(code));
        }
        for (String codes : new String[]{"3xxx", "4xxx", "other"}) {
            add(codes);
        }
    }

    private void add(String code) {
        for (Optional<Side> by : ends()) {
            closes.put(new Closing(code, by), new LongAdder());
        }
    }

    private static Iterable<Optional<Side>> ends() {
        return List.of(Optional.of(Side.LOCAL), Optional.of(Side.REMOTE), Optional.empty());
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
        Optional<CloseReason> first = status.closedFirst()
                .flatMap(side -> side == Side.LOCAL ? status.sent() : status.received());
        int code = first.map(CloseReason::code).orElse(CloseCode.ABNORMAL_CLOSURE);
        closes.get(new Closing(text(code), status.closedFirst())).increment();
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

    /** Those that have occurred. Unmodifiable. */
    Map<Closing, Long> closes() {
        Map<Closing, Long> snapshot = new LinkedHashMap<>();
        closes.forEach((closing, count) -> {
            long sum = count.sum();
            if (sum > 0) {
                snapshot.put(closing, sum);
            }
        });
        return Collections.unmodifiableMap(snapshot);
    }
}
