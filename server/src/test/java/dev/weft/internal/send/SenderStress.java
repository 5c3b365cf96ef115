package dev.weft.internal.send;

import dev.weft.internal.stress.Noise;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Lives many {@link StressedSender}s, in lanes: one after another in each. A watchdog looks for lives in which nothing happens
 * any more.
 */
final class SenderStress {
    private static final int LANES = 4;
    /** Noise and silence last for 2 to this power nanoseconds in turn, some 134 ms. */
    private static final int TURN_BITS = 27;

    private final ShortTimer timer = new ShortTimer(Runnable::run, Failures.toHandler("timer under stress"));
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final long end;
    private final Duration patience;

    private SenderStress(long seed, Duration length, Duration patience) {
        this.end = System.nanoTime() + length.toNanos();
        this.patience = patience;
        Random seeds = new Random(seed);
        for (int i = 0; i < LANES; i++) {
            lanes.add(new Lane(seeds.nextLong()));
        }
    }

    /**
     * Stresses the sender. Fails with the seed, and the state of the life that went wrong.
     *
     * @param seed     decides what is done
     * @param length   for so long new lives begin
     * @param patience a life in which nothing happens for so long waits for good: nobody pauses longer than a millisecond
     * @return the number of frames that arrived
     */
    static long run(long seed, Duration length, Duration patience) {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        SenderStress stress = new SenderStress(seed, length, patience);
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> stress.failure.compareAndSet(null, e));
        stress.timer.start();
        try {
            stress.lanes.forEach(lane -> lane.thread.start());
            stress.watch();
            return stress.lanes.stream().mapToLong(lane -> lane.frames).sum();
        } catch (Throwable e) {
            throw new AssertionError("stress with the seed " + seed + ": " + e.getMessage(), e);
        } finally {
            stress.timer.stop();
            Noise.silence(false);
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    /** Waits for the end of all lanes. */
    private void watch() {
        boolean alive = true;
        while (alive) {
            alive = false;
            for (Lane lane : lanes) {
                if (lane.thread.isAlive()) {
                    alive = true;
                    lane.look();
                }
            }
            if (failure.get() != null) {
                lanes.forEach(Lane::release);
                throw new AssertionError(failure.get().getMessage(), failure.get());
            }
            Noise.silence((System.nanoTime() >>> TURN_BITS & 1) == 0);
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** One life after another. */
    private final class Lane {
        private final Thread thread = Thread.ofVirtual().name("lane").unstarted(this::run);
        private final Random seeds;
        private volatile StressedSender life;
        private long frames;

        /** The watchdog's. */
        private StressedSender seen;
        private long progressSeen;
        private long since = System.nanoTime();

        Lane(long seed) {
            this.seeds = new Random(seed);
        }

        private void run() {
            try {
                while (System.nanoTime() < end && failure.get() == null) {
                    life = new StressedSender(seeds.nextLong(), timer);
                    life.run();
                    frames += life.frames();
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        }

        /** Fails if a thread of the life has failed, although others may wait for it, or if nothing happens any more. */
        void look() {
            StressedSender now = life;
            if (now != null && now.failure() != null) {
                failure.compareAndSet(null,
                        new AssertionError(now.failure().getMessage() + " in " + now, now.failure()));
            }
            if (now != seen || now != null && now.progress() != progressSeen) {
                seen = now;
                progressSeen = now == null ? 0 : now.progress();
                since = System.nanoTime();
            }
            if (System.nanoTime() - since > patience.toNanos()) {
                failure.compareAndSet(null, new AssertionError("nothing happens any more in " + now));
            }
        }

        void release() {
            if (life != null) {
                life.release();
            }
        }
    }
}
