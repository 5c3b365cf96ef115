package dev.weft.internal.receive;

import dev.weft.internal.stress.NoisyCopy.Edit;

/** Mistakes that reading ahead is easily made with; the stress must find each. */
enum PlantedReadAheadFault {
    /** Two threads may find that the reader has no user. */
    CLAIMED_IN_TWO_STEPS("""
                    return RECEIVER.compareAndSet(this, null, user);
            """, """
                    if (receiver != null) {
                        return false;
                    }
                    Noise.inFault();
                    receiver = user;
                    return true;
            """),
    /** The look ahead moves the thread that receives. */
    RECEIVERS_PARSER_USED("""
                    this(other.parser.copy(), other.owner);
            """, """
                    this(other.parser, other.owner);
            """),
    /** The thread that receives unmasks a second time. */
    UNMASKED_IN_PLACE("""
                        System.arraycopy(array, at, piece, 0, count);
                        parser.feed(piece, 0, count);
            """, """
                        parser.feed(array, at, at + count);
            """),
    /** The beginning of a control frame that the region's end cuts belongs to the look ahead, too. */
    CUT_CONTROL_FRAME_FORGOTTEN("""
                    if (other.cut != null) {
            """, """
                    if (other.cut != null && other.cut.position() < 0) {
            """),
    /** A ping is answered ahead, and when it is received. */
    ANSWERED_TWICE("""
                    if (ahead != null && ahead.wasAnswered()) {
            """, """
                    if (ahead != null && ahead.wasAnswered() && parser.unread() < 0) {
            """),
    /** The same with a Close frame. */
    CLOSE_ANSWERED_TWICE("""
                    if (ahead != null && ahead.wasAnswered()) {
            """, """
                    if (ahead != null && ahead.wasAnswered() && !isClose) {
            """),
    /** Data is skipped with the control frames around it. */
    PASSED_OVER_DATA("""
                    return !afterData && !isAtEnd();
            """, """
                    return answered > 0 && !isAtEnd();
            """),
    /** Pings that were passed over count for later ones. */
    PASSED_OVER_AND_STILL_COUNTED("""
                    answered = 0;
            """, """
                    answered += 0;
            """),
    /** Each counts for two, so that the last are answered again. */
    PASSED_OVER_TWICE("""
                    answered--;
            """, """
                    answered = Math.max(0, answered - 2);
            """),
    /** A turn starts again where the receiver is, and answers pings there that the last one has answered. */
    ANSWERED_BY_TWO_TURNS("""
                    scanner = new FrameScanner(frames, scanner == null ? 0 : scanner.answered());
            """, """
                    scanner = new FrameScanner(frames, 0);
            """),
    /** The receive after a part was taken. */
    PART_DROPS_THE_REST("""
                    if (aheadFrom == ahead.position()) {
            """, """
                    if (aheadFrom > 0) {
            """),
    /** The same bytes again. */
    TAKEN_FROM_THE_BEGINNING("""
                    target.put(ahead.array(), aheadFrom, count);
            """, """
                    target.put(ahead.array(), 0, count);
            """),
    /** The whole buffer becomes the region, with bytes that were taken before. */
    TAKEN_OVER_FROM_THE_BEGINNING("""
                    dropTaken();
                    ByteBuffer taken = ahead;
            """, """
                    ByteBuffer taken = ahead;
            """),
    /** Later bytes are put after the region. */
    NETWORK_BEFORE_WHAT_WAS_READ_AHEAD("""
                    if (ahead != null) {
                        takeAhead(current, current.remaining());
                        return true;
                    }
                    return read(current, limit) > 0;
            """, """
                    return read(current, limit) > 0;
            """),
    /** The same with payload that is read to where it shall be. */
    NETWORK_BEFORE_PAYLOAD_THAT_WAS_READ_AHEAD("""
                    if (ahead != null) {
                        return takeAhead(target, (int) Math.min(target.remaining(), most));
                    }
            """, """
            """),
    /** The buffer is full of bytes that were taken. */
    ROOM_NOT_USED_AGAIN("""
                        if (!ahead.hasRemaining()) {
                            dropTaken();
                        }
            """, """
            """),
    /** The transport called the listener while a thread received, and will not call it again. */
    BYTES_ON_THE_NETWORK_FORGOTTEN("""
                    if (parser.unread() > 0 || !input.transport().willReportUnread()) {
            """, """
                    if (parser.unread() > 0) {
            """),
    /** A ping that came with the last message. */
    REST_OF_THE_REGION_FORGOTTEN("""
                    if (parser.unread() > 0 || !input.transport().willReportUnread()) {
            """, """
                    if (!input.transport().willReportUnread()) {
            """),
    /** The transport calls the listener only once. */
    NOT_ASKED_TO_TELL_AGAIN("""
                    } else if (count == 0) {
                        input.transport().reportUnread();
                    }
            """, """
                    }
            """),
    /** The thread that waits for the end of the turn waits longer. */
    TURN_DOES_NOT_UNPARK("""
                        LockSupport.unpark(waiter);
            """, """
            """, """
                private static final long LONGEST_WAIT_NANOS = 1_000_000;
            """, """
                private static final long LONGEST_WAIT_NANOS = Long.MAX_VALUE;
            """),
    /** The turn may end between the look and the note, and then unparks no thread. */
    WAITER_NOTED_TOO_LATE("""
                    waiter = Thread.currentThread();
                    if (frames.isTurnOf(this)) {
            """, """
                    if (frames.isTurnOf(this)) {
                        Noise.inFault();
                        waiter = Thread.currentThread();
            """, """
                private static final long LONGEST_WAIT_NANOS = 1_000_000;
            """, """
                private static final long LONGEST_WAIT_NANOS = Long.MAX_VALUE;
            """),
    /** Nobody takes the connection's last steps while its thread is busy. */
    END_NOT_TOLD("""
                    if (ended) {
                        owner.endAhead();
                    }
            """, """
            """),
    /** Messages before the Close frame, when that was answered ahead. */
    MESSAGES_BEFORE_THE_CLOSE_LOST("""
                    boolean received = closing.isReceived() && !messages.frames().isBeforeEnd();
            """, """
                    boolean received = closing.isReceived();
            """),
    /** Messages before the end of the bytes, when that was found ahead. */
    MESSAGES_BEFORE_THE_END_LOST(
            """
                            if (endReported
                                    || !received && closing.state() == ClosingHandshake.State.BROKEN && !messages.frames().isBeforeEnd()) {
                    """,
            """
                            if (endReported || !received && closing.state() == ClosingHandshake.State.BROKEN) {
                    """),
    /** The thread that takes the last steps reads, too. */
    READS_BESIDE_THE_LAST_STEPS("""
                        if (ended) {
                            throw FrameReader.unexpectedEnd();
                        }
            """, """
            """),
    /** A turn is taken although a thread receives again and again. */
    LOOKS_COUNTED_ON("""
                    } else if (claimsSeen != frames.claims()
                            ||
            """, """
                    } else if (
            """),
    /** A reader that was watched once is never watched again. */
    UNWATCH_FORGOTTEN("""
                    unwatch();
                    if (ended
            """, """
                    if (ended
            """),
    /** The timer checks connections that have ended, forever. */
    WATCHED_AFTER_THE_END("""
                    if (ended || frames.isOver()) {
            """, """
                    if (ended) {
            """),
    /** The buffer of bytes that were read ahead and never received is not returned. */
    NOT_GIVEN_BACK_AT_THE_END("""
                    release();
                    releaseAhead();
            """, """
                    release();
            """),
    /** The next bytes that are read ahead overwrite a message that is lent. */
    LENT_BUFFER_GIVEN_BACK("""
                    if (!lent) {
                        releaseRegion();
                    }
            """, """
                    releaseRegion();
            """),
    /** The same after a streamed message of which the rest is skipped: that ends the loan. */
    LENT_BEFORE_THE_REST_IS_SKIPPED("""
                    try {
                        BorrowedView view = nextView(true);
                        // Only now: skipping the rest of a streamed message ends its loan.
                        messages.frames().lend();
                        return view;
            """, """
                    messages.frames().lend();
                    try {
                        return nextView(true);
            """),
    /** A receive that was interrupted within a ping treats the ping's payload as data. */
    PING_TAKEN_FOR_PAYLOAD("""
                    return parser.frameRemaining() > 0 && parser.unread() == 0 && !parser.opcode().isControl();
            """, """
                    return parser.frameRemaining() > 0 && parser.unread() == 0;
            """);

    private final Edit[] edits;

    /** Texts, each with what it is replaced by. */
    PlantedReadAheadFault(String... texts) {
        this.edits = new Edit[texts.length / 2];
        for (int i = 0; i < edits.length; i++) {
            edits[i] = new Edit(texts[2 * i].stripTrailing(), texts[2 * i + 1].stripTrailing());
        }
    }

    Edit[] edits() {
        return edits;
    }
}
