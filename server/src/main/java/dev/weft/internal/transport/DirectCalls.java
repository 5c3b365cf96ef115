package dev.weft.internal.transport;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Decides when {@link SocketCalls} are made. To prepare them takes some 100 ms of CPU time and 9 MiB, so a thread does it only
 * when this process has received or sent often. From any thread.
 */
final class DirectCalls {
    /** The number of reads and writes before the calls are prepared; 0: they are prepared at once; negative: never. */
    private static final String AFTER = "dev.weft.directCallsAfter";
    private static final int DEFAULT_AFTER = 1000;

    private static final Logger LOGGER = System.getLogger("dev.weft");
    private static final int NEEDED = Integer.getInteger(AFTER, DEFAULT_AFTER);
    /** The number of reads and writes that are left before the calls are prepared; 0 or less if that has begun, or never will. */
    private static final AtomicInteger LEFT = new AtomicInteger(Descriptors.obstacle().isEmpty() ? NEEDED : 0);
    private static volatile boolean ready;

    static {
        if (NEEDED == 0 && Descriptors.obstacle().isEmpty()) {
            prepare();
        }
    }

    private DirectCalls() {}

    /** Whether direct calls may be made. */
    static boolean areReady() {
        return ready;
    }

    /** Counts a read or write by a channel, because direct calls are not ready. Does not wait. */
    static void countCall() {
        if (LEFT.get() > 0 && LEFT.decrementAndGet() == 0) {
            startToPrepare();
        }
    }

    /** Has direct calls prepared by another thread, unless they are turned off, or that has begun before. Does not wait. */
    static void prepareSoon() {
        if (LEFT.getAndSet(0) > 0) {
            startToPrepare();
        }
    }

    private static void startToPrepare() {
        try {
            Thread.ofPlatform().daemon().name("weft-direct-calls").start(DirectCalls::prepare);
        } catch (OutOfMemoryError e) {
            // There can be no thread now. This is tried again after as many calls.
            LEFT.set(NEEDED);
        }
    }

    private static void prepare() {
        try {
            SocketCalls.prepare();
            ready = true;
        } catch (Throwable e) {
            LOGGER.log(Level.WARNING, "sockets are used by the JDK's channels: direct system calls cannot be made", e);
        }
    }
}
