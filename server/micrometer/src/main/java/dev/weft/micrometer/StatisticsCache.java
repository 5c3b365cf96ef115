package dev.weft.micrometer;

import io.micrometer.core.instrument.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Takes one snapshot for all meters that are read within a second: a registry reads them one by one. */
final class StatisticsCache<S> {
    static final long MAX_AGE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Supplier<S> source;
    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable S snapshot;
    private long takenAt;

    StatisticsCache(Supplier<S> source, Clock clock) {
        this.source = source;
        this.clock = clock;
    }

    S get() {
        lock.lock();
        try {
            S current = snapshot;
            long now = clock.monotonicTime();
            if (current == null || now - takenAt >= MAX_AGE_NANOS) {
                current = source.get();
                snapshot = current;
                takenAt = now;
            }
            return current;
        } finally {
            lock.unlock();
        }
    }
}
