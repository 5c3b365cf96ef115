package dev.weft.internal.receive;

import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;

/**
 * Scans frames ahead of the thread that receives: answers the control frames and leaves all bytes unchanged, because that
 * thread will parse them too. That thread then skips the control frames that were answered by this scanner.
 */
final class FrameScanner extends ControlReader {
    private static final int PIECE = 512;
    private static final byte[] NOTHING = {};

    /** The number of answered control frames that the receiving thread has not reached yet. */
    private int answered;
    /** The number of control frames to come that another scanner has answered. */
    private int answeredBefore;
    /** Whether a thread has received, and may still reply to that. */
    private final boolean mayReply;
    private boolean afterData;
    private boolean closed;
    private boolean holdsClose;
    private ProtocolViolationException violation;

    /**
     * A scanner that starts at the reader's current position.
     *
     * @param answeredBefore the number of the next control frames that have been answered
     */
    FrameScanner(FrameReader reader, int answeredBefore) {
        super(reader);
        this.answeredBefore = answeredBefore;
        this.mayReply = reader.claims() != 0;
    }

    /** Scans the next bytes, up to the peer's Close frame or a violation. Waits as long as answering a ping does. */
    void scan(byte[] array, int from, int to) throws IOException {
        try {
            scanPieces(array, from, to);
        } catch (ProtocolViolationException e) {
            violation = e;
        }
        owner.flush();
    }

    private void scanPieces(byte[] array, int from, int to) throws IOException, ProtocolViolationException {
        byte[] piece = new byte[Math.min(PIECE, to - from)];
        for (int at = from; at < to && !closed; at += piece.length) {
            int count = Math.min(piece.length, to - at);
            // A parser unmasks in place.
            System.arraycopy(array, at, piece, 0, count);
            parser.feed(piece, 0, count);
            scanRegion();
        }
        if (!closed) {
            // Otherwise a connection whose handler is busy would keep a reference to the piece.
            parser.feed(NOTHING, 0, 0);
        }
    }

    private void scanRegion() throws IOException, ProtocolViolationException {
        Event event;
        while (!closed && (event = parser.next()) != Event.NEED_INPUT) {
            if (!parser.opcode().isControl()) {
                afterData = true;
            } else if (completes(event)) {
                take();
            }
        }
    }

    private void take() throws IOException, ProtocolViolationException {
        if (answeredBefore > 0) {
            pass();
            answeredBefore--;
            answered++;
            return;
        }
        boolean isClose = parser.opcode() == Opcode.CLOSE;
        holdsClose = isClose && (afterData || mayReply);
        if (!holdsClose) {
            answer(parser.unread() > 0);
        }
        closed = isClose;
    }

    /** A frame that breaks a rule does not count as answered: the receiving thread must find the violation too. */
    private void answer(boolean more) throws IOException, ProtocolViolationException {
        serve(more);
        answered++;
    }

    /** Whether everything so far were control frames that are answered, or the beginning of a frame. */
    boolean sawOnlyAnswered() {
        return !afterData && !isAtEnd();
    }

    /** The receiving thread's place is now that of this scanner. */
    void isReached() {
        answered = 0;
    }

    /** Whether the peer's Close frame has arrived. */
    boolean isClosed() {
        return closed;
    }

    /** Whether nothing more can be scanned: the peer's Close frame has arrived, or a violation. */
    boolean isAtEnd() {
        return closed || violation != null;
    }

    /**
     * Whether the end was found, but has not taken effect: a violation, or a Close frame that is not answered yet because a
     * reply to the data before it may come.
     */
    boolean holdsEnd() {
        return violation != null || holdsClose;
    }

    /** Throws the violation that was found, or answers the Close frame that was not answered yet. */
    void takeEnd() throws IOException, ProtocolViolationException {
        if (violation != null) {
            throw violation;
        }
        holdsClose = false;
        closed = false;
        answer(false);
        closed = true;
    }

    /** The number of answered control frames that the receiving thread has not reached. */
    int answered() {
        return answered;
    }

    /** Whether there are answered control frames that the receiving thread has not reached. */
    boolean isAhead() {
        return answered > 0;
    }

    /** The receiving thread has reached a control frame: returns true if this scanner has answered it. */
    boolean wasAnswered() {
        if (answered == 0) {
            return false;
        }
        answered--;
        return true;
    }
}
