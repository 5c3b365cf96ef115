package dev.weft.internal.receive;

import static dev.weft.parser.CloseCode.POLICY_VIOLATION;

import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import dev.weft.internal.time.Turn;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * Pulls frames from the network and deals with the control frames among them (RFC 6455 §5.5): pings are answered, Close
 * frames too, pongs are passed on. What it hands on are the events of data frames.
 * <p>
 * Belongs to the thread that has {@linkplain #claim() claimed} it: one that receives, for the time of a call, or meanwhile
 * that of the {@link ReadAhead}.
 */
public final class FrameReader extends ControlReader implements Transport.UnreadListener {
    private static final byte[] NOTHING = {};

    private static final long RETRY_NANOS = 1_000_000;

    private static final VarHandle RECEIVER;
    private static final VarHandle READ_AHEAD;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            RECEIVER = lookup.findVarHandle(FrameReader.class, "receiver", Object.class);
            READ_AHEAD = lookup.findVarHandle(FrameReader.class, "readAhead", ReadAhead.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final InboundBuffer input;
    private final Deadlines deadlines;
    private final ShortTimer timer;

    /** Who uses this: the thread that receives, or {@link #readAhead}; {@code null} if nobody does. */
    private volatile Object receiver;
    /** The thread that received last; and the number of receives, which wraps around, and which the timer may see late. */
    private Thread lastReceiver;
    private boolean nextWasHere;
    private int claims;
    /** Nobody but the thread that ends the connection uses this any more. */
    private volatile boolean over;
    /** Made when it is needed first. */
    private volatile ReadAhead readAhead;

    /** Set by the sweeper, whatever comes afterwards. */
    private volatile boolean tooSlow;

    /** A reader of a connection that is open; what was read before is to be fed to the parser. */
    public FrameReader(InboundBuffer input, FrameParser parser, ReceiverOwner owner, Deadlines deadlines,
            ShortTimer timer) {
        super(parser, owner);
        this.input = input;
        this.deadlines = deadlines;
        this.timer = timer;
    }

    // Who uses this.

    /** From here on what the peer sends is looked at even if nobody receives. */
    void start() {
        input.transport().onUnread(this);
        watchIfNeeded(parser.unread() > 0);
    }

    /**
     * Makes this thread the one that receives, until {@link #release()}. Waits for the end of a turn of the reader ahead.
     *
     * @throws IllegalStateException                  if another thread receives
     * @throws dev.weft.ConnectionClosedException if nobody can receive any more
     */
    void claim() throws IOException {
        Thread current = Thread.currentThread();
        if (!tryClaim(current)) {
            awaitClaim(current);
        }
        lastReceiver = current;
        claims++;
    }

    /** Whether this thread has received last, and the next frame had arrived whole then. For any thread. */
    boolean hasNextFrame() {
        return nextWasHere && lastReceiver == Thread.currentThread();
    }

    private void awaitClaim(Thread current) throws IOException {
        boolean interrupted = false;
        while (!tryClaim(current)) {
            Object holder = receiver;
            if (over) {
                restoreInterrupt(interrupted);
                throw owner.closed();
            } else if (holder instanceof Thread) {
                restoreInterrupt(interrupted);
                throw new IllegalStateException("another thread receives: " + holder);
            } else if (holder instanceof ReadAhead ahead) {
                ahead.awaitEndOfTurn();
                interrupted |= Thread.interrupted();
            }
        }
        restoreInterrupt(interrupted);
    }

    private static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Makes this thread the last one that receives. Waits for the end of a receive by another thread: a message or the peer's
     * Close frame comes, a deadline passes, or the transport is closed.
     *
     * @param whenInterrupted what to do if this thread is interrupted, whose wait goes on
     */
    void claimForGood(Runnable whenInterrupted) {
        over = true;
        Thread current = Thread.currentThread();
        boolean interrupted = false;
        while (!tryClaim(current)) {
            LockSupport.parkNanos(this, RETRY_NANOS);
            if (Thread.interrupted()) {
                interrupted = true;
                whenInterrupted.run();
            }
        }
        restoreInterrupt(interrupted);
    }

    /** Makes a thread, or the reader ahead, the one who uses this, if nobody does. Does not wait. */
    boolean tryClaim(Object user) {
        return RECEIVER.compareAndSet(this, null, user);
    }

    /** This thread no longer receives. */
    void release() {
        boolean more = parser.unread() > 0;
        nextWasHere = parser.hasFrame();
        RECEIVER.setRelease(this, null);
        watchIfNeeded(more);
    }

    /** The turn of the reader ahead is over. */
    void endTurn() {
        receiver = null;
    }

    /** Whether this reader ahead takes its turn. For any thread. */
    boolean isTurnOf(ReadAhead ahead) {
        return receiver == ahead;
    }

    /** Whether nobody will receive any more. For any thread. */
    boolean isOver() {
        return over;
    }

    /** Whether anybody uses this. For any thread. */
    boolean isClaimed() {
        return receiver != null;
    }

    /** The number of receives so far, which wraps around and may be late. For any thread. */
    int claims() {
        return claims;
    }

    /** What was received and not yet parsed may be a control frame, which must not wait for the next receive. */
    private void watchIfNeeded(boolean more) {
        ReadAhead ahead = readAhead;
        if (more || ahead != null && ahead.isNoticed() || !input.transport().tellsOfUnread()) {
            readAhead().watchLater(timer);
        }
    }

    /** Bytes came while no thread waited for them. */
    @Override
    public void unread() {
        if (!over) {
            readAhead().notice();
        }
    }

    /** The reader ahead, if it was needed so far. */
    ReadAhead readAheadIfAny() {
        return readAhead;
    }

    private ReadAhead readAhead() {
        ReadAhead ahead = readAhead;
        if (ahead == null) {
            ReadAhead created = new ReadAhead(this, input, owner, deadlines, timer);
            ahead = (ReadAhead) READ_AHEAD.compareAndExchange(this, null, created);
            ahead = ahead == null ? created : ahead;
        }
        return ahead;
    }

    /** Whether the connection's end was found ahead of the thread that receives, and lies before it. */
    boolean isBeforeEnd() {
        ReadAhead ahead = readAhead;
        return ahead != null && ahead.isAheadOfEnd();
    }

    // Frames.

    /**
     * Waits for the next event of a data frame.
     *
     * @return any but {@link Event#NEED_INPUT}, or {@code null} when the peer's Close frame came
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
            spend(Turn.FRAME + parser.payloadLength());
            if (!parser.opcode().isControl()) {
                return event;
            } else if (takeControl(event)) {
                return null;
            }
        }
    }

    /**
     * Waits for the next event of the frame whose payload began in this region, and puts what comes after the region, so
     * that the payload lies in one piece; only for when {@link #canCompleteInPlace()}.
     */
    Event nextInPlace() throws IOException, ProtocolViolationException {
        Event event;
        while ((event = parser.next()) == Event.NEED_INPUT) {
            int from = input.length();
            beforeRead();
            boolean more;
            try {
                more = input.fillBehind(deadlines.readLimit());
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
     * Waits for the rest of a payload, or the first part of it, right where it shall be; only for when
     * {@link #canReadPayloadDirectly()}.
     *
     * @return how many bytes came
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

    /** As {@link InboundBuffer#spend}. */
    void spend(int bytes) {
        input.spend(bytes);
    }

    /** Sets how long waits for the peer may last, from now on. */
    void limitWaits(TimeLimit limit) {
        deadlines.limitReads(limit);
    }

    /** How long waits for the peer may last. */
    TimeLimit limit() {
        return deadlines.readLimit();
    }

    /** Whether the next bytes from the network are payload of the current data frame; a wait may have ended within another. */
    boolean canReadPayloadDirectly() {
        return parser.frameRemaining() > 0 && parser.unread() == 0 && !parser.opcode().isControl();
    }

    /** Where the events are read from. */
    public FrameParser parser() {
        return parser;
    }

    /** Gives all buffers back; nothing is read any more. */
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

    /** Says that the peer took too long over a message: nothing that comes now is looked at. True the first time. */
    public boolean giveUpWaiting() {
        boolean first = !tooSlow;
        tooSlow = true;
        return first;
    }

    /** What a peer that took too long is told. */
    public ProtocolViolationException lateness() {
        return new ProtocolViolationException(POLICY_VIOLATION, "10.4",
                deadlines.exception(Deadlines.Due.MESSAGE_TIMEOUT).getMessage());
    }

    private void await() throws IOException, ProtocolViolationException {
        // Else a connection that waits would keep the array of a buffer that the pool has dropped.
        parser.feed(NOTHING, 0, 0);
        beforeRead();
        boolean more;
        try {
            more = input.fill(deadlines.readLimit());
        } finally {
            deadlines.read();
        }
        afterRead(more);
        parser.feed(input.array(), 0, input.length());
    }

    private void beforeRead() throws IOException {
        // What was held back must not wait for the peer.
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

    static EOFException unexpectedEnd() {
        return new EOFException("the peer ended the connection without a Close frame");
    }

    /** Takes an event of a control frame; true when that frame was a Close frame. */
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
}
