package dev.weft.internal.loop;

import dev.weft.internal.stress.NoisyCopy.Edit;

/** Mistakes that loops are easily made with; the stress must find each. */
enum PlantedLoopFault {
    /** The loop may begin to wait between the two. */
    WOKEN_BEFORE_THE_QUEUE_HAS_IT(new Edit("""
                    ConnectionScheduler before;
                    do {
                        before = pushed;
            """, """
                    engine.wakeUp();
                    ConnectionScheduler before;
                    do {
                        before = pushed;
            """), new Edit("""
                    try {
                        engine.wakeUp();
                    } finally {
            """, """
                    try {
                    } finally {
            """)),
    /** An entry that is added between the look and the flag wakes no thread. */
    QUEUE_LOOKED_AT_BEFORE_THE_FLAG(new Edit("""
                    waiting = 1;
                    try {
                        if (!requests.isEmpty() || closed || !mayWait.getAsBoolean()) {
            """, """
                    boolean may = mayWait.getAsBoolean();
                    waiting = 1;
                    try {
                        if (!requests.isEmpty() || closed || !may) {
            """)),
    /** Two threads run the loop. */
    HOLDER_THAT_LOST_ITS_LOOP_GOES_ON(new Edit("""
                        if (!HELD.compareAndSet(this, term + 1, term)) {
                            return false;
                        }
            """, """
                        HELD.compareAndSet(this, term + 1, term);
            """)),
    /** The turn may have ended by now, and then the holder continues. */
    TAKEN_OVER_WITHOUT_COMPARING(new Edit("""
                    return HELD.compareAndSet(this, seen, seen + 1) ? seen + 1 : TURN_IS_OVER;
            """, """
                    held = seen + 1;
                    return seen + 1;
            """)),
    /** A holder that waits seems to be in a turn. */
    TERM_IS_ODD(new Edit("""
                    return HELD.compareAndSet(this, seen, seen + 1) ? seen + 1 : TURN_IS_OVER;
            """, """
                    return HELD.compareAndSet(this, seen, seen + 2) ? seen + 2 : TURN_IS_OVER;
            """)),
    /** The thread has perhaps been scheduled again during its turn. */
    TASK_CLEARED_AFTER_THE_TURN(new Edit("""
                        take(task);
                        if (!HELD.compareAndSet(this, term + 1, term)) {
            """, """
                        take(task);
                        scheduler.takeTask();
                        if (!HELD.compareAndSet(this, term + 1, term)) {
            """)),
    /** The newest has its turn first. */
    LIST_NOT_REVERSED(new Edit("""
                    ConnectionScheduler oldest = null;
            """, """
                    if (true) {
                        return PUSHED.getAndSet(this, null);
                    }
                    ConnectionScheduler oldest = null;
            """)),
    /** What is added between the two is lost. */
    LIST_TAKEN_IN_TWO_STEPS(new Edit("""
                    for (ConnectionScheduler scheduler = PUSHED.getAndSet(this, null); scheduler != null;) {
            """, """
                    ConnectionScheduler newest = pushed;
                    pushed = null;
                    for (ConnectionScheduler scheduler = newest; scheduler != null;) {
            """)),
    /** The thread that takes over the loop takes the turn a second time. */
    TURN_LEFT_IN_THE_LIST(new Edit("""
                        ready = scheduler.next;
                        Runnable task = scheduler.takeTask();
            """, """
                        ConnectionScheduler after = scheduler.next;
                        Runnable task = scheduler.takeTask();
            """), new Edit("""
                        if (!HELD.compareAndSet(this, term + 1, term)) {
                            return false;
                        }
            """, """
                        if (!HELD.compareAndSet(this, term + 1, term)) {
                            return false;
                        }
                        ready = after;
            """)),
    /** Another thread may have put the scheduler in the queue between the two. */
    SCHEDULER_USED_WITHOUT_COMPARING(new Edit("""
                    current.add(TASK.compareAndSet(this, null, turn) ? this : another(current, turn));
            """, """
                    boolean free = task == null;
                    Noise.inFault();
                    if (free) {
                        task = turn;
                    }
                    current.add(free ? this : another(current, turn));
            """)),
    /** Another thread may add the scheduler between the two, and what was added before it is lost. */
    SCHEDULER_FREED_IN_THE_QUEUE(new Edit("""
                    next = null;
                    task = null;
            """, """
                    task = null;
                    Noise.inFault();
                    next = null;
            """)),
    /** The thread waits forever. */
    SPARE_LOST_WHEN_THE_TURN_IS_OVER(new Edit("""
                        spareCount.incrementAndGet();
                        push(runner);
                        return true;
            """, """
                        return true;
            """)),
    /** A thread that becomes spare between the two is lost. */
    SPARE_TAKEN_WITHOUT_COMPARING(new Edit("""
                    } while (runner != null && !spares.compareAndSet(runner, runner.next));
            """, """
                        if (runner != null) {
                            LoopThread others = runner.next;
                            Noise.inFault();
                            spares.set(others);
                        }
                    } while (false);
            """)),
    /** It forgets a loop that it was assigned meanwhile. */
    RUNNER_SPARE_BEFORE_IT_FORGETS_ITS_LOOP(new Edit("""
                        loop = null;
                        return loops.addSpare(this);
            """, """
                        boolean continues = loops.addSpare(this);
                        Noise.inFault();
                        loop = null;
                        return continues;
            """)),
    /** It runs the loop in an old term. */
    LOOP_ASSIGNED_BEFORE_ITS_TERM(new Edit("""
                    term = itsTerm;
                    loop = assigned;
                    LockSupport.unpark(this);
            """, """
                    loop = assigned;
                    LockSupport.unpark(this);
                    Noise.inFault();
                    term = itsTerm;
            """)),
    /** A loop may find the flag down, and the watchdog the loop waiting. */
    WATCHDOG_LOOKS_BEFORE_IT_SAYS_THAT_IT_SLEEPS(new Edit("""
                    asleep = true;
                    if (allWait(loops.all())) {
                        LockSupport.park(this);
            """, """
                    if (allWait(loops.all())) {
                        asleep = true;
                        LockSupport.park(this);
            """)),
    /** It sleeps while a loop is held up. */
    WATCHDOG_NOT_WOKEN(new Edit("""
                    watchdog.turnWaits();
            """, "")),
    /** Threads pile up. */
    SPARE_ONES_NOT_COUNTED(new Edit("""
                    if (spareCount.incrementAndGet() > SPARES_KEPT) {
                        spareCount.decrementAndGet();
            """, """
                    if (spareCount.get() > SPARES_KEPT) {
            """)),
    /** The loop waits forever. */
    STOPPED_WITHOUT_WAKE_UP(new Edit("""
                    stopped = true;
                    engine.wakeUp();
            """, """
                    stopped = true;
            """)),
    /** Nobody has what is added late take its turn. */
    ENDED_LOOP_LOSES_WHAT_IS_LATE(new Edit("""
                    if (ended) {
                        runLeft();
                    }
            """, "")),
    /** What is added between the two is lost. */
    LAST_LOOK_BEFORE_THE_END_IS_SAID(new Edit("""
                    ended = true;
                    runLeft();
            """, """
                    runLeft();
                    Noise.inFault();
                    ended = true;
            """)),
    /** The thread that has taken over the loop drops the queued entries. */
    ENDED_WITHOUT_A_LOOK_AT_ITS_LIST(new Edit("""
                    while (holds && !(stopped && ready == null && pushed == null)) {
            """, """
                    while (holds && !(stopped && pushed == null)) {
            """)),
    /** A thread that becomes spare while the loops are stopped waits forever. */
    SPARE_ONE_ADDED_AFTER_THE_STOP(new Edit("""
                    if (stopped) {
                        stopSpares();
                    }
            """, ""));

    private final Edit[] edits;

    PlantedLoopFault(Edit... edits) {
        this.edits = edits;
    }

    Edit[] edits() {
        return edits;
    }
}
