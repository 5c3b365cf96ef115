package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes all events of a {@link FrameParser}, region by region, checks their order, and records their contents. */
public final class Reading {
    private FrameParser parser;
    private final List<Frame> frames = new ArrayList<>();
    private ByteArrayOutputStream payload;
    private ProtocolViolationException violation;

    public Reading(FrameParser parser) {
        this.parser = parser;
    }

    /** All bytes as one region that ends at the end of its array. */
    public static Outcome whole(FrameParser parser, byte[] bytes) {
        return new Reading(parser).feed(bytes).outcome();
    }

    /** Feeds a copy; the region is the whole array. */
    public Reading feed(byte[] bytes) {
        return feed(bytes.clone(), 0, bytes.length);
    }

    /** Feeds a copy of a part; the region is the whole array. */
    public Reading feedPart(byte[] bytes, int from, int to) {
        return feed(Arrays.copyOfRange(bytes, from, to), 0, to - from);
    }

    /** From now on, bytes are fed to a copy of the parser. */
    Reading goOnWithACopy() {
        parser = parser.copy();
        return this;
    }

    public Reading feed(byte[] array, int from, int to) {
        if (violation != null) {
            return this;
        }
        parser.feed(array, from, to);
        try {
            while (pull(array)) {}
            assertEquals(0, parser.unread());
        } catch (ProtocolViolationException e) {
            violation = e;
            // After a violation, the parser throws it again, whatever it is fed.
            assertSame(e, assertThrows(ProtocolViolationException.class, parser::next));
            parser.feed(new byte[]{(byte) 0x81, 0}, 0, 2);
            assertSame(e, assertThrows(ProtocolViolationException.class, parser::next));
        }
        return this;
    }

    private boolean pull(byte[] array) throws ProtocolViolationException {
        boolean frameAhead = parser.hasFrame();
        FrameParser.Event event = parser.next();
        assertSame(array, parser.array());
        assertTrue(!frameAhead || event == FrameParser.Event.FRAME, "hasFrame() was true before " + event);
        switch (event) {
            case FRAME -> {
                begin();
                take(array);
                finish();
            }
            case FRAME_START -> {
                begin();
                assertEquals(0, parser.payloadLength());
                assertTrue(parser.frameRemaining() > 0);
            }
            case PAYLOAD -> {
                assertTrue(parser.payloadLength() > 0);
                take(array);
                assertEquals(parser.frameLength() - payload.size(), parser.frameRemaining());
            }
            case FRAME_END -> {
                assertEquals(0, parser.payloadLength());
                finish();
            }
            case NEED_INPUT -> {
                return false;
            }
        }
        return true;
    }

    private void begin() {
        assertEquals(null, payload, "a frame inside a frame");
        payload = new ByteArrayOutputStream();
    }

    private void take(byte[] array) {
        payload.write(array, parser.payloadOffset(), parser.payloadLength());
    }

    private void finish() {
        assertEquals(parser.frameLength(), payload.size());
        assertEquals(0, parser.frameRemaining());
        assertTrue(parser.atFrameBoundary());
        frames.add(current());
        payload = null;
    }

    private Frame current() {
        return new Frame(parser.fin(), parser.rsv(), parser.opcode().code(), payload.toByteArray());
    }

    public boolean failed() {
        return violation != null;
    }

    /** The exception itself, or {@code null}. */
    ProtocolViolationException violation() {
        return violation;
    }

    public Outcome outcome() {
        if (violation != null) {
            assertEquals(null, payload, "a violation inside a payload");
            return new Outcome(frames, null, 0, new Outcome.Violation(violation.closeCode(), violation.section()),
                    false, false);
        }
        boolean unfinished = payload != null;
        if (unfinished) {
            assertFalse(parser.atFrameBoundary());
        }
        return new Outcome(frames, unfinished ? current() : null, unfinished ? parser.frameRemaining() : 0, null,
                parser.atFrameBoundary(), parser.withinMessage());
    }
}
