package dev.weft.internal.send;

import dev.weft.internal.time.ShortTimer;

/**
 * Flushes held-back frames in time: if the timer finds the same frames held as at its last check, a virtual thread flushes
 * them. A sender that serves its peer quickly has flushed them itself by then. A sender whose lock is taken is not watched: the
 * thread that holds the lock flushes when it releases it.
 */
abstract class DelayedFlush extends ShortTimer.Entry {
    private short writesBefore;

    /** The number of writes so far; wraps around. */
    abstract short writes();

    /** Whether frames are held back now. */
    abstract boolean isHeld();

    /** Sends what is held back if the lock is free; otherwise the thread that holds the lock does so. Does not wait. */
    abstract void flushOverdue();

    @Override
    protected final void watchBegins() {
        writesBefore = writes();
    }

    @Override
    protected final void look(ShortTimer timer) {
        boolean overdue = writes() == writesBefore;
        unwatch();
        if (isHeld()) {
            if (overdue) {
                timer.runWithOthers(this::flushOverdue);
            } else {
                watch(timer);
            }
        }
    }
}
