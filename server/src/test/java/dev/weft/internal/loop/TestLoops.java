package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Loops over {@link IdleEngine}s, which at the end must have been driven by one thread at a time, and have let go of all. */
final class TestLoops implements AutoCloseable {
    private static final AtomicInteger MADE = new AtomicInteger();
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String name = "test-loops-" + MADE.incrementAndGet() + "-";
    private final List<IdleEngine> engines = new ArrayList<>();
    private final List<CheckedEngine> checked = new ArrayList<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Loops loops;
    private final AtomicInteger next = new AtomicInteger();

    private TestLoops(int count, int mostSpares) {
        for (int i = 0; i < count; i++) {
            engines.add(new IdleEngine());
            checked.add(new CheckedEngine(engines.getLast()));
        }
        loops = new Loops(name, checked, (what, failed, latest) -> failures.add(latest), mostSpares);
    }

    static TestLoops of(int count) {
        return new TestLoops(count, Loops.MOST_SPARES);
    }

    /** Loops that no more than this number of threads can be added to. */
    static TestLoops bounded(int count, int mostSpares) {
        return new TestLoops(count, mostSpares);
    }

    Loops loops() {
        return loops;
    }

    IdleEngine engine(int loop) {
        return engines.get(loop);
    }

    Queue<Throwable> failures() {
        return failures;
    }

    /** Starts a thread on a new scheduler of this loop. */
    Thread start(int loop, Runnable task) {
        return loops.scheduler(loop).threadBuilder().start(task);
    }

    /** Starts a thread on a new scheduler; the loops take turns. */
    Thread start(Runnable task) {
        return start(Math.floorMod(next.getAndIncrement(), engines.size()), task);
    }

    /** The platform threads that run these loops, are spare, or watch. */
    List<Thread> platformThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(name))
                .toList();
    }

    /** Whether the current thread is on one of these loops. */
    boolean isHere() {
        return Thread.currentThread().toString().contains("@" + name);
    }

    static void join(Thread... threads) throws InterruptedException {
        for (Thread thread : threads) {
            assertTrue(thread.join(PATIENCE),
                    () -> thread + " does not end, in " + Stream.of(thread.getStackTrace()).toList());
        }
    }

    static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS), "a latch never opened");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        loops.stop();
        Await.until("the engines are closed", () -> checked.stream().allMatch(CheckedEngine::isClosed));
        checked.forEach(engine -> assertNull(engine.misuse()));
        Await.until("no thread is left", () -> platformThreads().isEmpty());
        assertEquals(List.of(), List.copyOf(failures));
    }
}
