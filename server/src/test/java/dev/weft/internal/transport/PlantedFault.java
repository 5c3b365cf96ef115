package dev.weft.internal.transport;

import dev.weft.internal.stress.NoisyCopy.Edit;

/** Mistakes that the state machine is easily made with; the stress must find each. */
enum PlantedFault {
    /** The reader may look at the state before it changes, and park after the unpark. */
    READER_WOKEN_BEFORE_THE_STATE_SAYS_SO("""
                    if (READING.compareAndSet(this, WAITING, RUNNING)) {
                        inVain = 0;
                        LockSupport.unpark(reader);
            """, """
                    if (reading == WAITING) {
                        inVain = 0;
                        LockSupport.unpark(reader);
                        READING.compareAndSet(this, WAITING, RUNNING);
            """),
    /** The poller may serve the request before anybody waits. */
    WRITER_ASKS_BEFORE_IT_WAITS("""
                    if (!WRITING.compareAndSet(this, RUNNING, WAITING)) {
                        throw new AsynchronousCloseException();
                    }
                    engine.request(this);
            """, """
                    engine.request(this);
                    if (!WRITING.compareAndSet(this, RUNNING, WAITING)) {
                        throw new AsynchronousCloseException();
                    }
            """),
    /** The reader's wait ends without bytes, as often as the writer's does. */
    WRITABLE_WAKES_THE_READER_TOO("""
                        LockSupport.unpark(writer);
                    }
                    updateInterest(ready);
            """, """
                        LockSupport.unpark(writer);
                        READING.compareAndSet(this, WAITING, RUNNING);
                        LockSupport.unpark(reader);
                    }
                    updateInterest(ready);
            """),
    /** A wait ends by any unpark. */
    STATE_NOT_LOOKED_AT_AFTER_PARKING("""
                            throw e;
                        }
                    }
                    restoreInterrupt(interrupted);
            """, """
                            throw e;
                        }
                        break;
                    }
                    READING.compareAndSet(this, WAITING, RUNNING);
                    restoreInterrupt(interrupted);
            """),
    /** Between two looks the reader's state may go from one in which it waits to the other. */
    STATE_LOOKED_AT_TWICE("""
                    while (isWaiting(reading)) {
            """, """
                    while (true) {
                        if (reading != WAITING) {
                            Noise.inFault();
                            if (reading != REARMING) {
                                break;
                            }
                        }
            """),
    /** A poller that blocks does not see the new channel until something else happens. */
    REGISTERED_WITHOUT_WAKE_UP("""
                    wakeUp();
                    // The engine raises its flag before it looks for transports
            """, """
                    // The engine raises its flag before it looks for transports
            """),
    /** A poller that blocks does not see the request until something else happens. */
    REQUESTED_WITHOUT_WAKE_UP("""
                    requests.add(request);
                    wakeUp();
            """, """
                    requests.add(request);
            """),
    /** A request may come between the poller's look and its flag. */
    POLLER_LOOKS_BEFORE_IT_RAISES_ITS_FLAG("""
                    waiting = 1;
                    try {
                        if (!requests.isEmpty() || closed || !mayWait.getAsBoolean()) {
            """, """
                    boolean none = requests.isEmpty();
                    waiting = 1;
                    try {
                        if (!none || closed || !mayWait.getAsBoolean()) {
            """),
    /** Nobody wakes an engine that is about to wait. */
    WAKER_BELIEVES_ANOTHER_TO_WAKE("""
                    if (waiting == 1 && WAITING.compareAndSet(this, 1, 0)) {
            """, """
                    if (waiting == 1 && !WAITING.compareAndSet(this, 1, 0)) {
            """),
    /** The reader may go to waiting, and the poller no longer watches for it. */
    DISARMED_BEHIND_THE_READERS_BACK("""
                    } else if (++inVain >= PATIENCE && READING.compareAndSet(this, RUNNING, DISARMED)) {
            """, """
                    } else if (++inVain >= PATIENCE) {
                        READING.compareAndSet(this, RUNNING, DISARMED);
            """),
    /** Nobody watches for a reader that was busy. */
    NOT_REARMED("""
                    if (READING.compareAndSet(this, REARMING, WAITING) || READING.compareAndSet(this, ASKED, RUNNING)) {
                        armed = true;
            """, """
                    if (READING.compareAndSet(this, REARMING, WAITING) || READING.compareAndSet(this, ASKED, RUNNING)) {
            """),
    /** Nobody is asked to watch for a reader that was busy. */
    REARMING_NOT_REQUESTED("""
                            requestWatch(REARMING);
                            return;
            """, """
                            return;
            """),
    /** The socket is not watched for a reader that requested a call of the listener. */
    ASKED_NOT_SERVED("""
                    if (READING.compareAndSet(this, REARMING, WAITING) || READING.compareAndSet(this, ASKED, RUNNING)) {
            """, """
                    if (READING.compareAndSet(this, REARMING, WAITING)) {
            """),
    /** The engine is not asked to watch for a reader that requested a call of the listener. */
    ASKED_WITHOUT_A_REQUEST("""
                    if (READING.compareAndSet(this, DISARMED, ASKED)) {
                        requestWatch(ASKED);
            """, """
                    if (READING.compareAndSet(this, DISARMED, ASKED)) {
            """),
    /** The socket is no longer watched, and the listener is not called. */
    LISTENER_NOT_TOLD("""
                        if (current != null) {
                            current.unread();
                        }
            """, """
            """),
    /** A listener that is set after the step is never called. */
    LISTENER_LOOKS_NOT_AT_THE_STATE("""
                    if (reading == DISARMED) {
                        other.unread();
                    }
            """, """
            """),
    /** A listener that is set between the look for it and the step is never called. */
    LISTENER_LOOKED_FOR_BEFORE_THE_STEP("""
                    } else if (++inVain >= PATIENCE && READING.compareAndSet(this, RUNNING, DISARMED)) {
                        armed = false;
                        updateInterest(ready);
                        UnreadListener current = listener;
                        if (current != null) {
                            current.unread();
                        }
                    }
            """, """
                    } else if (++inVain >= PATIENCE) {
                        UnreadListener current = listener;
                        Noise.inFault();
                        if (READING.compareAndSet(this, RUNNING, DISARMED)) {
                            armed = false;
                            updateInterest(ready);
                            if (current != null) {
                                current.unread();
                            }
                        }
                    }
            """),
    /**
     * The reader wrongly finds that it need not request a call, because the listener was called for bytes that have been read
     * since.
     */
    DISARMED_TAKEN_FOR_WATCHED("""
                    return reading != DISARMED;
            """, """
                    return true;
            """),
    /** A reader may overwrite that the transport was closed, and wait forever. */
    READER_WAITS_IN_WHAT_WAS_CLOSED("""
                    if (!READING.compareAndSet(this, RUNNING, WAITING)) {
            """, """
                    if (reading == RUNNING) {
                        reading = WAITING;
                    } else {
            """),
    /** A writer may overwrite that the transport was closed, and wait forever. */
    WRITER_WAITS_IN_WHAT_WAS_CLOSED("""
                    if (!WRITING.compareAndSet(this, RUNNING, WAITING)) {
                        throw new AsynchronousCloseException();
                    }
            """, """
                    if (writing == CLOSED) {
                        throw new AsynchronousCloseException();
                    }
                    writing = WAITING;
            """),
    /** A close does not wake a waiting reader. */
    CLOSE_LEAVES_THE_READER("""
                        LockSupport.unpark(reader);
                        LockSupport.unpark(writer);
            """, """
                        LockSupport.unpark(writer);
            """),
    /** A close does not wake a waiting writer. */
    CLOSE_LEAVES_THE_WRITER("""
                        LockSupport.unpark(reader);
                        LockSupport.unpark(writer);
            """, """
                        LockSupport.unpark(reader);
            """),
    /** The descriptor stays open, and the peer in its read, until something else happens. */
    CLOSED_WITHOUT_WAKE_UP("""
                    // The selector releases the descriptor on its next select.
                    engine.wakeUp();
            """, """
            """),
    /** A call may be made for the descriptor of another connection. */
    CLOSED_DURING_A_CALL("""
                        return SocketCalls.receive(descriptor, target.array(),
            """, """
                        receiving = false;
                        Noise.inFault();
                        return SocketCalls.receive(descriptor, target.array(),
            """),
    /** Likewise, if the transport is closed between the two steps. */
    LOOKS_WHETHER_IT_IS_CLOSED_BEFORE_IT_SAYS_THAT_IT_RECEIVES("""
                    receiving = true;
                    try {
                        if (closed) {
                            throw new AsynchronousCloseException();
                        }
            """, """
                    if (closed) {
                        throw new AsynchronousCloseException();
                    }
                    Noise.inFault();
                    receiving = true;
                    try {
            """),
    /** Likewise for the writer. */
    LOOKS_WHETHER_IT_IS_CLOSED_BEFORE_IT_SAYS_THAT_IT_SENDS("""
                    sending = true;
                    try {
                        if (closed) {
                            throw new AsynchronousCloseException();
                        }
            """, """
                    if (closed) {
                        throw new AsynchronousCloseException();
                    }
                    Noise.inFault();
                    sending = true;
                    try {
            """),
    /** The descriptor stays open: the thread that closed the transport has left that to the reader. */
    READER_DOES_NOT_CLOSE("""
                        receiving = false;
                        if (closed) {
                            closeChannel();
                        }
            """, """
                        Noise.inFault();
                        receiving = false;
            """),
    /** Likewise for the writer. */
    WRITER_DOES_NOT_CLOSE("""
                        sending = false;
                        if (closed) {
                            closeChannel();
                        }
            """, """
                        Noise.inFault();
                        sending = false;
            """),
    /** The poller may look whether the selector thread is done before that is set, and park after the unpark. */
    POLLER_WOKEN_BEFORE_THE_SELECTOR_THREAD_SAYS_SO("""
                        waiter = null;
                        LockSupport.unpark(waiting);
            """, """
                        LockSupport.unpark(waiting);
                        waiter = null;
            """),
    /** An interrupted reader leaves a state from which it cannot wait again. */
    INTERRUPTED_READER_STAYS_WAITING("""
                        if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
            """, """
                        if (over && (interrupted
                                ? reading == WAITING
                                : READING.compareAndSet(this, WAITING, RUNNING))) {
            """),
    /** An interrupted writer leaves a state from which it cannot wait again. */
    INTERRUPTED_WRITER_STAYS_WAITING("""
                        if (interrupted && WRITING.compareAndSet(this, WAITING, RUNNING)) {
            """, """
                        if (interrupted && writing == WAITING) {
            """),
    /** The poller finds no reader to watch for, and the next wait does not ask it to. */
    INTERRUPTED_READER_LEAVES_REARMING("""
                        if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
            """, """
                        if (over && (READING.compareAndSet(this, WAITING, RUNNING)
                                || interrupted && READING.compareAndSet(this, REARMING, RUNNING))) {
            """),
    /** A reader whose time is up leaves a state from which it cannot wait again. */
    TIMED_OUT_READER_STAYS_WAITING("""
                        if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
            """, """
                        if (over && (interrupted
                                ? READING.compareAndSet(this, WAITING, RUNNING)
                                : reading == WAITING)) {
            """),
    /** The poller finds no reader to watch for, and the next wait does not ask it to. */
    TIMED_OUT_READER_LEAVES_REARMING("""
                        if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
            """, """
                        if (over && (READING.compareAndSet(this, WAITING, RUNNING)
                                || !interrupted && READING.compareAndSet(this, REARMING, RUNNING))) {
            """),
    /** A reader whose time is up may overwrite that the transport was closed, and wait forever the next time. */
    TIMED_OUT_READER_OVERWRITES_THE_CLOSE("""
                        if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
            """, """
                        if (over && !interrupted && reading != REARMING) {
                            reading = RUNNING;
                            return true;
                        }
                        if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
            """),
    /** The writer parks again: its state says that it still has to wait. */
    RETRY_DOES_NOT_CHANGE_THE_STATE("""
                public void retryWrite() {
                    if (WRITING.compareAndSet(this, WAITING, RUNNING)) {
                        LockSupport.unpark(writer);
                    }
            """, """
                public void retryWrite() {
                    LockSupport.unpark(writer);
            """),
    /** The writer stays parked, and the poller finds no thread to wake. */
    RETRY_DOES_NOT_UNPARK("""
                public void retryWrite() {
                    if (WRITING.compareAndSet(this, WAITING, RUNNING)) {
                        LockSupport.unpark(writer);
                    }
            """, """
                public void retryWrite() {
                    WRITING.compareAndSet(this, WAITING, RUNNING);
            """),
    /** The other selector watches the socket only after it has something else to do. */
    MOVED_WITHOUT_WAKE_UP("""
                    scheduler.joinLoopOf(example);
                    other.wakeUp();
            """, """
                    scheduler.joinLoopOf(example);
            """),
    /** The other selector does not watch for the writer that waits. */
    MOVED_WITHOUT_ITS_WRITER("""
                    key = other.register(channel, interest(), this);
            """, """
                    key = other.register(channel, SelectionKey.OP_READ, this);
            """),
    /** What is asked for later is asked of the selector that the socket has left. */
    MOVED_WITHOUT_ITS_KEY("""
                    key = other.register(channel, interest(), this);
            """, """
                    other.register(channel, interest(), this);
            """),
    /** A peer that reads looks like one that does not. */
    PROGRESS_NOT_COUNTED("""
                    if (count > 0) {
                        progress++;
            """, """
                    if (count < 0) {
                        progress++;
            """);

    private final Edit edit;

    PlantedFault(String text, String replacement) {
        this.edit = new Edit(indented(text), indented(replacement));
    }

    private static String indented(String text) {
        return text.stripTrailing();
    }

    Edit edit() {
        return edit;
    }
}
