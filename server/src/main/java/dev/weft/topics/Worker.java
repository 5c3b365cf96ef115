package dev.weft.topics;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Work that is done step by step, by one virtual thread at a time, which exists while there is something to do. Neither a step
 * that fails, nor a thread that cannot be started, is an end: the work goes on. For any thread.
 */
final class Worker {
    private enum State {
        /** There is no thread. */
        IDLE,
        /** There is a thread, which looks for something to do. */
        RUNNING,
        /** There is a thread, which has to look again, or to begin. */
        WOKEN
    }

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final String name;
    private final BooleanSupplier step;
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

    /** @param step does one thing, and returns whether there may be more to do */
    Worker(String name, BooleanSupplier step) {
        this.name = name;
        this.step = step;
    }

    /** There is something to do. Does not wait. */
    void wake() {
        if (state.getAndSet(State.WOKEN) == State.IDLE) {
            try {
                Thread.ofVirtual().name(name).start(this::run);
            } catch (Throwable e) {
                // The next call tries again.
                state.set(State.IDLE);
                TopicFailures.failed("the start of thread", name, e);
            }
        }
    }

    private void run() {
        do {
            state.set(State.RUNNING);
            while (takeStep()) {}
        } while (!state.compareAndSet(State.RUNNING, State.IDLE));
    }

    private boolean takeStep() {
        try {
            return step.getAsBoolean();
        } catch (Throwable e) {
            TopicFailures.failed("a step of thread", name, e);
            pause();
            return true;
        }
    }

    /** Something has failed that may do so again. */
    static void pause() {
        LockSupport.parkNanos(PAUSE_NANOS);
    }
}
