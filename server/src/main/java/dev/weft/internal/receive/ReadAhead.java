package dev.weft.internal.receive;

import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.FrameParser;
import dev.weft.parser.ProtocolViolationException;
import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * Continues protocol processing while no thread receives: reads the peer's bytes, as far as there is room, and answers the
 * control frames among them, in order. From the first data frame on, the bytes are kept unchanged for the next receive; at the
 * bound, TCP slows the peer down. Control frames before it are not kept once they have been answered.
 * <p>
 * When bytes may be unreceived, the timer {@linkplain #watchLater watches} this reader. A thread requests it when it ends a
 * receive and leaves bytes in its buffer; the transport's thread requests it when bytes arrive and no thread waits for them. If
 * no thread has received between two checks of the timer, 4 to 8 ms, a virtual thread takes a turn:
 * <pre>
 *   not watched ───── bytes may lie unreceived ──▶ watched ── none received ────────────▶ turn
 *          ▲                                          │                                     │
 *          └──── a thread waits for the peer ─────────┘                                     │
 *          └──── all is read: the transport is asked to report more, or there is no room ───┘
 * </pre>
 * A Close frame is answered at once, unless data precedes it, received or not: then the handler has half a second to receive
 * that data and to reply, if our Close frame has not been sent. It has the same time before a violation fails the connection.
 * Time during which a reply waits for the peer does not count. After the end of the peer's bytes it has half a second in all,
 * since a peer that has shut down its output may still read.
 * <p>
 * A turn {@linkplain FrameReader#tryClaim claims} the reader as a receive does, so there is one reader at a time. It begins to
 * scan at the receiver's position in its region, or where the last turn stopped if the receiver has not reached that.
 */
final class ReadAhead extends ShortTimer.Entry {
    /** The number of checks of the timer, 4 ms apart, without a receive before a turn is taken. */
    private static final int PATIENCE = 2;
    /** The same before an end takes effect that may follow data to which a thread will reply. The first check may be at once. */
    private static final int PATIENCE_WITH_END = 126;
    private static final long LONGEST_WAIT_NANOS = 1_000_000;

    private final FrameReader frames;
    private final InboundBuffer input;
    private final ReceiverOwner owner;
    private final Deadlines deadlines;

    /** The thread that waits for the end of a turn, in order to receive. */
    private volatile Thread waiter;

    /** Used only by the timer: the number of checks without a receive, and the number of claims so far. */
    private int looks;
    private int claimsSeen;

    /** Guarded by the claim: the scanner, if it is ahead of the receiver. */
    private FrameScanner scanner;
    private volatile int patience = PATIENCE;
    /** Whether the end of the peer's bytes was found, but has not taken effect yet. */
    private boolean holdsEnd;
    /** Set when nothing more is read ahead: the peer's Close frame, a violation, or the end was found. */
    private volatile boolean ended;

    ReadAhead(FrameReader frames, InboundBuffer input, ReceiverOwner owner, Deadlines deadlines) {
        this.frames = frames;
        this.input = input;
        this.owner = owner;
        this.deadlines = deadlines;
    }

    // The timer.

    @Override
    protected void look(ShortTimer timer) {
        unwatch();
        if (ended || frames.isOver()) {
            return;
        }
        if (frames.isClaimed()) {
            looks = 0;
            // If it waits for the peer, nothing is unreceived; at its end it checks again.
            if (!deadlines.isReading()) {
                watchLater(timer);
            }
        } else if (claimsSeen != frames.claims()
                || patience == PATIENCE_WITH_END && !holdsEnd && deadlines.isWriting()) {
            claimsSeen = frames.claims();
            looks = 0;
            watchLater(timer);
        } else if (++looks < (owner.isOpen() ? patience : PATIENCE)) {
            watchLater(timer);
        } else {
            looks = 0;
            startTurn(timer);
        }
    }

    /** If there is no memory for a thread, the timer tries again. */
    private void startTurn(ShortTimer timer) {
        boolean started = false;
        try {
            timer.startThread(this::takeTurn, failure -> watchLater(timer));
            started = true;
        } finally {
            if (!started) {
                watchLater(timer);
            }
        }
    }

    // A turn.

    private void takeTurn() {
        if (ended || !frames.tryClaim(this)) {
            // A thread that has received meanwhile checks at its end whether this is needed.
            return;
        }
        try {
            readOrEnd();
        } catch (Error e) {
            // For example, memory is exhausted: the scanner's position is lost.
            ended = true;
            owner.breakOff("the bytes that were read ahead could not be processed", e);
        } finally {
            if (ended) {
                owner.takeEnd();
            }
            frames.endTurn();
            LockSupport.unpark(waiter);
        }
        if (ended) {
            owner.endAhead();
        }
    }

    private void readOrEnd() {
        try {
            readAndScan();
        } catch (ProtocolViolationException e) {
            ended = true;
            owner.failed(e);
        } catch (IOException e) {
            ended = true;
            owner.translated(e);
        }
    }

    private void readAndScan() throws IOException, ProtocolViolationException {
        if (scanner != null && scanner.holdsEnd()) {
            scanner.takeEnd();
            ended = true;
            return;
        }
        if (holdsEnd) {
            // A reply that still waits is given up.
            throw deadlines.isWriting()
                    ? new IOException("the peer has gone", FrameReader.unexpectedEnd())
                    : FrameReader.unexpectedEnd();
        }
        if (scanner == null || !scanner.isAtEnd() && !input.hasAhead()) {
            // The receiver may have taken the data that the last turn found.
            scanner = new FrameScanner(frames, scanner == null ? 0 : scanner.answered());
            FrameParser parser = frames.parser();
            int from = parser.payloadOffset() + parser.payloadLength();
            scanner.scan(parser.array(), from, from + parser.unread());
            passAnswered();
        }
        int count = 1;
        while (count > 0 && !scanner.isAtEnd()) {
            count = input.readAhead(owner.readAheadSize());
            if (count > 0) {
                deadlines.heard();
                int to = input.aheadLength();
                scanner.scan(input.aheadArray(), to - count, to);
                passAnswered();
            }
        }
        input.shrinkAhead();
        finishTurn(count);
    }

    private void finishTurn(int count) throws IOException {
        holdsEnd = count == -1;
        if (scanner.holdsEnd() || holdsEnd) {
            patience = PATIENCE_WITH_END;
            watchLater(owner.timer());
        } else if (scanner.isAtEnd()) {
            ended = true;
        } else if (count == 0) {
            input.transport().reportUnread();
        }
        if (!scanner.isAtEnd() && !input.hasAhead() && frames.parser().unread() == 0) {
            // The receiver is as far.
            scanner = null;
        }
    }

    /** Nothing is kept for the receiver that it would only skip. */
    private void passAnswered() throws ProtocolViolationException {
        if (scanner.sawOnlyAnswered() && frames.passAnswered()) {
            scanner.isReached();
        }
    }

    // The thread that receives.

    /**
     * Called before the receiver reads from the network, or from the bytes that were read ahead.
     *
     * @throws EOFException if nothing is left before the end that was found here: the thread that found it may still read
     */
    void receiverReads() throws EOFException {
        if (!input.hasAhead()) {
            scanner = null;
            patience = PATIENCE;
            if (ended) {
                throw FrameReader.unexpectedEnd();
            }
        }
    }

    /** The receiver has reached a Close frame that was not answered by a turn, and answers it. */
    void receiverCloses() {
        scanner = null;
        patience = PATIENCE;
    }

    /** The receiver has reached a control frame: returns true if a turn has answered it. */
    boolean wasAnswered() {
        return scanner != null && scanner.wasAnswered();
    }

    /** Whether a turn has found the end, and the receiver has not reached it. */
    boolean isAheadOfEnd() {
        return ended && scanner != null && (!scanner.isClosed() || scanner.isAhead());
    }

    /** Waits for the end of a turn, but only for a moment. An interrupt ends the wait too. */
    void awaitEndOfTurn() {
        waiter = Thread.currentThread();
        if (frames.isTurnOf(this)) {
            LockSupport.parkNanos(this, LONGEST_WAIT_NANOS);
        }
    }
}
