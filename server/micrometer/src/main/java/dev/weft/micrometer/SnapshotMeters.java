package dev.weft.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Meters in one registry that read their values from snapshots. Function counters refer to this object weakly; the gauges keep
 * it reachable while they are registered.
 *
 * @param <S> the type of the snapshots
 */
abstract class SnapshotMeters<S> {
    final MeterRegistry registry;
    final Tags tags;
    private final StatisticsCache<S> snapshots;

    /**
     * Held while meters are registered and removed. A thread that reads a meter may hold locks of the registry, so it only
     * tries this one.
     */
    private final ReentrantLock changing = new ReentrantLock();
    private final Set<Meter> registered = new HashSet<>();
    private boolean removed;
    /** The last snapshot for which {@link #follow} was called. */
    private volatile @Nullable S followed;

    SnapshotMeters(MeterRegistry registry, Tags tags, Supplier<S> source) {
        this.registry = registry;
        this.tags = tags;
        this.snapshots = new StatisticsCache<>(source, registry.config().clock());
    }

    /** Registers the meters that stay until the end. */
    abstract void addMeters(S now);

    /** Registers and removes the meters that depend on what a snapshot contains. */
    void follow(S now) {}

    final void register() {
        S now = snapshots.get();
        changing.lock();
        try {
            if (!removed) {
                addMeters(now);
                followed = now;
                follow(now);
            }
        } finally {
            changing.unlock();
        }
    }

    final void remove() {
        changing.lock();
        try {
            removed = true;
            registered.forEach(registry::remove);
        } finally {
            changing.unlock();
        }
    }

    final S current() {
        S now = snapshots.get();
        if (now != followed && changing.tryLock()) {
            try {
                if (!removed && now != followed) {
                    followed = now;
                    follow(now);
                }
            } finally {
                changing.unlock();
            }
        }
        return now;
    }

    // For addMeters and follow.

    final Meter addGauge(String name, String description, @Nullable String unit, ToDoubleFunction<S> value,
            String... ownTags) {
        return add(Gauge.builder(name, this, meters -> value.applyAsDouble(meters.current())).description(description)
                .baseUnit(unit).tags(tags.and(ownTags)).strongReference(true).register(registry));
    }

    final Meter addCounter(String name, String description, @Nullable String unit, ToDoubleFunction<S> value,
            String... ownTags) {
        return add(FunctionCounter.builder(name, this, meters -> value.applyAsDouble(meters.current()))
                .description(description).baseUnit(unit).tags(tags.and(ownTags)).register(registry));
    }

    final Meter add(Meter meter) {
        registered.add(meter);
        return meter;
    }

    final void remove(Meter meter) {
        registered.remove(meter);
        registry.remove(meter);
    }
}
