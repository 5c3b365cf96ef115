package dev.weft.internal.receive;

import static dev.weft.parser.CloseCode.POLICY_VIOLATION;

import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.time.TurnQuota;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * Reads frames from the network and handles the control frames among them (RFC 6455 §5.5): answers pings and Close frames, and
 * passes pongs on. It returns the events of data frames.
 * <p>
 * For the thread that has {@linkplain #claim() claimed} it: one that receives, for the duration of a call, or, between
 * receives, that of the {@link ReadAhead}.
 */
public final class FrameReader extends ClaimedReader implements Transport.UnreadListener {
    private static final byte[] NOTHING = {};

    private static final AtomicReferenceFieldUpdater<FrameReader, ReadAhead> READ_AHEAD = AtomicReferenceFieldUpdater
            .newUpdater(FrameReader.class, ReadAhead.class, "readAhead");

    private final InboundBuffer input;
    private final Deadlines deadlines;

    /** Created when it is first needed. */
    private volatile ReadAhead readAhead;

    /** Set by the sweeper; never cleared, whatever arrives afterwards. */
    private volatile boolean tooSlow;
    /** Whether a message may be lent from the read buffer. */
    private boolean lent;
    /** Set after an error in a receive: nothing is received any more, even if the transport could not be closed. */
    private boolean damaged;

    /** A reader of a connection that is open; the parser must already have been given the bytes that were read before. */
    public FrameReader(InboundBuffer input, FrameParser parser, ReceiverOwner owner, Deadlines deadlines) {
        super(parser, owner);
        this.input = input;
        this.deadlines = deadlines;
    }

    // Who uses this.

    /** From this call on, what the peer sends is read even if no thread receives. */
    void start() {
        input.transport().onUnread(this);
        watchIfNeeded();
    }

    /** As in the superclass. After an error in an earlier receive, it always throws. */
    @Override
    void claim() throws IOException {
        super.claim();
        if (damaged) {
            endClaim(false);
            owner.breakOff("an earlier receive failed", null);
            throw owner.closed();
        }
    }

    /** Ends this thread's claim: it no longer receives. */
    void release() {
        try {
            watchIfNeeded();
        } catch (Error e) {
            throw broken(e);
        } finally {
            endClaim(parser.hasFrame());
        }
    }

    /**
     * Ends the connection after an error in a receive, for example because memory is exhausted: bytes or events may be lost,
     * and the next receive would find a message with a hole. Returns the error, to be thrown.
     */
    Error broken(Error e) {
        damaged = true;
        owner.breakOff("a receive failed", e);
        return e;
    }

    /**
     * Has the timer watch the bytes that are not yet parsed: they may be a control frame, which must not wait for the next
     * receive.
     */
    private void watchIfNeeded() {
        if (parser.unread() > 0 || !input.transport().willReportUnread()) {
            readAhead().watchLater(owner.timer());
        }
    }

    /** Bytes arrived while no thread waited for them. */
    @Override
    public void unread() {
        if (!isOver()) {
            try {
                readAhead().watchLater(owner.timer());
            } catch (Error e) {
                // Otherwise they would be forgotten: this is called only once.
                owner.breakOff("what arrived could not be read ahead", e);
            }
        }
    }

    private ReadAhead readAhead() {
        ReadAhead ahead = readAhead;
        if (ahead == null) {
            ahead = new ReadAhead(this, input, owner, deadlines);
            if (!READ_AHEAD.compareAndSet(this, null, ahead)) {
                ahead = readAhead;
            }
        }
        return ahead;
    }

    /** Whether the connection's end was found by the reader ahead, and the receiving thread has not reached it yet. */
    boolean isBeforeEnd() {
        ReadAhead ahead = readAhead;
        return ahead != null && ahead.isAheadOfEnd();
    }

    // Frames.

    /**
     * Waits for the next event of a data frame.
     *
     * @return any event but {@link Event#NEED_INPUT}, or {@code null} if the peer's Close frame has arrived
     */
    public Event next() throws IOException, ProtocolViolationException {
        while (true) {
            Event event = parser.next();
            if ((event == Event.FRAME || event == Event.FRAME_END) && !parser.withinMessage()) {
                deadlines.messageEnded();
            }
            if (event == Event.NEED_INPUT) {
                await();
                continue;
            }
            spend(TurnQuota.FRAME + parser.payloadLength());
            if (!parser.opcode().isControl()) {
                return event;
            } else if (takeControl(event)) {
                return null;
            }
        }
    }

    /**
     * Waits for the next event of the frame whose payload began in this region, and appends the bytes to the region, so that
     * the payload is contiguous. Call it only if {@link #canCompleteInPlace()}.
     */
    Event nextInPlace() throws IOException, ProtocolViolationException {
        Event event;
        while ((event = parser.next()) == Event.NEED_INPUT) {
            int from = input.length();
            beforeRead();
            boolean more;
            try {
                more = input.fillAfter(deadlines.readLimit());
            } finally {
                deadlines.read();
            }
            afterRead(more);
            parser.feed(input.array(), from, input.length());
        }
        if (event == Event.FRAME_END && !parser.withinMessage()) {
            deadlines.messageEnded();
        }
        spend(parser.payloadLength());
        return event;
    }

    /** Whether the buffer that holds the region has room for the whole payload of the frame that begins here. */
    boolean canCompleteInPlace() {
        return input.hasRoom(parser.payloadOffset(), parser.frameLength());
    }

    /**
     * Waits for the rest of a payload, or for its next part, and reads it directly into the target. Call it only if
     * {@link #canReadPayloadDirectly()}.
     *
     * @return the number of bytes read
     */
    int readPayload(ByteBuffer target) throws IOException, ProtocolViolationException {
        int from = target.position();
        beforeRead();
        int count = -1;
        try {
            count = input.read(target, parser.frameRemaining(), deadlines.readLimit());
        } finally {
            deadlines.read();
        }
        afterRead(count >= 0);
        parser.feed(target.array(), from, from + count);
        parser.next();
        spend(count);
        return count;
    }

    /** Like {@link InboundBuffer#spend}. */
    void spend(int bytes) {
        input.spend(bytes);
    }

    /** Sets the limit of waits for the peer from now on. */
    void limitWaits(TimeLimit limit) {
        deadlines.limitReads(limit);
    }

    /** The limit of waits for the peer. */
    TimeLimit limit() {
        return deadlines.readLimit();
    }

    /** Whether the next bytes from the network are payload of the current data frame. */
    boolean canReadPayloadDirectly() {
        // A receive may have been interrupted within a control frame between two fragments.
        return parser.frameRemaining() > 0 && parser.unread() == 0 && !parser.opcode().isControl();
    }

    /** The parser that the events are read from. */
    public FrameParser parser() {
        return parser;
    }

    /** Returns all buffers to the pool; nothing is read any more. */
    void end() {
        input.end();
    }

    /** Bytes of the read buffer, counted in the budget. For any thread, which may see an older state. */
    int heldBytes() {
        return input.heldBytes();
    }

    /** Whether there is no room to read ahead. For any thread. */
    boolean isFull() {
        return input.isAheadFull();
    }

    /** Whether {@link #giveUpWaiting()} was called. */
    boolean hasGivenUp() {
        return tooSlow;
    }

    /**
     * Records that the peer took too long to send a message: nothing that arrives from now on is parsed. Returns true the first
     * time.
     */
    public boolean giveUpWaiting() {
        boolean first = !tooSlow;
        tooSlow = true;
        return first;
    }

    /** The violation of a peer that took too long. */
    public ProtocolViolationException lateness() {
        return ProtocolViolationException.overLimit(POLICY_VIOLATION, "10.4", "messageTimeout",
                deadlines.exception(Deadlines.Due.MESSAGE_TIMEOUT).getMessage());
    }

    /** A message may be lent from the read buffer, until {@link #releaseRegion}. */
    void lend() {
        lent = true;
    }

    /** Nothing is lent from the read buffer, which is returned to the pool if all bytes in it are parsed. */
    void releaseRegion() {
        lent = false;
        if (parser.unread() == 0) {
            // As before a wait.
            parser.feed(NOTHING, 0, 0);
            input.release();
        }
    }

    /**
     * Passes over what arrived and is not yet parsed. Call it only if a turn of the reader ahead has answered all control
     * frames in it, and there are no other frames. Returns false, and does nothing, if this may be in a data frame.
     */
    boolean passAnswered() throws ProtocolViolationException {
        if (!parser.atFrameBoundary() && !parser.opcode().isControl()) {
            return false;
        }
        passRegion();
        if (!lent) {
            releaseRegion();
        }
        if (input.hasAhead()) {
            parser.feed(input.aheadArray(), input.aheadOffset(), input.aheadLength());
            passRegion();
            parser.feed(NOTHING, 0, 0);
            input.releaseAhead();
        }
        return true;
    }

    private void passRegion() throws ProtocolViolationException {
        Event event;
        while ((event = parser.next()) != Event.NEED_INPUT) {
            if (completes(event)) {
                pass();
                if (!parser.withinMessage()) {
                    deadlines.messageEnded();
                }
            }
        }
    }

    private void await() throws IOException, ProtocolViolationException {
        // Otherwise a waiting connection would keep a reference to the array of a buffer that the pool has dropped.
        parser.feed(NOTHING, 0, 0);
        beforeRead();
        boolean more;
        try {
            more = input.fill(deadlines.readLimit());
            if (input.hasWaited()) {
                owner.hasWaited();
            }
        } finally {
            deadlines.read();
        }
        afterRead(more);
        parser.feed(input.array(), 0, input.length());
    }

    private void beforeRead() throws IOException {
        // Held-back frames must not wait for the peer.
        owner.flush();
        ReadAhead ahead = readAhead;
        if (ahead != null) {
            ahead.receiverReads();
        }
        deadlines.reading(!parser.atFrameBoundary() || parser.withinMessage());
    }

    private void afterRead(boolean more) throws IOException, ProtocolViolationException {
        if (tooSlow) {
            throw lateness();
        }
        if (!more) {
            throw unexpectedEnd();
        }
        deadlines.heard();
    }

    /** This thread continues an incomplete message after it paused itself, which is not the peer's fault. */
    void messageContinues() {
        deadlines.messageContinues();
    }

    static EOFException unexpectedEnd() {
        return new EOFException("the peer ended the connection without a Close frame");
    }

    /** Processes an event of a control frame; returns true if it completed a Close frame. */
    private boolean takeControl(Event event) throws IOException, ProtocolViolationException {
        if (!completes(event)) {
            return false;
        }
        boolean isClose = parser.opcode() == Opcode.CLOSE;
        ReadAhead ahead = readAhead;
        if (ahead != null && ahead.wasAnswered()) {
            pass();
        } else {
            if (ahead != null && isClose) {
                ahead.receiverCloses();
            }
            serve(parser.hasFrame());
        }
        return isClose;
    }

    /** Whether messages must wait for rates. */
    boolean hasRates() {
        return input.hasRates();
    }

    /**
     * Waits for the rates of messages, but no longer than the limit. This thread does not receive yet, so that
     * control frames are processed meanwhile.
     *
     * @return false if the limit has passed
     */
    boolean awaitRates(TimeLimit limit) throws IOException {
        return input.transport().awaitMessage(limit);
    }

    /** No message has been received after {@link #awaitRates}. */
    void noMessage() {
        input.transport().noMessage();
    }

    /** Counts a message for the statistics. */
    void countMessage() {
        input.countMessage();
    }

    void countDecompressed(int compressed, int plain) {
        input.countDecompressed(compressed, plain);
        if (input.hasRates()) {
            input.transport().countInflated(plain);
        }
    }
}
