package dev.weft.internal.loop;

import dev.weft.internal.time.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Loops, the platform threads that run them, and spare threads that take over a loop whose turn takes too long. A spare thread
 * is always created in advance, so that a takeover needs no memory.
 */
public final class Loops {
    /** The maximum number of platform threads beyond one for each loop: as many as the JDK's scheduler would create. */
    static final int MOST_SPARES = 256;
    /** The maximum number of spare threads. */
    private static final int SPARES_KEPT = 8;

    private final List<Loop> all = new ArrayList<>();
    private final Watchdog watchdog;
    private final Failures failures;
    private final String name;
    private final int mostSpares;

    /** A list. Many threads add themselves to it; the watchdog takes one; {@link #stop} takes all, and none is added again. */
    private final AtomicReference<LoopThread> spares = new AtomicReference<>();
    private final AtomicInteger spareCount = new AtomicInteger();

    private final AtomicInteger runners = new AtomicInteger();
    private final AtomicLong takeovers = new AtomicLong();
    private final AtomicLong refusals = new AtomicLong();
    private volatile boolean stopped;

    /** Starts loops; there must be no {@link #obstacle()}. */
    public Loops(String name, List<? extends Engine> engines, Failures.Reporter reporter) {
        this(name, engines, reporter, MOST_SPARES);
    }

    /** Like {@link #Loops(String, List, Failures.Reporter)}, with another limit for the threads beyond one for each loop. */
    Loops(String name, List<? extends Engine> engines, Failures.Reporter reporter, int mostSpares) {
        this.name = name;
        this.mostSpares = mostSpares;
        this.failures = new Failures(name, reporter);
        this.watchdog = new Watchdog(this, new Failures(name + "-watchdog", reporter));
        engines.forEach(engine -> all.add(new Loop(engine, watchdog, failures)));
        if (mostSpares > 0) {
            addSpare();
        }
        all.forEach(loop -> startRunner().assign(loop, 0));
        watchdog.start(all.size());
    }

    /** The reason why there cannot be loops in this JVM, for an operator; empty if there can. */
    public static Optional<String> obstacle() {
        return VirtualThreads.obstacle();
    }

    /** A new scheduler of one of the loops. */
    public ConnectionScheduler scheduler(int index) {
        return new ConnectionScheduler(all.get(index));
    }

    /** The loops; the list does not change. */
    List<Loop> all() {
        return all;
    }

    /** Whether no loop has had anything to do for about 100 ms. */
    public boolean areIdle() {
        return watchdog.isAsleep();
    }

    /**
     * The number of times that a loop was taken over from a thread whose turn took too long, or its entries were given their
     * turns while its thread was stuck.
     */
    public long takeovers() {
        return takeovers.get();
    }

    /**
     * The number of times that a loop was not taken over because there were too many threads already, or memory was exhausted.
     */
    public long refusedTakeovers() {
        return refusals.get();
    }

    /** The reason why threads on a loop wait longer than they should; empty if they do not. */
    public Optional<String> impairment() {
        return watchdog.isInVain()
                ? Optional.of("a turn on a loop takes long, and the loop cannot be taken over: of " + runners.get()
                        + " threads for this none is spare")
                : Optional.empty();
    }

    /** Whether the watchdog has ended although the loops were not stopped. */
    public boolean isDead() {
        return watchdog.isLost();
    }

    /** The number of platform threads that run loops, take turns that are too long, or are spare. */
    public int threads() {
        return runners.get();
    }

    /** Ends the loops, and closes their engines. Does not wait. */
    public void stop() {
        stopped = true;
        watchdog.stop();
        all.forEach(Loop::stop);
        stopSpares();
    }

    private void stopSpares() {
        for (LoopThread spare = spares.getAndSet(null); spare != null;) {
            LoopThread next = spare.next;
            runners.decrementAndGet();
            spare.end();
            spare = next;
        }
    }

    /**
     * Makes another thread run a loop whose holder was seen in a turn, unless the turn has ended. For the watchdog.
     *
     * @return false if there is no other thread
     */
    boolean takeOver(Loop loop, int held) {
        LoopThread runner = takeSpare();
        if (runner == null) {
            refusals.incrementAndGet();
            return false;
        }
        int term = loop.takeOver(held);
        if (term == Loop.TURN_IS_OVER) {
            spareCount.incrementAndGet();
            push(runner);
            return true;
        }
        takeovers.incrementAndGet();
        runner.assign(loop, term);
        if (spares.get() == null) {
            addSpareIfPossible();
        }
        return true;
    }

    /**
     * Makes another thread give the entries that were added to a loop their turns, while the loop's own thread is stuck. For
     * the watchdog.
     *
     * @return false if there is no other thread
     */
    boolean help(Loop loop) {
        LoopThread runner = takeSpare();
        if (runner == null) {
            refusals.incrementAndGet();
            return false;
        }
        takeovers.incrementAndGet();
        runner.assign(loop, Loop.HELPER);
        if (spares.get() == null) {
            addSpareIfPossible();
        }
        return true;
    }

    private LoopThread takeSpare() {
        if (spares.get() == null) {
            addSpareIfPossible();
        }
        LoopThread runner;
        do {
            runner = spares.get();
        } while (runner != null && !spares.compareAndSet(runner, runner.next));
        if (runner != null) {
            runner.next = null;
            spareCount.decrementAndGet();
        }
        return runner;
    }

    private void addSpareIfPossible() {
        if (runners.get() < all.size() + mostSpares) {
            try {
                addSpare();
            } catch (Throwable e) {
                failures.note(e);
            }
        }
    }

    private void addSpare() {
        LoopThread runner = startRunner();
        if (!addSpare(runner)) {
            runner.end();
        }
    }

    private LoopThread startRunner() {
        LoopThread runner = new LoopThread(this, name + "-" + runners.incrementAndGet());
        boolean started = false;
        try {
            runner.start();
            started = true;
        } finally {
            if (!started) {
                runners.decrementAndGet();
            }
        }
        return runner;
    }

    /**
     * Adds a thread to the spare ones.
     *
     * @return false if there are enough spare threads, so this one must end
     */
    boolean addSpare(LoopThread runner) {
        if (spareCount.incrementAndGet() > SPARES_KEPT) {
            spareCount.decrementAndGet();
            runners.decrementAndGet();
            return false;
        }
        push(runner);
        return true;
    }

    private void push(LoopThread runner) {
        LoopThread first;
        do {
            first = spares.get();
            runner.next = first;
        } while (!spares.compareAndSet(first, runner));
        // stop() raises its flag before it takes the list: either it finds this thread in the list, or this thread sees the
        // flag.
        if (stopped) {
            stopSpares();
        }
    }
}
