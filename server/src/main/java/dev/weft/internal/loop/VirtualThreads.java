package dev.weft.internal.loop;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Creates virtual threads with a custom scheduler. Only this class uses non-public API of the JDK for that: the constructor of a
 * builder with a scheduler, in JDK 21 to 25, and the method that returns the platform thread under a virtual one. For both, the
 * package {@code java.lang} must be opened. The constructor is tested before it is used.
 */
final class VirtualThreads {
    private static final String BUILDER = "java.lang.ThreadBuilders$VirtualThreadBuilder";
    private static final String POLLERS = "sun.nio.ch.Poller";
    private static final int FIRST_WITH_VIRTUAL_POLLERS = 22;

    private static final MethodHandle CONSTRUCTOR;
    private static final MethodHandle CARRIER;
    private static final String OBSTACLE;

    static {
        MethodHandle constructor = null;
        MethodHandle carrier = null;
        String obstacle = null;
        try {
            constructor = constructor();
            carrier = carrierMethod();
            if (!new Probe().succeeds(constructor)) {
                obstacle = "virtual threads of this JDK do not use a scheduler that they are given";
            }
            createPollers();
        } catch (InaccessibleObjectException e) {
            obstacle = "this needs the option " + option();
        } catch (Throwable e) {
            obstacle = "this JDK has no virtual threads with a scheduler of one's own (" + e + ")";
        }
        CONSTRUCTOR = constructor;
        CARRIER = carrier;
        OBSTACLE = obstacle;
    }

    private VirtualThreads() {}

    /** The reason why virtual threads cannot have a custom scheduler; empty if they can. */
    static Optional<String> obstacle() {
        return Optional.ofNullable(OBSTACLE);
    }

    /** The JVM option that opens the package. */
    private static String option() {
        Module module = VirtualThreads.class.getModule();
        return "--add-opens=java.base/java.lang=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }

    /** A builder of virtual threads that are passed to the scheduler whenever they are ready to run. */
    static Thread.Builder.OfVirtual builder(Executor scheduler) {
        try {
            return (Thread.Builder.OfVirtual) CONSTRUCTOR.invokeExact(scheduler);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The platform thread that runs the present code; {@code null} if that is not known. */
    static Thread carrier() {
        try {
            return CARRIER == null ? null : (Thread) CARRIER.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static MethodHandle carrierMethod() throws IllegalAccessException {
        try {
            return MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                    .findStatic(Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        } catch (NoSuchMethodException e) {
            return null; // loops need it only for direct system calls
        }
    }

    private static MethodHandle constructor() throws ReflectiveOperationException {
        Constructor<?> constructor = Class.forName(BUILDER).getDeclaredConstructor(Executor.class);
        constructor.setAccessible(true);
        return MethodHandles.lookup().unreflectConstructor(constructor)
                .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
    }

    /**
     * Lets the JDK create the pollers of its blocking channels now, on its own scheduler. They are virtual threads, created by
     * the first call that waits for a channel: if a thread on a loop made that call, they would run on the loop for ever, and
     * every blocking channel of the process would wake it.
     */
    private static void createPollers() {
        if (Runtime.version().feature() >= FIRST_WITH_VIRTUAL_POLLERS) {
            try {
                Class.forName(POLLERS, true, null);
            } catch (ClassNotFoundException e) {
                // This JDK has other pollers.
            }
        }
    }

    /** Checks that a started thread is passed to its scheduler, and runs when the scheduler runs it on a platform thread. */
    private static final class Probe implements Executor, Runnable {
        private volatile Runnable scheduled;
        private volatile Thread ran;

        @Override
        public void execute(Runnable turn) {
            scheduled = turn;
        }

        // In a separate class: the outer class is still being initialized, and other threads would wait for the initialization.
        @Override
        public void run() {
            ran = Thread.currentThread();
        }

        boolean succeeds(MethodHandle constructor) throws Throwable {
            Thread thread = ((Thread.Builder.OfVirtual) constructor.invokeExact((Executor) this)).unstarted(this);
            thread.start();
            Runnable turn = scheduled;
            if (turn == null) {
                return false;
            }
            Thread platform = Thread.ofPlatform().daemon().start(turn);
            boolean interrupted = false;
            while (platform.isAlive()) {
                try {
                    platform.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return ran == thread;
        }
    }
}
