package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts how often a thread had to wait for a rate. For any thread; does not wait. */
public final class Throttles {
    private final Map<Kind, LongAdder> counts = new EnumMap<>(Kind.class);

    /** Nothing yet. */
    public Throttles() {
        for (Kind kind : Kind.values()) {
            if (kind != Kind.HANDSHAKES) {
                counts.put(kind, new LongAdder());
            }
        }
    }

    void count(Kind kind) {
        counts.get(kind).increment();
    }

    /** The number of waits so far. An immutable snapshot. */
    public Map<Kind, Long> counts() {
        Map<Kind, Long> snapshot = new EnumMap<>(Kind.class);
        counts.forEach((kind, count) -> snapshot.put(kind, count.sum()));
        return Collections.unmodifiableMap(snapshot);
    }
}
