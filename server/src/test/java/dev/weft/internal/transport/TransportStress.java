package dev.weft.internal.transport;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.weft.internal.stress.StressClock;
import dev.weft.server.Await;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Lives many {@link StressedLife}s, in lanes: one after another in each. Most lanes share a driver, which has much to do;
 * each of the others has one of its own, where nobody else's events make up for a wake-up that was forgotten. A watchdog
 * looks for lives in which nothing happens any more. At the end no key may be left with an engine, no thread waiting, and no
 * descriptor open.
 */
final class TransportStress {
    /**
     * How hard.
     *
     * @param seed      decides what is done
     * @param length    for so long new lives begin
     * @param shared    lanes over one driver
     * @param alone     lanes with a driver each
     * @param patience  a life in which nothing happens for so long waits for good: nobody pauses longer than a millisecond
     */
    record Settings(long seed, Duration length, int shared, int alone, Duration patience) {}

    /** The amount of work done; {@code waits} of readers ended, {@code vainWaits} of them for nothing. */
    record Outcome(int lives, long bytes, long waits, long vainWaits, long moves) {}

    /** The number of descriptors that the JDK may open meanwhile for itself; lives come by the hundred. */
    private static final int SLACK = 20;

    private final Settings settings;
    private final ServerSocketChannel listener;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final StressClock clock;
    private final long end;

    private TransportStress(Settings settings, ServerSocketChannel listener) {
        this.settings = settings;
        this.listener = listener;
        this.clock = new StressClock(settings.patience());
        this.end = System.nanoTime() + settings.length().toNanos();
    }

    /** Stresses one variant. Fails with the seed, and the state of the life that went wrong. */
    static Outcome run(TransportVariant variant, Driver driver, Settings settings) throws Exception {
        long descriptors = descriptors();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Outcome outcome;
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            TransportStress stress = new TransportStress(settings, listener);
            Thread.setDefaultUncaughtExceptionHandler((thread, e) -> stress.failure.compareAndSet(null, e));
            outcome = stress.run(variant, driver);
        } catch (Throwable e) {
            throw new AssertionError("stress with the seed " + settings.seed() + ": " + e.getMessage(), e);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        Await.until("all descriptors are closed", settings.patience(), () -> descriptors() <= descriptors + SLACK);
        return outcome;
    }

    private static long descriptors() {
        return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getOpenFileDescriptorCount();
    }

    private Outcome run(TransportVariant variant, Driver driver) throws Exception {
        List<TransportVariant.Subject> subjects = new ArrayList<>();
        try {
            for (int i = 0; i <= settings.alone(); i++) {
                subjects.add(variant.open(driver));
            }
            Random seeds = new Random(settings.seed());
            for (int i = 0; i < settings.shared() + settings.alone(); i++) {
                int own = Math.max(0, i - settings.shared() + 1);
                lanes.add(new Lane(seeds.nextLong(), subjects.get(own), own > 0));
            }
            lanes.forEach(lane -> lane.thread.start());
            watch();
            for (TransportVariant.Subject subject : subjects) {
                Await.until("no key is left", settings.patience(), () -> keys(subject) == 0);
            }
        } finally {
            for (TransportVariant.Subject subject : subjects) {
                subject.stop();
            }
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get().getMessage(), failure.get());
        }
        return new Outcome(lanes.stream().mapToInt(lane -> lane.lives).sum(),
                lanes.stream().mapToLong(lane -> lane.bytes).sum(), lanes.stream().mapToLong(lane -> lane.waits).sum(),
                lanes.stream().mapToLong(lane -> lane.vainWaits).sum(),
                lanes.stream().mapToLong(lane -> lane.moves).sum());
    }

    private static int keys(TransportVariant.Subject subject) {
        try {
            return subject.keys();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits for the end of all lanes. */
    private void watch() throws IOException {
        while (lanes.stream().anyMatch(lane -> lane.thread.isAlive())) {
            clock.look();
            for (Lane lane : lanes) {
                if (lane.thread.isAlive() && lane.isStuck()) {
                    failure.compareAndSet(null, new AssertionError("nothing happens any more in " + lane.life));
                }
            }
            if (failure.get() != null) {
                for (Lane lane : lanes) {
                    lane.release();
                }
                throw new AssertionError(failure.get().getMessage(), failure.get());
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** One life after another. */
    private final class Lane {
        private final Thread thread;
        private final Random seeds;
        private final TransportVariant.Subject subject;
        private final boolean alone;
        private final StressClock.Watch watch = clock.watch();
        private volatile StressedLife life;
        private int lives;
        private long bytes;
        private long waits;
        private long vainWaits;
        private long moves;

        Lane(long seed, TransportVariant.Subject subject, boolean alone) {
            this.seeds = new Random(seed);
            this.subject = subject;
            this.alone = alone;
            this.thread = Thread.ofVirtual().name("lane").unstarted(this::run);
        }

        private void run() {
            try {
                while (System.nanoTime() < end && failure.get() == null) {
                    life = new StressedLife(seeds.nextLong());
                    life.run(subject, listener);
                    if (alone) {
                        Await.until("the selector let go of " + life, settings.patience(), () -> keys(subject) == 0);
                    }
                    lives++;
                    bytes += life.bytes();
                    waits += life.waits();
                    vainWaits += life.vainWaits();
                    moves += life.moves();
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        }

        boolean isStuck() {
            StressedLife now = life;
            if (now == null) {
                return false;
            }
            return watch.isStuck(now, now.progress());
        }

        /** Closes the descriptors of a lane that is given up. */
        void release() throws IOException {
            if (life != null) {
                life.release();
            }
        }
    }
}
