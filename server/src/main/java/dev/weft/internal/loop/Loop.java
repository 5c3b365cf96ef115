package dev.weft.internal.loop;

import dev.weft.internal.time.Failures;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Runs virtual threads: selects the sockets that are ready, gives the threads that wait for them a turn, and waits when nothing
 * is left to do. One platform thread at a time runs it, a {@link LoopThread}. If a turn takes too long, for example because a
 * thread computes or is in native code, another loop thread takes over the loop, with its engine and its queue.
 * <p>
 * One number, the term, identifies the holder of the loop; it is even, and odd while the holder is in a turn:
 * <pre>
 *             holder: begins a turn                 holder: the turn is over
 *   term  ───────────────────────────▶ term + 1 ───────────────────────────▶ term
 *                                         │
 *                                         │ watchdog: the turn takes too long
 *                                         ▼
 *                                     term + 2, of another runner; the old one finds this when its turn is over, and leaves
 * </pre>
 * The steps out of a turn are compare-and-sets, so only one of holder and watchdog succeeds: a loop always has exactly one
 * holder. During a turn the holder accesses no state of the loop; the next holder sees everything that it wrote before. A
 * holder that is stuck in the engine stays the holder, and meanwhile a helper takes from the queue, as a holder does.
 * <p>
 * The queue is lock-free: {@link #add} pushes a place on a list, the newest first, by one compare-and-set; the holder takes the
 * whole list by one exchange, reverses it, and gives every entry its turn before it selects again. So entries are served in the
 * order in which they were added, and sockets and threads cannot starve each other.
 * <p>
 * No wake-up is lost: the engine announces that it waits before it checks for the last time whether the queue is empty; a
 * thread that adds to the queue does so before it checks whether the engine waits.
 */
final class Loop {
    /** Returned instead of a term; odd, since terms are even. Terms wrap around and so become negative. */
    static final int TURN_IS_OVER = -1;
    /** Instead of a term, for a thread that does not become the holder, but gives the added entries their turns. */
    static final int HELPER = -3;
    private static final long RECOVERY_NANOS = 10_000_000;

    private static final AtomicReferenceFieldUpdater<Loop, ConnectionScheduler> PUSHED = AtomicReferenceFieldUpdater
            .newUpdater(Loop.class, ConnectionScheduler.class, "pushed");
    private static final AtomicIntegerFieldUpdater<Loop> HELD = AtomicIntegerFieldUpdater.newUpdater(Loop.class,
            "held");
    private static final AtomicIntegerFieldUpdater<Loop> TURNS = AtomicIntegerFieldUpdater.newUpdater(Loop.class,
            "turns");

    private final Engine engine;
    private final Watchdog watchdog;
    private final Failures failures;
    private final BooleanSupplier mayWait = this::mayWait;

    private volatile ConnectionScheduler pushed;
    private volatile int held;
    private volatile boolean stopped;
    private volatile boolean ended;

    /**
     * For the holder: the entries to run, oldest first; and the number of turns, of which the watchdog may see an older one.
     */
    private ConnectionScheduler ready;
    private volatile int turns;
    /** The number of turns that helpers have given. It changes with each, and may be too low: they do not wait for one another. */
    private volatile int helps;

    /** A loop without a holder; its first term is 0. */
    Loop(Engine engine, Watchdog watchdog, Failures failures) {
        this.engine = engine;
        this.watchdog = watchdog;
        this.failures = failures;
    }

    Engine engine() {
        return engine;
    }

    // Any thread.

    /** Adds the scheduler's task to the queue. Does not wait or allocate. */
    void add(ConnectionScheduler scheduler) {
        ConnectionScheduler before;
        do {
            before = pushed;
            scheduler.next = before;
        } while (!PUSHED.compareAndSet(this, before, scheduler));
        try {
            engine.wakeUp();
        } finally {
            // Even if no stack was left for that call: then the watchdog helps.
            watchdog.turnWaits();
        }
        if (ended) {
            runLeft();
        }
    }

    /** Ends the loop, and closes its engine, after every entry in the queue has had its turn. Does not wait. */
    void stop() {
        stopped = true;
        engine.wakeUp();
    }

    // The holder.

    /** Runs the loop until it is stopped or taken over. If this throws, call it again with the same term. */
    void run(int term) {
        if (term == HELPER) {
            help();
            return;
        }
        boolean holds = isHeldIn(term);
        while (holds && !(stopped && ready == null && pushed == null)) {
            holds = takeTurns(term);
            if (holds) {
                poll();
            }
        }
        if (holds) {
            end();
        }
    }

    /** Whether the loop is still held in this term, that is, was not taken over. Ends a turn that failed. */
    private boolean isHeldIn(int term) {
        return held == term || HELD.compareAndSet(this, term + 1, term);
    }

    /** Gives each queued entry a turn. Returns false if the loop was taken over meanwhile. */
    private boolean takeTurns(int term) {
        if (ready == null) {
            ready = takeAdded();
        }
        for (ConnectionScheduler scheduler = ready; scheduler != null; scheduler = ready) {
            ready = scheduler.next;
            Runnable task = scheduler.takeTask();
            TURNS.lazySet(this, turns + 1);
            HELD.lazySet(this, term + 1);
            take(task);
            if (!HELD.compareAndSet(this, term + 1, term)) {
                return false;
            }
        }
        return true;
    }

    private void take(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            failures.note(e);
        }
    }

    /** Takes all added entries, oldest first. For a helper, too. */
    private ConnectionScheduler takeAdded() {
        ConnectionScheduler oldest = null;
        for (ConnectionScheduler scheduler = PUSHED.getAndSet(this, null); scheduler != null;) {
            ConnectionScheduler before = scheduler.next;
            scheduler.next = oldest;
            oldest = scheduler;
            scheduler = before;
        }
        return oldest;
    }

    private void poll() {
        try {
            engine.poll(mayWait);
        } catch (Throwable e) {
            failures.note(e);
            // Keeps a lasting failure from occupying a core. Needs no memory.
            LockSupport.parkNanos(RECOVERY_NANOS);
        }
    }

    private boolean mayWait() {
        return pushed == null && !stopped;
    }

    private void end() {
        engine.close();
        ended = true;
        runLeft();
    }

    /** Runs the remaining tasks: threads that outlive their loop get a new platform thread for each turn. */
    private void runLeft() {
        for (ConnectionScheduler scheduler = takeAdded(); scheduler != null;) {
            ConnectionScheduler next = scheduler.next;
            startThread(scheduler.takeTask());
            scheduler = next;
        }
    }

    /** Must not fail: the JDK considers a thread scheduled once it has called {@link ConnectionScheduler#execute}. */
    private void startThread(Runnable task) {
        boolean started = false;
        while (!started) {
            try {
                Thread.ofPlatform().daemon().start(() -> take(task));
                started = true;
            } catch (OutOfMemoryError e) {
                ConnectionScheduler.pause();
            }
        }
    }

    /**
     * Gives added entries their turns, although this thread is not the holder, until that one takes turns again: it is stuck in
     * the engine, perhaps because it waits for a monitor that one of these virtual threads has to take first. Takes one entry
     * at a time and leaves the others to the watchdog's next helper, because a turn may be long, or wait for theirs.
     */
    private void help() {
        int seen = turns;
        ConnectionScheduler first;
        while (turns == seen && (first = takeAdded()) != null) {
            ConnectionScheduler next;
            for (ConnectionScheduler other = first.next; other != null; other = next) {
                next = other.next;
                add(other);
            }
            helps++;
            take(first.takeTask());
        }
    }

    // The watchdog.

    /** Whether entries were added that nobody has taken. */
    boolean hasAdded() {
        return pushed != null;
    }

    /** Changes while helpers give turns. */
    int helps() {
        return helps;
    }

    /** The holder's number, which also shows whether it is in a turn. */
    int held() {
        return held;
    }

    /** Whether this number belongs to a holder that is in a turn. */
    static boolean isInTurn(int held) {
        return (held & 1) != 0;
    }

    /** The number of turns; wraps around. */
    int turns() {
        return turns;
    }

    /**
     * Ends the term of the holder that was seen in a turn.
     *
     * @return the next term, or {@link #TURN_IS_OVER}
     */
    int takeOver(int seen) {
        return HELD.compareAndSet(this, seen, seen + 1) ? seen + 1 : TURN_IS_OVER;
    }
}
