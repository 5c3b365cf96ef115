package dev.weft.internal.loop;

import dev.weft.internal.stress.StressClock;
import dev.weft.internal.time.Failures;
import dev.weft.server.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Lives many {@link LoopLife}s on loops, in lanes: one after another in each. Several lanes share two loops; one has a loop of
 * its own, where nobody else's events make up for a wake-up that was forgotten; and one a loop that is never taken over. A
 * watchdog looks for lives in which nothing happens any more. In rounds: at the end of each the loops are stopped, in some of
 * them while lives are under way, which must come to their end even so.
 */
public final class LoopStress {
    /** Loops, and what the stress must know of them. */
    public interface Subject {
        /** The number of loops. */
        int count();

        /** A builder of threads of a new scheduler. */
        Thread.Builder scheduler(int loop);

        void stop();

        /** Whether a thread has its turn. */
        boolean isInTurn(int loop);

        /** Has the watchdog do this when it has seen that this loop waits, and is about to sleep. */
        void surpriseWatchdog(int loop, Runnable action);

        int threads();

        long takeovers();

        List<Thread> platformThreads();

        boolean isClosed();

        String misuse();
    }

    /** Makes loops. */
    @FunctionalInterface
    public interface Maker {
        Subject make(int count, int mostSpares, boolean selecting, Failures.Reporter reporter) throws IOException;
    }

    /**
     * How hard.
     *
     * @param seed         decides what is done
     * @param length       rounds begin for so long
     * @param longestRound the shorter a round, the more often loops are stopped in the middle of something
     * @param patience     a life in which nothing happens for so long waits for good
     */
    record Settings(long seed, Duration length, Duration longestRound, Duration patience) {}

    /** The amount of work done. */
    record Outcome(int rounds, int lives, long takeovers) {}

    private static final int SHORTEST_ROUND_MILLIS = 50;
    private static final int SHARED_LOOPS = 2;
    private static final int MOST_SPARES = 40;
    /** Of threads when no turn takes long: of each loop, spare ones, and one that may be on its way. */
    private static final int FEW = SHARED_LOOPS + 8 + 1;

    private final Settings settings;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final StressClock clock;
    private final long end;
    private volatile boolean over;
    private volatile boolean stopping;

    private LoopStress(Settings settings, Duration round) {
        this.settings = settings;
        this.clock = new StressClock(settings.patience());
        this.end = System.nanoTime() + round.toNanos();
    }

    /** Whether the loops are about to be stopped, which ends the watch over turns that take long. */
    boolean isStopping() {
        return stopping;
    }

    /** Stresses one variant. Fails with the seed, and the life that went wrong. */
    static Outcome run(Maker maker, Settings settings) throws Exception {
        Random random = new Random(settings.seed());
        long until = System.nanoTime() + settings.length().toNanos();
        int rounds = 0;
        int lives = 0;
        long takeovers = 0;
        while (rounds == 0 || System.nanoTime() < until) {
            LoopStress stress = new LoopStress(settings,
                    Duration.ofMillis(random.nextInt(SHORTEST_ROUND_MILLIS, (int) settings.longestRound().toMillis())));
            try {
                takeovers += stress.round(maker, random);
            } catch (Throwable e) {
                throw new AssertionError("stress with the seed " + settings.seed() + ": " + e.getMessage(), e);
            }
            lives += stress.lanes.stream().mapToInt(lane -> lane.lives).sum();
            rounds++;
        }
        return new Outcome(rounds, lives, takeovers);
    }

    private long round(Maker maker, Random random) throws Exception {
        Failures.Reporter reporter = (what, count, latest) -> failure.compareAndSet(null,
                new AssertionError(what + " failed", latest));
        List<Subject> subjects = new ArrayList<>();
        try {
            boolean selecting = random.nextBoolean();
            subjects.add(maker.make(SHARED_LOOPS, MOST_SPARES, selecting, reporter));
            subjects.add(maker.make(1, MOST_SPARES, !selecting, reporter));
            subjects.add(maker.make(1, 0, selecting, reporter));
            for (int i = 0; i < 3; i++) {
                lanes.add(new Lane(random.nextLong(), subjects.get(0), LoopLife.Kind.RING, LoopLife.Kind.FAMILY,
                        LoopLife.Kind.TIMED, LoopLife.Kind.HOLD_UP, LoopLife.Kind.FAMILY, LoopLife.Kind.COMPUTE,
                        LoopLife.Kind.CROWD));
            }
            lanes.add(new Lane(random.nextLong(), subjects.get(1), LoopLife.Kind.RING, LoopLife.Kind.TIMED,
                    LoopLife.Kind.LATE_HOLD_UP));
            lanes.add(new Lane(random.nextLong(), subjects.get(2), LoopLife.Kind.QUEUE, LoopLife.Kind.RING));
            lanes.forEach(lane -> lane.thread.start());
            boolean abrupt = random.nextBoolean();
            watch(() -> abrupt && System.nanoTime() > end || !isAnyAlive());
            if (!abrupt) {
                await("few threads are left", () -> subjects.stream().allMatch(each -> each.threads() <= FEW));
                await("threads are counted",
                        () -> subjects.stream().allMatch(each -> each.platformThreads().size() == each.threads() + 1));
            }
            over = true;
            stopping = true;
            subjects.forEach(Subject::stop);
            watch(() -> !isAnyAlive());
            await("engines are closed", () -> subjects.stream().allMatch(Subject::isClosed));
            await("no thread is left", () -> subjects.stream().allMatch(each -> each.platformThreads().isEmpty()));
            subjects.forEach(this::check);
            return subjects.stream().mapToLong(Subject::takeovers).sum();
        } finally {
            over = true;
            stopping = true;
            subjects.forEach(Subject::stop);
        }
    }

    private boolean isAnyAlive() {
        return lanes.stream().anyMatch(lane -> lane.thread.isAlive());
    }

    /** Until this is so. */
    private void watch(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            clock.look();
            for (Lane lane : lanes) {
                if (lane.thread.isAlive() && lane.isStuck()) {
                    throw new AssertionError("nothing happens any more in " + lane.life);
                }
            }
            lanes.forEach(lane -> check(lane.subject));
            LockSupport.parkNanos(1_000_000);
        }
        throwFailure();
    }

    private void await(String what, BooleanSupplier condition) {
        Await.until(what, settings.patience(), () -> {
            throwFailure();
            return condition.getAsBoolean();
        });
    }

    private void throwFailure() {
        Throwable thrown = failure.get();
        if (thrown != null) {
            throw new AssertionError(thrown.getMessage(), thrown);
        }
    }

    private void check(Subject subject) {
        throwFailure();
        String misuse = subject.misuse();
        if (misuse != null) {
            throw new AssertionError(misuse);
        }
    }

    /** One life after another. */
    private final class Lane {
        private final Thread thread = Thread.ofPlatform().name("lane").daemon().unstarted(this::run);
        private final Random seeds;
        private final Subject subject;
        private final LoopLife.Kind[] kinds;
        private final StressClock.Watch watch = clock.watch();
        private volatile LoopLife life;
        private int lives;

        Lane(long seed, Subject subject, LoopLife.Kind... kinds) {
            this.seeds = new Random(seed);
            this.subject = subject;
            this.kinds = kinds;
        }

        private void run() {
            try {
                while (System.nanoTime() < end && !over && failure.get() == null) {
                    life = new LoopLife(kinds[seeds.nextInt(kinds.length)], subject, seeds.nextLong(), LoopStress.this);
                    life.run();
                    lives++;
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        }

        boolean isStuck() {
            LoopLife now = life;
            if (now == null) {
                return false;
            }
            return watch.isStuck(now, now.progress());
        }
    }
}
