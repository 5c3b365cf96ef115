package dev.weft.internal.send;

import dev.weft.internal.time.ShortTimer;

/**
 * Has frames that are held back flushed in time: what the timer finds held as it was at its last look goes out, by a virtual
 * thread. A sender that serves its peer quickly has flushed itself by then. One whose lock is taken is not watched: the
 * thread that has the lock flushes when it lets it go.
 */
abstract class DelayedFlush extends ShortTimer.Entry {
    private short writesBefore;

    /** The number of writes so far; wraps around. */
    abstract short writes();

    /** Whether frames are held back now. */
    abstract boolean isHeld();

    /** Sends what is held back, if the lock is free; else the thread that has it does. */
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
                timer.startThread(this::flushOverdue);
            } else {
                watch(timer);
            }
        }
    }
}
