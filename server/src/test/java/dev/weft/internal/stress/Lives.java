package dev.weft.internal.stress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;

/**
 * Lives many lives of something under stress, in lanes: one after another in each, with noise and without in turn. A watchdog
 * looks for lives in which nothing happens any more.
 */
public final class Lives {
    /** The life of an object under stress, from beginning to end, with its own threads. */
    public interface Life {
        /** Runs this life; fails if anything is wrong. */
        void run() throws Exception;

        /** The first failure so far, or {@code null}; other threads may still wait for the thread that found it. */
        Throwable failure();

        /** Changes as long as anything happens. */
        long progress();

        /** The amount of work done. Call it after the end. */
        int done();

        /** Ends all waits of its threads. */
        void release();
    }

    /** Noise and silence last for 2 to this power nanoseconds in turn, some 134 ms. */
    private static final int TURN_BITS = 27;

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final LongFunction<Life> maker;
    private final long end;
    private final StressClock clock;

    private Lives(LongFunction<Life> maker, int count, long seed, Duration length, Duration patience) {
        this.maker = maker;
        this.end = System.nanoTime() + length.toNanos();
        this.clock = new StressClock(patience);
        Random seeds = new Random(seed);
        for (int i = 0; i < count; i++) {
            lanes.add(new Lane(seeds.nextLong()));
        }
    }

    /**
     * Fails with the seed, and the state of the life that went wrong.
     *
     * @param maker    makes a life of a seed
     * @param lanes    the number of lives at a time
     * @param seed     decides what is done
     * @param length   for so long new lives begin
     * @param patience a life in which nothing happens for so long waits for good
     * @return what was done in all lives
     */
    public static long live(LongFunction<Life> maker, int lanes, long seed, Duration length, Duration patience) {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Lives lives = new Lives(maker, lanes, seed, length, patience);
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> lives.failure.compareAndSet(null, e));
        try {
            lives.lanes.forEach(lane -> lane.thread.start());
            lives.watch();
            return lives.lanes.stream().mapToLong(lane -> lane.done).sum();
        } catch (Throwable e) {
            throw new AssertionError("stress with the seed " + seed + ": " + e.getMessage(), e);
        } finally {
            Noise.silence(false);
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    /** Waits for the end of all lanes. */
    private void watch() {
        boolean alive = true;
        while (alive) {
            alive = false;
            clock.look();
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
        private final StressClock.Watch watch = clock.watch();
        private volatile Life life;
        private long done;

        Lane(long seed) {
            this.seeds = new Random(seed);
        }

        private void run() {
            try {
                while (System.nanoTime() < end && failure.get() == null) {
                    life = maker.apply(seeds.nextLong());
                    life.run();
                    done += life.done();
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        }

        /** Fails if a thread of the life has failed, although others may wait for it, or if nothing happens any more. */
        void look() {
            Life now = life;
            if (now != null && now.failure() != null) {
                failure.compareAndSet(null,
                        new AssertionError(now.failure().getMessage() + " in " + now, now.failure()));
            }
            if (watch.isStuck(now, now == null ? 0 : now.progress())) {
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
