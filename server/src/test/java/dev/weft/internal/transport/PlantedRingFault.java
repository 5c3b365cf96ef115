package dev.weft.internal.transport;

import dev.weft.internal.stress.NoisyCopy.Edit;

/** Mistakes that the states of the transport over io_uring are easily made with; the stress must find each. */
enum PlantedRingFault {
    /** The reader finds nothing, and waits again, or reads what comes later. */
    READER_WOKEN_BEFORE_THE_BYTES_ARE_STORED("""
                        if (buffer >= 0) {
                            perhapsArrived = ring.hasMore();
                            store(buffer, result);
                        }
                        receiving = false;
                        wake();
            """, """
                        receiving = false;
                        wake();
                        if (buffer >= 0) {
                            perhapsArrived = ring.hasMore();
                            store(buffer, result);
                        }
            """),
    /** Between the two, a reader that left its wait reads what comes later from the socket. */
    RECEIVING_CLEARED_BEFORE_THE_BYTES_ARE_STORED("""
                            store(buffer, result);
                        }
                        receiving = false;
            """, """
                            receiving = false;
                            Noise.inFault();
                            store(buffer, result);
                        }
                        receiving = false;
            """),
    /** What arrives before the thread waits wakes nobody. */
    READER_ASKS_BEFORE_IT_WAITS("""
                    if (!STATE.compareAndSet(this, RUNNING, WAITING) && !STATE.compareAndSet(this, SEEN, WAITING)) {
                        throw new AsynchronousCloseException();
                    }
                    if (!receiving) {
                        receiving = true;
                        transport.request(IoUringTransport.RECEIVE);
                    }
            """, """
                    if (!receiving) {
                        receiving = true;
                        transport.request(IoUringTransport.RECEIVE);
                    }
                    if (!STATE.compareAndSet(this, RUNNING, WAITING) && !STATE.compareAndSet(this, SEEN, WAITING)) {
                        throw new AsynchronousCloseException();
                    }
            """),
    /** The engine receives while the reader reads from the socket: it reads later bytes first. */
    LEFT_RECEIVE_FORGOTTEN("""
                    return pending ? 0 : readSocket(target);
            """, """
                    return readSocket(target);
            """),
    /** The system fills the buffer for another connection while the reader copies. */
    BUFFER_GIVEN_BACK_BEFORE_IT_IS_READ("""
                    ByteBuffer kept = taken < count ? roomFor(count - taken, held) : null;
                    try {
            """, """
                    ByteBuffer kept = taken < count ? roomFor(count - taken, held) : null;
                    buffers.giveBack(buffer);
                    try {
            """, """
                    } finally {
                        buffers.giveBack(buffer);
                    }
            """, """
                    } finally {
                        rest = rest;
                    }
            """, """
                private static final int COUNT = 1024;
            """, """
                private static final int COUNT = 4;
            """),
    /** The bytes that the target has no room for. */
    REST_IS_LOST("""
                            buffers.copy(buffer, taken, kept, count - taken);
                            rest = kept.flip();
            """, """
                            end = end;
            """),
    /** A close takes the bytes that the reader was about to take, and the reader reads what follows them. */
    CLOSED_READER_READS_ON("""
                    // A close may have taken what was received; what follows it must not be read.
                    requireNotClosed();
            """, """
            """),
    /** Nobody is told of bytes that arrived while no thread waited. */
    LISTENER_NOT_CALLED("""
                private void see() {
            """, """
                private void see() {
                    if (state != CLOSED) {
                        return;
                    }
            """),
    /** A reader that was woken and does something else is not told of further bytes. */
    WOKEN_READER_NOT_WATCHED("""
                        transport.engine().watchLater(transport);
                        LockSupport.unpark(thread);
            """, """
                        LockSupport.unpark(thread);
            """),
    /** The system takes only some of the bytes. */
    PARTLY_SENT_IS_SENT("""
                    } else if (failure == 0 && sent < buffer.bytes.position()) {
            """, """
                    } else if (failure == 0 && sent == 0) {
            """),
    /** A writer's bytes overtake those that are being sent. */
    WRITTEN_DIRECTLY_WHILE_SENDING("""
                        default -> {
                            // What was written before is not sent yet.
                        }
            """, """
                        default -> transport.writeSocket(first, second);
            """),
    /** Another connection's bytes get into the buffer. */
    BUFFER_RELEASED_WHEN_SUBMITTED("""
                        sendAtOnce(ring);
                    }
                }
            """, """
                        sendAtOnce(ring);
                        buffer.owner.giveBack(buffer);
                    }
                }
            """),
    /** The writer that waits until its bytes are sent waits for good. */
    SENT_WAKES_NOBODY("""
                        STATE.compareAndSet(this, SENDING, FREE);
                        unparkWaiter();
            """, """
                        STATE.compareAndSet(this, SENDING, FREE);
            """),
    /** The peer does not get what was written before the output was shut down. */
    OUTPUT_ENDS_BEFORE_ALL_IS_SENT("""
                    if (state == FREE || state == FULL) {
                        transport.shutdownSocket();
            """, """
                    if (state != CLOSED) {
                        transport.shutdownSocket();
            """),
    /** Likewise, if the writer has queued more since the engine freed its buffer. */
    OUTPUT_ENDS_BEFORE_WHAT_WAS_QUEUED_SINCE("""
                        if (ends && state == FREE) {
                            endAfterAll();
            """, """
                        Noise.inFault();
                        if (ends) {
                            endAfterAll();
            """),
    /** The end of the output is forgotten. */
    OUTPUT_NEVER_ENDS("""
                        if (ends && state == FREE) {
                            endAfterAll();
            """, """
                        if (ends && state == CLOSED) {
                            endAfterAll();
            """),
    /** A send that is cancelled, to be tried again, looks like a broken connection. */
    CANCELLED_SEND_IS_A_FAILURE("""
                    } else if (!Ring.hadNoEffect(result)) {
            """, """
                    } else if (result < 0) {
            """),
    /** The engine cancels what is in progress, and then the reader requests more. */
    CLOSED_BEFORE_BOTH_SIDES_ARE("""
                        writer.close();
                        reader.close();
                        // The engine cancels what is in progress only after neither side can begin anything.
                        sidesClosed = true;
            """, """
                        sidesClosed = true;
                        writer.close();
                        reader.close();
            """),
    /** The socket stays open as long as a request for it is in progress. */
    CLOSE_CANCELS_NOTHING("""
                        reader.cancel(ring);
                        closing = true;
            """, """
                        closing = true;
            """),
    /** What is asked meanwhile is lost. */
    ASKED_IS_CLEARED_LAST("""
                    int bits = ASKED.getAndSet(this, 0);
            """, """
                    int bits = asked;
            """, """
                    if ((bits & RETRY) != 0) {
            """, """
                    ASKED.set(this, 0);
                    if ((bits & RETRY) != 0) {
            """),
    /** The engine waits although something was asked: it looked before it announced that it waits. */
    LOOKED_BEFORE_WAITING(
            """
                            waiting = 1;
                            try {
                                if (added != null || !tasks.isEmpty() || closed || buffers.mustReturn() || !mayWait.getAsBoolean()) {
                    """,
            """
                            boolean nothing = added == null;
                            waiting = 1;
                            try {
                                if (!nothing || !tasks.isEmpty() || closed || buffers.mustReturn() || !mayWait.getAsBoolean()) {
                    """),
    /** No ring receives for the reader that waits. */
    MOVED_WITHOUT_ITS_RECEIVE("""
                    request(reader.isReceiving() ? OPEN | RECEIVE : OPEN);
            """, """
                    request(OPEN);
            """),
    /** The reader looks for its bytes in the buffers of another ring. */
    MOVED_WITH_BYTES("""
                        destination = null;
                        example = null;
                    }
                    reader.received(ring, result);
            """, """
                    }
                    reader.received(ring, result);
            """),
    /** What is asked of the engine that the connection has left is lost. */
    REQUEST_NOT_PASSED_ON("""
                            transport.engine().add(transport);
            """, """
                            transport.next = null;
            """),
    /** Further bytes are read only after the next close, or never. */
    BUFFERS_ARE_NOT_RETURNED("""
                        ring.giveBack(buffer);
            """, """
                        ring.hasNext();
            """, """
                private static final int COUNT = 1024;
            """, """
                private static final int COUNT = 4;
            """);

    private final Edit[] edits;

    PlantedRingFault(String... texts) {
        edits = new Edit[texts.length / 2];
        for (int i = 0; i < edits.length; i++) {
            edits[i] = new Edit(texts[2 * i].stripTrailing(), texts[2 * i + 1].stripTrailing());
        }
    }

    Edit[] edits() {
        return edits.clone();
    }
}
