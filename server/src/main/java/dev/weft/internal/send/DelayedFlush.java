package dev.weft.internal.send;

import dev.weft.internal.time.ShortTimer;

/**
 * Flushes held-back frames in time: if the timer finds the same frames held as at its last check, a virtual thread flushes
 * them. A sender that serves its peer quickly has flushed them itself by then. If frames were added meanwhile, the timer waits
 * a few checks longer: a thread that sends several messages to very many connections comes back to each of them late, and all
 * the later if each message is written by itself. A sender whose lock is taken is not watched: the thread that holds the lock
 * flushes when it releases it.
 */
abstract class DelayedFlush extends ShortTimer.Entry {
    /** The number of checks after which frames are flushed although others were added. */
    private static final int MOST_CHECKS = 4;

    private short writesBefore;
    private short additionsBefore;
    private byte checks;

    /** The number of writes so far; wraps around. */
    abstract short writes();

    /** The number of messages that were added so far; wraps around. */
    abstract short additions();

    /** Whether frames are held back now. */
    abstract boolean isHeld();

    /** Sends what is held back if the lock is free; otherwise the thread that holds the lock does so. Does not wait. */
    abstract void flushOverdue();

    @Override
    protected final void watchBegins() {
        writesBefore = writes();
        additionsBefore = additions();
    }

    @Override
    protected final void look(ShortTimer timer) {
        boolean written = writes() != writesBefore;
        boolean added = additions() != additionsBefore;
        unwatch();
        checks = isHeld() && !written ? (byte) (checks + 1) : 0;
        if (checks > 0 && !(added && checks < MOST_CHECKS)) {
            checks = 0;
            flushSoon(timer);
        } else if (isHeld()) {
            watch(timer);
        }
    }

    /** If there is no memory for the task, the timer looks again. */
    private void flushSoon(ShortTimer timer) {
        boolean passed = false;
        try {
            timer.runWithOthers(this::flushOverdue);
            passed = true;
        } finally {
            if (!passed) {
                watch(timer);
            }
        }
    }
}
