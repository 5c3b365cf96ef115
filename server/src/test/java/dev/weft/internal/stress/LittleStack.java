package dev.weft.internal.stress;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Runs tasks with so little stack that they fail somewhere. */
public final class LittleStack {
    private static final int SIZE = 1 << 18;

    private LittleStack() {}

    /**
     * Runs the task where no stack is left for it, and then with a little more each time, until it has not failed with a
     * StackOverflowError. Fails if that takes more than ten seconds. The task must have run before: a class that cannot be
     * initialized for lack of stack cannot be used any more.
     */
    public static void run(Callable<?> task) throws Exception {
        FutureTask<Boolean> deep = new FutureTask<>(() -> runDeeper(task));
        Thread.ofPlatform().daemon().stackSize(SIZE).start(deep);
        deep.get(10, TimeUnit.SECONDS);
    }

    private static boolean runDeeper(Callable<?> task) throws Exception {
        try {
            return runDeeper(task) || runHere(task);
        } catch (StackOverflowError e) {
            return false;
        }
    }

    private static boolean runHere(Callable<?> task) throws Exception {
        task.call();
        return true;
    }
}
