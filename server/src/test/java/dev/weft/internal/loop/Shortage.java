package dev.weft.internal.loop;

import java.util.concurrent.atomic.AtomicInteger;

/** For copies of classes: while there is a shortage, no memory can be had. */
public final class Shortage {
    private static final AtomicInteger REFUSALS = new AtomicInteger();
    private static volatile boolean present;

    private Shortage() {}

    static void begin() {
        REFUSALS.set(0);
        present = true;
    }

    static void end() {
        present = false;
    }

    /** The number of times that memory was refused in this shortage. */
    static int refusals() {
        return REFUSALS.get();
    }

    /** In place of something that allocates. */
    public static void allocate() {
        if (present) {
            REFUSALS.incrementAndGet();
            throw new OutOfMemoryError("on purpose");
        }
    }
}
