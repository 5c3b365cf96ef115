package dev.weft.internal.receive;

import dev.weft.internal.close.ClosePayload;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Assembles the control frames that a parser finds (RFC 6455 §5.5), and passes them to their owner, which answers them. For one
 * thread at a time.
 */
abstract class ControlReader {
    final FrameParser parser;
    final ReceiverOwner owner;
    /** The payload of a control frame that was cut, up to its position. */
    private ByteBuffer cut;

    ControlReader(FrameParser parser, ReceiverOwner owner) {
        this.parser = parser;
        this.owner = owner;
    }

    /** A reader that continues where the other one is, with another parser. */
    ControlReader(ControlReader other) {
        this(other.parser.copy(), other.owner);
        if (other.cut != null) {
            this.cut = ByteBuffer.allocate(other.cut.capacity()).put(other.cut.array(), 0, other.cut.position());
        }
    }

    /** Processes an event of a control frame; returns true if the frame is complete now. */
    final boolean completes(Event event) {
        switch (event) {
            case FRAME -> {
                return true;
            }
            case FRAME_START -> cut = ByteBuffer.allocate((int) parser.frameLength());
            case PAYLOAD -> cut.put(parser.array(), parser.payloadOffset(), parser.payloadLength());
            case FRAME_END -> {
                return true;
            }
            case NEED_INPUT -> throw new AssertionError();
        }
        return false;
    }

    /**
     * Answers the complete control frame, or passes it on if it is a pong.
     *
     * @param more whether the next frame has arrived, so that this answer may be written together with the next one
     */
    final void serve(boolean more) throws IOException, ProtocolViolationException {
        ByteBuffer whole = cut;
        cut = null;
        if (whole == null) {
            int from = parser.payloadOffset();
            serve(parser.array(), from, from + parser.payloadLength(), more);
        } else {
            serve(whole.array(), 0, whole.capacity(), more);
        }
    }

    private void serve(byte[] array, int from, int to, boolean more) throws IOException, ProtocolViolationException {
        Opcode opcode = parser.opcode();
        if (opcode == Opcode.PING) {
            // §5.5.2: the same payload; not after our Close frame was sent (§5.5.1).
            owner.answerPing(array, from, to, more);
        } else if (opcode == Opcode.CLOSE) {
            owner.answerClose(ClosePayload.decode(array, from, to));
        } else {
            owner.pong(array, from, to);
        }
    }

    /** Drops the complete control frame, since it has already been answered. */
    final void pass() {
        cut = null;
    }
}
