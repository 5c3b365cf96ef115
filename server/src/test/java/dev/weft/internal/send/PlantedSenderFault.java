package dev.weft.internal.send;

import dev.weft.internal.stress.NoisyCopy.Edit;

/** Mistakes that the sender is easily made with; the stress must find each. */
enum PlantedSenderFault {
    /** Entries that were left to the thread that had the lock are not sent. */
    WAITING_NOT_SENT_AFTER_RELEASE("""
                void release() {
                    lock.unlock();
                    sendWhatWaits();
            """, """
                void release() {
                    lock.unlock();
            """),
    /** The thread that let the lock go left what waits to one that no longer waits for the lock. */
    INTERRUPTED_WAITER_LEAVES_WHAT_WAITS("""
                        // The thread that released the lock may have left queued entries to this thread.
                        sendWhatWaits();
            """, """
            """),
    /** Entries that are added to the outbox while the draining thread looks for the last time are not sent. */
    DRAIN_THREAD_ENDS_WITHOUT_ANOTHER_LOOK("""
                    sender.sendWhatWaits();
                }

                private boolean turn() {
            """, """
                }

                private boolean turn() {
            """, """
                        more = sender.continuesDraining();
                        lock.unlock();
            """, """
                        more = sender.continuesDraining();
                        Noise.inFault();
                        lock.unlock();
            """),
    /** Another thread may have begun to drain meanwhile. */
    STATE_CHANGED_AFTER_UNLOCKING("""
                        more = sender.continuesDraining();
                        lock.unlock();
            """, """
                        lock.unlock();
                        Noise.inFault();
                        more = sender.continuesDraining();
            """),
    /** Everybody leaves what waits to a thread that has ended. */
    DRAINING_KEPT("""
                    if (!more) {
                        state = SendState.IDLE;
                    }
            """, """
            """),
    /** The thread's own wait has ended, and no thread sends the bytes that the network has not taken. */
    INTERRUPTED_WRITER_LEAVES_THE_REST("""
                    if (drainIfBehind()) {
                        throw
            """, """
                    if (buffer.isBehind()) {
                        throw
            """),
    /** A partial write is treated as a broken connection. */
    INTERRUPTED_WRITER_BREAKS_THE_WIRE("""
                        if (!transport.writesWithoutWaiting()) {
                            throw e;
                        }
            """, """
                        throw e;
            """),
    /** The timer does not know of them. */
    HELD_BACK_WITHOUT_A_WATCH("""
                        state = SendState.HELD;
                        watch(services.timer());
            """, """
                        state = SendState.HELD;
            """),
    /** The timer looks once, when newer frames are held back. */
    WATCH_NOT_RENEWED("""
                        flushSoon(timer);
                    } else if (isHeld()) {
                        watch(timer);
                    }
            """, """
                        flushSoon(timer);
                    }
            """),
    /** The thread that releases the lock always finds the flag set, or no thread flushes. */
    FLUSH_DUE_CLEARED_LATE("""
                    flushDue = false;
                    if (!buffer.transport().writesWithoutWaiting()) {
                        startDraining();
                        return;
                    }
                    drain(false);
                    flushNow();
            """, """
                    if (!buffer.transport().writesWithoutWaiting()) {
                        startDraining();
                        return;
                    }
                    drain(false);
                    flushNow();
                    flushDue = false;
            """),
    /** A message without a wait is sent before others that wait. */
    TRY_SEND_OVERTAKES("""
                            && !outbox.isWaiting(false);
            """, """
                            ;
            """),
    /** A message is sent before others that were accepted. */
    SEND_OVERTAKES("""
                    if (outbox.hasEntries() && !drain(true)) {
            """, """
                    if (outbox.hasEntries() && false) {
            """),
    /** Our Close frame may have been among the entries just sent. */
    CLOSE_FORGOTTEN_AFTER_DRAINING("""
                    // Checked last: our Close frame may have been among the entries just sent.
                    closing.requireOpen();
            """, """
            """),
    /** Messages that may not go between fragments are dropped. */
    OPEN_STREAM_IGNORED("""
                    } else if (entry != null && (!sender.isStreaming() || entry.isClose() || !closing.isOpen())) {
            """, """
                    } else if (entry != null) {
            """),
    /** A message may be pushed after the Close frame. */
    PUSHED_AFTER_THE_CLOSE("""
                        if (before != null && before.isClose()) {
                            return false;
                        }
            """, """
            """),
    /** The newest is sent first. */
    LIST_NOT_REVERSED("""
                    OutboxEntry last = takeList();
                    OutboxEntry reversed = null;
                    for (OutboxEntry each = last; each != null;) {
                        OutboxEntry before = each.next;
                        each.next = reversed;
                        reversed = each;
                        each = before;
                    }
            """, """
                    OutboxEntry reversed = takeList();
                    OutboxEntry last = reversed;
                    while (last.next != null) {
                        last = last.next;
                    }
            """),
    /** Entries that were taken over before are lost. */
    TAKE_OVER_REPLACES("""
                    if (oldest == null) {
                        oldest = reversed;
            """, """
                    if (reversed != null) {
                        oldest = reversed;
            """),
    /** A message that is offered after the end waits forever. */
    ENDED_NOT_KEPT("""
                        long bytes = bytes(NEWEST.getAndSet(this, ENDED)) + bytes(oldest);
            """, """
                        long bytes = bytes(NEWEST.getAndSet(this, null)) + bytes(oldest);
            """),
    /** The connection has ended without returning its share of the budget. */
    NOT_GIVEN_BACK_AT_THE_END("""
                        long bytes = bytes(NEWEST.getAndSet(this, ENDED)) + bytes(oldest);
            """, """
                        long bytes = bytes(NEWEST.getAndSet(this, ENDED));
            """),
    /** Two threads may give back at the same time. */
    GIVEN_BACK_IN_TWO_STEPS("""
                    if (share != 0) {
                        WAITING.getAndAdd(this, -share);
            """, """
                    if (share != 0) {
                        long before = waitingBytes;
                        Noise.inFault();
                        waitingBytes = before - share;
            """),
    /** The Close frame is dropped with the messages. */
    CLOSE_DROPPED("""
                        if (first == null || first.isClose()) {
                            return null;
            """, """
                        if (first == null) {
                            return null;
            """),
    /** A pong may be added between the two steps. */
    PONGS_TAKEN_IN_TWO_STEPS("""
                    return pongs == null ? null : PONGS.getAndSet(this, null);
            """, """
                    Pong taken = pongs;
                    Noise.inFault();
                    pongs = null;
                    return taken;
            """),
    /** A message that waits has the bytes of a later one. */
    CALLERS_ARRAY_KEPT("""
                    payload = Arrays.copyOfRange(payload, from, to);
            """, """
                    payload = from > 0 ? Arrays.copyOfRange(payload, from, to) : payload;
            """),
    /** The frames that were too large for the buffer follow those in it. */
    REST_BEFORE_THE_BUFFER("""
                        write(buffer == null ? NOTHING : buffer.flip(), rest, wait);
            """, """
                        write(rest == null ? NOTHING : rest, buffer == null ? null : buffer.flip(), wait);
            """),
    /** The buffer's room is before the rest. */
    ROOM_BEFORE_THE_REST("""
                    return rest == null && (buffer == null || bytes <= buffer.remaining());
            """, """
                    return buffer == null || bytes <= buffer.remaining();
            """),
    /** Bytes that waited when the connection broke stay counted. */
    COUNTED_NOT_RESET("""
                    held = null;
                    countAs(0);
            """, """
                    held = null;
            """),
    /** A message was dropped, and no counter says so. */
    DROP_NOT_COUNTED("""
                            countDropped();
                            WAITING.getAndAdd(this, -oldest.bytes());
            """, """
                            WAITING.getAndAdd(this, -oldest.bytes());
            """),
    /** The latest message is in the place of the old one and in the last place. */
    REPLACED_AND_PUSHED("""
                        waiting.replace(latest);
                        return Math.max(0, -more);
            """, """
                        waiting.replace(latest);
                        push(latest);
                        return Math.max(0, -more);
            """),
    /** What is sent after a fence takes a place before it. */
    FENCE_OVERTAKEN("""
                        if (latest.key() == SendAttempt.FENCE) {
                            keyed = null;
            """, """
                        if (latest.key() == SendAttempt.FENCE) {
            """),
    /** A message whose frame is being built is replaced. */
    CLAIMED_MESSAGE_KEEPS_ITS_KEY("""
                        if (claimed != null) {
                            forget(claimed);
                        }
                        return claimed;
            """, """
                        return claimed;
            """),
    /** A later message takes the place of one that was dropped. */
    DROPPED_MESSAGE_KEEPS_ITS_KEY("""
                        forget(first);
                        if (claimed == null) {
            """, """
                        if (claimed == null) {
            """),
    /** What is taken over next is put after a message that was dropped. */
    PUT_AFTER_A_DROPPED_MESSAGE("""
                        if (youngest == first) {
                            youngest = claimed;
                        }
            """, """
            """),
    /** While entries are on neither list, nothing seems to wait. */
    MOVING_ENTRIES_NOT_SEEN("""
                    return last != null && last != ENDED || moving || oldest != null;
            """, """
                    return last != null && last != ENDED || oldest != null;
            """, """
                    moving = true;
                    OutboxEntry last = takeList();
            """, """
                    moving = true;
                    OutboxEntry last = takeList();
                    Noise.inFault();
            """),
    /** The queue may have drained between the two steps. */
    DRAINED_CHECKED_TOO_EARLY("""
                    add(new Drained(action));
                    if (hasDrained()) {
                        runDrained();
                    }
            """, """
                    boolean drainedNow = hasDrained();
                    Noise.inFault();
                    add(new Drained(action));
                    if (drainedNow) {
                        runDrained();
                    }
            """),
    /** Two threads may run the same actions. */
    DRAINED_TAKEN_IN_TWO_STEPS("""
                    Drained each = DRAINED.getAndSet(this, null);
            """, """
                    Drained each = drained;
                    Noise.inFault();
                    drained = null;
            """),
    /** The Close frame is called written as soon as it is built. */
    CLOSE_WRITTEN_TOO_EARLY("""
                    if (closeBuilt && isEmpty()) {
            """, """
                    if (closeBuilt) {
            """),
    /** What is held back without a frame is forgotten. */
    UNBUILT_NOT_BUILT_BEFORE_A_WRITE("""
                        buildHeld(wait);
                        write(
            """, """
                        write(
            """),
    /** A control frame, such as the Close frame, is built before it. */
    UNBUILT_OVERTAKEN_BY_A_FRAME(
            """
                        void frame(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to, boolean wait) throws IOException {
                            buildHeld(wait);
                    """,
            """
                        void frame(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to, boolean wait) throws IOException {
                    """),
    /** Nothing but such a message is written in time. */
    UNBUILT_HELD_BACK_WITHOUT_A_WATCH("""
                    } else if (!buffer.isEmpty() && state == SendState.IDLE) {
            """, """
                    } else if (buffer.writes() < 0 && state == SendState.IDLE) {
            """);

    private final Edit[] edits;

    /** Texts, each with what it is replaced by. */
    PlantedSenderFault(String... texts) {
        this.edits = new Edit[texts.length / 2];
        for (int i = 0; i < edits.length; i++) {
            edits[i] = new Edit(texts[2 * i].stripTrailing(), texts[2 * i + 1].stripTrailing());
        }
    }

    Edit[] edits() {
        return edits;
    }
}
