package dev.weft.internal.loop;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Detects a turn that takes too long, and lets another thread take over the loop. It is a platform thread that checks every few
 * milliseconds while the loops have something to do. When all of them have waited for a while, it sleeps until an entry is
 * added to one of them.
 * <p>
 * It also detects a loop that takes no turns although entries wait for them, because its thread is stuck in the engine, and
 * lets another thread help. From JDK 24, a virtual thread that is next to get a monitor of the JDK's selector needs a turn to
 * take it, and the loop's own thread may wait for that monitor behind it.
 */
final class Watchdog {
    /** A turn is too long if it is running at two consecutive checks. */
    static final Duration INTERVAL = Duration.ofMillis(4);
    /** After the loops have waited at this number of consecutive checks, the watchdog sleeps. */
    private static final int PATIENCE = 25;
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

    private final Loops loops;
    private final ServiceThread thread;

    private volatile boolean asleep;
    private volatile boolean inVain;

    /** Used only by the thread itself: the state of each loop at the last check. */
    private int[] heldBefore = {};
    private int[] turnsBefore = {};
    private int[] helpsBefore = {};
    private boolean[] addedBefore = {};
    private int quietLooks;

    /** A watchdog that has not been started. */
    Watchdog(Loops loops, Failures failures) {
        this.loops = loops;
        this.thread = new ServiceThread(failures.what(), this::step, failures, LONGEST_PAUSE, true);
    }

    void start(int count) {
        heldBefore = new int[count];
        turnsBefore = new int[count];
        helpsBefore = new int[count];
        addedBefore = new boolean[count];
        thread.start();
    }

    void stop() {
        thread.stop();
    }

    /**
     * Called when an entry was added to a loop, whose thread may be stuck in the engine. Cheap while the watchdog is awake; does
     * not wait. No loop's first turn is missed: an entry is added before this checks whether the watchdog sleeps, and the
     * watchdog announces that it sleeps before it checks that no entry waits and all loops do.
     */
    void turnWaits() {
        if (asleep) {
            boolean woken = false;
            asleep = false;
            try {
                thread.wake();
                woken = true;
            } finally {
                if (!woken) {
                    // No stack was left for the call: the next one must try again.
                    asleep = true;
                }
            }
        }
    }

    /** Whether this sleeps, because all loops have waited for a while. */
    boolean isAsleep() {
        return asleep;
    }

    /** Whether, at the last check, a loop should have been taken over but could not be. */
    boolean isInVain() {
        return inVain;
    }

    boolean isLost() {
        return thread.isLost();
    }

    private void step() {
        if (quietLooks >= PATIENCE) {
            sleep();
        } else {
            thread.sleep(INTERVAL.toNanos());
        }
        look(loops.all());
    }

    private void sleep() {
        asleep = true;
        if (allWait(loops.all())) {
            LockSupport.park(this);
        }
        asleep = false;
        quietLooks = 0;
    }

    private static boolean allWait(List<Loop> all) {
        for (int i = 0; i < all.size(); i++) {
            Loop loop = all.get(i);
            // In this order: a loop stops waiting before it takes what was added.
            if (loop.hasAdded() || !loop.engine().isWaiting()) {
                return false;
            }
        }
        return true;
    }

    private void look(List<Loop> all) {
        boolean quiet = true;
        boolean vain = false;
        for (int i = 0; i < all.size(); i++) {
            Loop loop = all.get(i);
            int held = loop.held();
            int turns = loop.turns();
            boolean same = held == heldBefore[i] && turns == turnsBefore[i];
            if (same && Loop.isInTurn(held)) {
                vain |= !loops.takeOver(loop, held);
            }
            boolean added = loop.hasAdded();
            int helps = loop.helps();
            if (same && added && addedBefore[i] && helps == helpsBefore[i] && !Loop.isInTurn(held)) {
                vain |= !loops.help(loop);
            }
            addedBefore[i] = added;
            helpsBefore[i] = helps;
            quiet &= same && !added && loop.engine().isWaiting();
            heldBefore[i] = held;
            turnsBefore[i] = turns;
        }
        inVain = vain;
        quietLooks = quiet ? quietLooks + 1 : 0;
    }
}
