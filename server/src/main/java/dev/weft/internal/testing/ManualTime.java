package dev.weft.internal.testing;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.Sweeper;
import dev.weft.internal.transport.Transport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Moves the clock of in-memory connections by hand. After a step that starts a thread, such as one that sends a ping, it pauses
 * for the answer, because real threads send and answer in real time.
 */
public final class ManualTime {
    /** How long to wait for an answer after the last bytes were received; reading ahead takes about 5 ms. */
    private static final long QUIET_NANOS = 30_000_000;
    /** The maximum wait: if an end reads nothing, waiting longer changes nothing. */
    private static final long LONGEST_NANOS = 500_000_000;
    private static final long PAUSE_NANOS = 1_000_000;

    private final AtomicLong started = new AtomicLong();
    private final List<Transport> transports = new CopyOnWriteArrayList<>();

    /** Starts a timer whose threads this object observes; the caller must stop it. Its ticks are in real time. */
    public ShortTimer newTimer(String name) {
        ShortTimer timer = new ShortTimer(this::start, Failures.toHandler(name));
        timer.start();
        return timer;
    }

    /** Runs a task that starts a thread. For any thread. */
    public void start(Runnable task) {
        started.incrementAndGet();
        task.run();
    }

    /** From this call on, {@link #advance} waits for this end to read the bytes that it has received. For any thread. */
    public void watch(Transport transport) {
        transports.add(transport);
    }

    /** Undoes {@link #watch}. For any thread. */
    public void forget(Transport transport) {
        transports.remove(transport);
    }

    /** Moves the clock. Waits at most half a second of real time after each step that starts a thread. */
    public void advance(Sweeper sweeper, Duration duration) {
        advance(sweeper, duration, () -> {});
    }

    /**
     * Moves the clock, otherwise as {@link #advance(Sweeper, Duration)}.
     *
     * @param afterStep called after each step
     */
    public void advance(Sweeper sweeper, Duration duration, Runnable afterStep) {
        long[] seen = {started.get()};
        sweeper.advance(duration, () -> {
            afterStep.run();
            if (started.get() != seen[0]) {
                settle();
                seen[0] = started.get();
            }
        });
    }

    private void settle() {
        long begin = System.nanoTime();
        long quietSince = begin;
        long now = begin;
        while (now - quietSince < QUIET_NANOS && now - begin < LONGEST_NANOS) {
            LockSupport.parkNanos(this, PAUSE_NANOS);
            now = System.nanoTime();
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            if (transports.stream().anyMatch(Transport::hasUnread)) {
                quietSince = now;
            }
        }
    }
}
