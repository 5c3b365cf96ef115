package dev.weft.internal.receive;

import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;

/**
 * Looks at frames ahead of the thread that receives: answers the control frames, and leaves all bytes as they are, since
 * that thread will parse them too. It then passes over as many control frames as were answered here.
 */
final class FrameScanner extends ControlReader {
    private static final int PIECE = 512;
    private static final byte[] NOTHING = {};

    /** Control frames that the receiving thread has not come to yet. */
    private int answered;
    private boolean behindData;
    private boolean closed;
    private boolean holdsClose;

    /** A scanner at the place where this reader is. */
    FrameScanner(FrameReader reader) {
        super(reader);
    }

    /** Looks at the next bytes; nothing comes after the peer's Close frame. Waits as long as an answer to a ping does. */
    void scan(byte[] array, int from, int to) throws IOException, ProtocolViolationException {
        byte[] piece = new byte[Math.min(PIECE, to - from)];
        for (int at = from; at < to && !closed; at += piece.length) {
            int count = Math.min(piece.length, to - at);
            // A parser unmasks where the bytes lie.
            System.arraycopy(array, at, piece, 0, count);
            parser.feed(piece, 0, count);
            scanRegion();
        }
        if (!closed) {
            // Else a connection whose handler is busy would keep the piece.
            parser.feed(NOTHING, 0, 0);
        }
        owner.flush();
    }

    private void scanRegion() throws IOException, ProtocolViolationException {
        Event event;
        while (!closed && (event = parser.next()) != Event.NEED_INPUT) {
            if (!parser.opcode().isControl()) {
                behindData = true;
            } else if (completes(event)) {
                take();
            }
        }
    }

    private void take() throws IOException, ProtocolViolationException {
        boolean isClose = parser.opcode() == Opcode.CLOSE;
        holdsClose = isClose && behindData;
        if (!holdsClose) {
            answer(parser.unread() > 0);
        }
        closed = isClose;
    }

    /** One that breaks a rule counts as not answered: the receiving thread is to find the violation, too. */
    private void answer(boolean more) throws IOException, ProtocolViolationException {
        serve(more);
        answered++;
    }

    /** Whether the peer's Close frame came. */
    boolean isClosed() {
        return closed;
    }

    /** Whether the peer's Close frame came behind data that nobody has received, and is not answered. */
    boolean holdsClose() {
        return holdsClose;
    }

    /** Answers the Close frame that is held. */
    void answerClose() throws IOException, ProtocolViolationException {
        holdsClose = false;
        closed = false;
        answer(false);
        closed = true;
    }

    /** Whether there are control frames that were answered here and the receiving thread has not come to. */
    boolean isAhead() {
        return answered > 0;
    }

    /** The receiving thread has come to a control frame: true if it was answered here. */
    boolean wasAnswered() {
        if (answered == 0) {
            return false;
        }
        answered--;
        return true;
    }
}
