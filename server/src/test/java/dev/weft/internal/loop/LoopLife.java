package dev.weft.internal.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** The interaction of some threads on loops, from start to end. The seed decides the actions, but not which thread is first. */
final class LoopLife {
    /** The kinds of interaction. */
    enum Kind {
        /** Each continues when the previous one unparks it. */
        RING,
        /** Threads of one scheduler, which start others and wait for their end. */
        FAMILY,
        /** They wait for a time. */
        TIMED,
        /** One keeps its loop until another one on it has run, for which the loop must be taken over. */
        HOLD_UP,
        /** The same when the loops have waited for so long that their watchdog is about to sleep, or sleeps. */
        LATE_HOLD_UP,
        /** They compute for about as long as it takes until their loop is taken over. */
        COMPUTE,
        /** Each keeps its loop until all are there. */
        CROWD,
        /** They take turns in the order in which they were started. No loop may be taken over. */
        QUEUE
    }

    private static final int CROWD = 12;
    private static final long LONG_WAIT_NANOS = 200_000_000;
    /** Long enough for a loop to begin a turn; a watchdog that is slow is not at fault. */
    private static final long SURPRISE_NANOS = 5_000_000;

    private final Kind kind;
    private final LoopStress.Subject loops;
    private final Random random;
    private final LoopStress stress;
    private final AtomicLong progress = new AtomicLong();
    private final AtomicInteger count = new AtomicInteger();

    LoopLife(Kind kind, LoopStress.Subject loops, long seed, LoopStress stress) {
        this.kind = kind;
        this.loops = loops;
        this.random = new Random(seed);
        this.stress = stress;
    }

    /** Changes as long as anything happens. */
    long progress() {
        return progress.get();
    }

    private void step() {
        progress.incrementAndGet();
    }

    /** Runs this life, on a platform thread; fails if anything is wrong. Waits forever if the threads do. */
    void run() throws InterruptedException {
        switch (kind) {
            case RING -> ring();
            case FAMILY -> family();
            case TIMED -> timed();
            case HOLD_UP -> {
                Thread first = holder(random.nextInt(loops.count()));
                first.start();
                awaitHoldUp(first);
            }
            case LATE_HOLD_UP -> lateHoldUp();
            case COMPUTE -> compute();
            case CROWD -> crowd();
            case QUEUE -> queue();
        }
    }

    private Thread.Builder scheduler() {
        return loops.scheduler(random.nextInt(loops.count()));
    }

    private void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
            step();
        }
    }

    private void ring() throws InterruptedException {
        int size = 2 + random.nextInt(3);
        int rounds = 100;
        List<Thread> threads = new ArrayList<>();
        Thread.Builder shared = scheduler();
        for (int i = 0; i < size; i++) {
            int number = i;
            Thread.Builder builder = switch (random.nextInt(4)) {
                case 0 -> Thread.ofPlatform().daemon();
                case 1 -> shared;
                default -> scheduler();
            };
            threads.add(builder.unstarted(() -> {
                for (int round = 0; round < rounds; round++) {
                    while (count.get() % size != number) {
                        LockSupport.park(this);
                    }
                    step();
                    count.incrementAndGet();
                    LockSupport.unpark(threads.get((number + 1) % size));
                }
            }));
        }
        threads.forEach(Thread::start);
        join(threads);
        expect(size * rounds);
    }

    private void expect(int expected) {
        if (count.get() != expected) {
            throw new AssertionError(this + ": expected " + expected);
        }
    }

    private void family() throws InterruptedException {
        int size = 10;
        Thread parent = scheduler().start(() -> {
            List<Thread> children = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                children.add(Thread.startVirtualThread(() -> {
                    step();
                    Thread.yield();
                    Thread grandchild = Thread.startVirtualThread(() -> {
                        step();
                        LockSupport.parkNanos(1000);
                        count.incrementAndGet();
                    });
                    await(grandchild);
                    count.incrementAndGet();
                    step();
                }));
            }
            children.forEach(LoopLife::await);
        });
        join(List.of(parent));
        expect(2 * size);
    }

    private static void await(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError("nobody is interrupted", e);
        }
    }

    private void timed() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            long nanos = random.nextInt(300_000);
            threads.add(scheduler().start(() -> {
                for (int round = 0; round < 10; round++) {
                    LockSupport.parkNanos(nanos);
                    step();
                }
                count.incrementAndGet();
            }));
        }
        join(threads);
        expect(4);
    }

    /** A thread that keeps its loop until another one on it has run, twice. */
    private Thread holder(int loop) {
        boolean inherit = random.nextBoolean();
        return loops.scheduler(loop).unstarted(() -> {
            for (int round = 1; round <= 2; round++) {
                int seen = round;
                Runnable other = () -> {
                    Thread.yield();
                    count.incrementAndGet();
                    step();
                };
                if (inherit) {
                    Thread.startVirtualThread(other);
                } else {
                    loops.scheduler(loop).start(other);
                }
                while (count.get() < seen && !stress.isStopping()) {
                    Thread.onSpinWait();
                }
                Thread.yield();
            }
        });
    }

    private void awaitHoldUp(Thread first) throws InterruptedException {
        join(List.of(first));
        while (count.get() < 2) {
            LockSupport.parkNanos(100_000);
        }
    }

    private void lateHoldUp() throws InterruptedException {
        Thread first = holder(0);
        AtomicBoolean begun = new AtomicBoolean();
        loops.surpriseWatchdog(0, () -> {
            if (begun.compareAndSet(false, true)) {
                first.start();
                for (long end = System.nanoTime() + SURPRISE_NANOS; System.nanoTime() - end < 0
                        && !loops.isInTurn(0);) {
                    Thread.onSpinWait();
                }
            }
        });
        for (long end = System.nanoTime() + LONG_WAIT_NANOS; System.nanoTime() - end < 0 && !begun.get()
                && !stress.isStopping();) {
            LockSupport.parkNanos(LONG_WAIT_NANOS / 40);
            step();
        }
        if (begun.compareAndSet(false, true)) {
            first.start();
        }
        awaitHoldUp(first);
    }

    private void compute() throws InterruptedException {
        int size = 6;
        int rounds = 4;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            long nanos = random.nextInt(12_000_000);
            threads.add(scheduler().start(() -> {
                for (int round = 0; round < rounds; round++) {
                    for (long end = System.nanoTime() + nanos; System.nanoTime() - end < 0;) {
                        Thread.onSpinWait();
                    }
                    step();
                    count.incrementAndGet();
                    Thread.yield();
                }
            }));
        }
        join(threads);
        expect(size * rounds);
    }

    private void crowd() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CROWD; i++) {
            threads.add(scheduler().start(() -> {
                count.incrementAndGet();
                step();
                while (count.get() < CROWD && !stress.isStopping()) {
                    Thread.onSpinWait();
                }
            }));
        }
        join(threads);
        expect(CROWD);
    }

    private void queue() throws InterruptedException {
        int size = 20;
        boolean inherit = random.nextBoolean();
        Queue<Integer> turns = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        boolean[] ended = new boolean[1];
        join(List.of(loops.scheduler(0).start(() -> {
            for (int i = 0; i < size; i++) {
                int number = i;
                Runnable task = () -> {
                    turns.add(number);
                    step();
                };
                threads.add(inherit ? Thread.startVirtualThread(task) : loops.scheduler(0).start(task));
            }
            ended[0] = stress.isStopping();
        })));
        join(threads);
        List<Integer> expected = IntStream.range(0, size).boxed().toList();
        // Threads that outlive their loop have a platform thread each.
        if (!ended[0] && !stress.isStopping() && !expected.equals(List.copyOf(turns))) {
            throw new AssertionError("not the order in which they were started: " + turns);
        }
    }

    @Override
    public String toString() {
        return kind + " (count " + count + ", progress " + progress + ", on " + loops.count() + " loops)";
    }
}
