package dev.weft.server;

import dev.weft.internal.time.DurationCounts;
import dev.weft.internal.transport.TransportFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures how long a thread that is ready to run waits for its turn: about once a second, unless the loops are idle, starts a
 * virtual thread on each loop, or one on the JDK's scheduler, and measures when it runs. {@link #tick} is for the sweeper; any
 * thread may call the other methods. Nothing waits.
 */
final class LagProbe {
    private static final int INTERVAL_MILLIS = 1_000;

    private final TransportFactory transports;
    private final DurationCounts lags = new DurationCounts();
    private final AtomicInteger pending = new AtomicInteger();
    /** When the last round began. Written by the sweeper, before {@link #pending}. */
    private volatile long began;
    private final AtomicLong longest = new AtomicLong();
    private boolean hasBegun;
    private int beganAt;

    LagProbe(TransportFactory transports) {
        this.transports = transports;
    }

    /** Begins another round if the last one is complete and it is time. */
    void tick(int now) {
        if (hasBegun && now - beganAt < INTERVAL_MILLIS || pending.get() > 0) {
            return;
        }
        if (transports.isIdle()) {
            // Nothing waits, and nothing is woken.
            longest.set(0);
            return;
        }
        hasBegun = true;
        beganAt = now;
        long start = System.nanoTime();
        began = start;
        longest.set(0);
        for (int i = 0; i < Math.max(1, transports.places()); i++) {
            pending.incrementAndGet();
            try {
                transports.start(() -> startThread(start));
            } catch (OutOfMemoryError e) {
                // Without memory there is no measurement. The sweeper must continue its work.
                pending.decrementAndGet();
            }
        }
    }

    private void startThread(long start) {
        try {
            transports.threadBuilder().start(() -> ran(start));
        } catch (OutOfMemoryError e) {
            pending.decrementAndGet();
        }
    }

    private void ran(long start) {
        long lag = System.nanoTime() - start;
        lags.record(lag);
        longest.accumulateAndGet(lag, Math::max);
        pending.decrementAndGet();
    }

    /** All lags so far. */
    DurationCounts lags() {
        return lags;
    }

    /** The longest lag of the last round; if it is not complete, at least the time since its beginning. */
    Duration last() {
        long waiting = pending.get() > 0 ? System.nanoTime() - began : 0;
        return Duration.ofNanos(Math.max(longest.get(), waiting));
    }
}
