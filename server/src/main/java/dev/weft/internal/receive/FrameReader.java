package dev.weft.internal.receive;

import static dev.weft.parser.CloseCode.POLICY_VIOLATION;

import dev.weft.internal.close.ClosePayload;
import dev.weft.internal.time.Deadlines;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Pulls frames from the network and deals with the control frames among them (RFC 6455 §5.5): pings are answered, Close
 * frames too, pongs need nothing. What it hands on are the events of data frames. Belongs to the connection's thread.
 */
public final class FrameReader {
    private static final byte[] NOTHING = {};

    private final InboundBuffer input;
    private final FrameParser parser;
    private final ControlFrames control;
    private final Deadlines deadlines;

    /** The payload of a control frame that was cut, up to its position. */
    private ByteBuffer controlPayload;

    /** Set by the sweeper, whatever comes afterwards. */
    private volatile boolean tooSlow;

    /** A reader of a connection that is open. */
    public FrameReader(InboundBuffer input, FrameParser parser, ControlFrames control, Deadlines deadlines) {
        this.input = input;
        this.parser = parser;
        this.control = control;
        this.deadlines = deadlines;
    }

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
            } else if (!parser.opcode().isControl()) {
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
                more = input.fillBehind();
            } finally {
                deadlines.read();
            }
            afterRead(more);
            parser.feed(input.array(), from, input.length());
        }
        if (event == Event.FRAME_END && !parser.withinMessage()) {
            deadlines.messageEnded();
        }
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
            count = input.read(target, parser.frameRemaining());
        } finally {
            deadlines.read();
        }
        afterRead(count >= 0);
        parser.feed(target.array(), from, from + count);
        parser.next();
        return count;
    }

    /** Whether the next bytes from the network are payload of the current data frame. */
    boolean canReadPayloadDirectly() {
        return parser.frameRemaining() > 0 && parser.unread() == 0;
    }

    /** Where the events are read from. */
    public FrameParser parser() {
        return parser;
    }

    /** Gives the read buffer back; nothing is read any more. */
    void release() {
        input.release();
    }

    /** Bytes of the read buffer, counted in the budget. For any thread, which may see an older state. */
    int heldBytes() {
        return input.heldBytes();
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
            more = input.fill();
        } finally {
            deadlines.read();
        }
        afterRead(more);
        parser.feed(input.array(), 0, input.length());
    }

    private void beforeRead() throws IOException {
        // What was held back must not wait for the peer.
        control.flush();
        deadlines.reading(!parser.atFrameBoundary() || parser.withinMessage());
    }

    private void afterRead(boolean more) throws IOException, ProtocolViolationException {
        if (tooSlow) {
            throw lateness();
        }
        if (!more) {
            throw new EOFException("the peer ended the connection without a Close frame");
        }
    }

    /** Takes an event of a control frame; true when that frame was a Close frame. */
    private boolean takeControl(Event event) throws IOException, ProtocolViolationException {
        switch (event) {
            case FRAME -> {
                int from = parser.payloadOffset();
                return act(parser.array(), from, from + parser.payloadLength());
            }
            case FRAME_START -> {
                controlPayload = ByteBuffer.allocate((int) parser.frameLength());
            }
            case PAYLOAD -> {
                controlPayload.put(parser.array(), parser.payloadOffset(), parser.payloadLength());
            }
            case FRAME_END -> {
                byte[] payload = controlPayload.array();
                controlPayload = null;
                return act(payload, 0, payload.length);
            }
            case NEED_INPUT -> throw new AssertionError();
        }
        return false;
    }

    private boolean act(byte[] array, int from, int to) throws IOException, ProtocolViolationException {
        Opcode opcode = parser.opcode();
        if (opcode == Opcode.PING) {
            // §5.5.2: the same payload; not once our Close frame went (§5.5.1).
            control.answerPing(array, from, to, parser.hasFrame());
        } else if (opcode == Opcode.CLOSE) {
            control.answerClose(ClosePayload.decode(array, from, to));
            return true;
        }
        return false;
    }
}
