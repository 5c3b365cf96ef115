package dev.weft.internal.loop;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Virtual threads that run when a test says so, one turn after another: so their turns can be counted. */
public final class SteppedThreads {
    private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();

    /** A builder of such threads. */
    public Thread.Builder.OfVirtual builder() {
        return VirtualThreads.builder(ready::add);
    }

    /** Has the threads take turns on the calling one, which is a platform thread; returns the number of turns. */
    public int runAll() {
        int turns = 0;
        while (runOne()) {
            turns++;
        }
        return turns;
    }

    /** Has the thread whose turn it is take one; false if no thread is ready. */
    public boolean runOne() {
        Runnable turn = ready.poll();
        if (turn != null) {
            turn.run();
        }
        return turn != null;
    }

    /** The number of threads that are ready. */
    public int ready() {
        return ready.size();
    }

    /** Has the threads take turns until this one has ended; returns the number of turns. */
    public int runToTheEnd(Thread thread) {
        AtomicInteger turns = new AtomicInteger();
        dev.weft.server.Await.until("the thread has ended", () -> {
            turns.addAndGet(runAll());
            return !thread.isAlive();
        });
        return turns.get();
    }
}
