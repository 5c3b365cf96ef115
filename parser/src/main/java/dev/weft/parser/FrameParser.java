package dev.weft.parser;

import static dev.weft.parser.FrameHeader.FIN;
import static dev.weft.parser.FrameHeader.LENGTH_16;
import static dev.weft.parser.FrameHeader.LENGTH_64;
import static dev.weft.parser.FrameHeader.MASK;
import static dev.weft.parser.FrameHeader.MAX_CONTROL_PAYLOAD;
import static dev.weft.parser.FrameHeader.RSV;

import dev.weft.parser.internal.Bounds;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Turns bytes into frames and enforces the framing rules (RFC 6455 §5.2–§5.5).
 * <p>
 * This is a pull parser: pass it a region of bytes with {@link #feed}, then call {@link #next()} until it returns
 * {@link Event#NEED_INPUT}. Then all bytes of the region have been consumed. The parser has no internal buffer. If a
 * region ends within a header, the parser keeps the beginning of that header in a few fields. Payload is unmasked in
 * place, in the caller's array. A frame whose whole payload is in the region is one event, {@link Event#FRAME}. A frame
 * that is split across regions is one {@link Event#FRAME_START}, any number of {@link Event#PAYLOAD}, and one
 * {@link Event#FRAME_END}. {@snippet class = "dev.weft.parser.Snippets" region = "parse"} It checks the order of
 * fragments but does not join them. It does not inspect payloads: the message layer checks UTF-8 and the contents of
 * Close frames. It throws a {@link ProtocolViolationException} only after it has delivered every valid frame before the
 * violation, and throws it again on each further call.
 * <p>
 * Not thread-safe. Never blocks; allocates nothing.
 */
public final class FrameParser {
    /** The events that {@link #next()} returns. */
    public enum Event {
        /** A frame with its whole payload, which may be empty. */
        FRAME,
        /** The header of a frame whose payload has not arrived completely. */
        FRAME_START,
        /** A further part of the payload, at least one byte. */
        PAYLOAD,
        /** The payload of the frame is complete. */
        FRAME_END,
        /** All bytes of the region have been consumed. */
        NEED_INPUT
    }

    /*
     *   HEADER, CUT_HEADER ── all of it is here: FRAME ──────▶ HEADER
     *   HEADER, CUT_HEADER ── payload is cut: FRAME_START ───▶ PAYLOAD
     *   HEADER, CUT_HEADER ── header is cut: NEED_INPUT ─────▶ CUT_HEADER
     *   PAYLOAD ── more to come: PAYLOAD, then NEED_INPUT ───▶ PAYLOAD
     *   PAYLOAD ── the last bytes: PAYLOAD ──────────────────▶ END
     *   END ── FRAME_END ────────────────────────────────────▶ HEADER
     *   any ── violation ────────────────────────────────────▶ FAILED, for good
     */
    private enum State {
        HEADER, CUT_HEADER, PAYLOAD, END, FAILED
    }

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /*
     * Which first bytes are allowed, apart from RSV: bit number FIN << 4 | opcode. Control frames are allowed only with FIN
     * (§5.5), so the lower half holds data frames only (§5.4).
     */
    private static final int CONTROL_FRAMES = 1 << 24 | 1 << 25 | 1 << 26;
    private static final int BETWEEN_MESSAGES = CONTROL_FRAMES | 0b110 | 0b110 << 16;
    private static final int WITHIN_MESSAGE = CONTROL_FRAMES | 0b001 | 0b001 << 16;

    /** The longest header that one eight-byte load covers. */
    private static final int LOADED = 8;
    /** All bits of a header's first two bytes, loaded as little-endian, except the length. */
    private static final int HEAD = MASK << 8 | 0xff;
    /** A {@link #wholeText} that no header equals. */
    private static final int NONE = -2;

    private final boolean masked;
    private final byte claimedRsv;
    private final long maxFrameLength;

    private byte[] array = {};
    private int position;
    private int end;

    private State state = State.HEADER;
    private int allowed = BETWEEN_MESSAGES;
    /**
     * The bits under {@link #HEAD} of a valid text message of one frame without RSV bits, if such a frame may begin now;
     * otherwise {@link #NONE}. For a binary message the value is one more. So one comparison detects a frame of the common
     * kind, whose header changes no state.
     */
    private int wholeText;
    private ProtocolViolationException violation;

    // The current frame.
    private int firstByte = FIN;
    private long frameLength;
    private long remaining;
    private int key;
    private int payloadLength;

    // A header that was cut: the number of bytes read so far, and its second byte.
    private byte headerBytes;
    private byte secondByte;

    /**
     * Creates a parser at the start of a connection's frames, with no extension.
     *
     * @param role           which end this is: {@link Role#SERVER} demands masked frames, {@link Role#CLIENT} unmasked ones
     * @param maxFrameLength the maximum payload length in bytes that a frame may declare, at least 125; a longer frame fails
     *                       with 1009
     */
    public FrameParser(Role role, long maxFrameLength) {
        this(role, maxFrameLength, 0);
    }

    /**
     * Creates a parser at the start of a connection's frames.
     *
     * @param role           which end this is: {@link Role#SERVER} demands masked frames, {@link Role#CLIENT} unmasked ones
     * @param maxFrameLength the maximum payload length in bytes that a frame may declare, at least 125; a longer frame fails
     *                       with 1009
     * @param claimedRsv     the RSV bits ({@link FrameHeader#RSV1} …) that negotiated extensions claim: allowed on the first
     *                       frame of a message, and there only
     * @throws IllegalArgumentException if the length is less than 125 or a bit is not one of the RSV bits
     */
    public FrameParser(Role role, long maxFrameLength, int claimedRsv) {
        Bounds.check("maxFrameLength", maxFrameLength, MAX_CONTROL_PAYLOAD, Long.MAX_VALUE);
        if ((claimedRsv & ~RSV) != 0) {
            throw new IllegalArgumentException("not RSV bits: " + claimedRsv);
        }
        this.masked = role.receivesMasked();
        this.maxFrameLength = maxFrameLength;
        this.claimedRsv = (byte) claimedRsv;
        this.wholeText = wholeText();
    }

    private FrameParser(FrameParser other) {
        this.masked = other.masked;
        this.maxFrameLength = other.maxFrameLength;
        this.claimedRsv = other.claimedRsv;
        this.state = other.state;
        this.allowed = other.allowed;
        this.wholeText = other.wholeText;
        this.violation = other.violation;
        this.firstByte = other.firstByte;
        this.frameLength = other.frameLength;
        this.remaining = other.remaining;
        this.key = other.key;
        this.headerBytes = other.headerBytes;
        this.secondByte = other.secondByte;
    }

    /**
     * Returns another parser at the same position in the connection's frames, for parsing ahead of this one. It has no
     * region yet: first feed it a copy of the bytes that this parser has not consumed. They must be a copy, because
     * both parsers unmask in place.
     */
    public FrameParser copy() {
        return new FrameParser(this);
    }

    /**
     * Gives the parser its next bytes. The array belongs to the caller; until the region is consumed, the parser reads
     * the region and unmasks payload in it. The values that the accessors returned for the last event are no longer
     * valid.
     *
     * @throws IllegalStateException     if the previous region has not been fully consumed
     * @throws IndexOutOfBoundsException if the region is not within the array
     */
    public void feed(byte[] array, int from, int to) {
        Objects.checkFromToIndex(from, to, array.length);
        if (position != end && state != State.FAILED) {
            throw new IllegalStateException((end - position) + " bytes of the previous region have not been consumed");
        }
        this.array = array;
        this.position = from;
        this.end = to;
    }

    /**
     * Advances to the next event. The values that the accessors returned for the last event are no longer valid.
     *
     * @throws ProtocolViolationException if the peer broke a framing rule
     */
    public Event next() throws ProtocolViolationException {
        int p = position;
        if (end - p >= LOADED) {
            long head = (long) LONG.get(array, p);
            if ((((int) head & HEAD) - wholeText & ~1) == 0) {
                int length = (int) head >>> 8 & 0x7f;
                int maskingKey = (int) (head >>> 16);
                p += shortHeader();
                if (length >= LENGTH_16) {
                    length = length == LENGTH_16 ? goodLength16(maskingKey) : Integer.MAX_VALUE;
                    maskingKey = (int) (head >>> 32);
                    p += 2;
                }
                if (length <= end - p) {
                    return frame((int) head & 0xff, length, maskingKey, p);
                }
            }
        }
        return nextAnywhere();
    }

    /** Returns the 16-bit length in the two lower bytes; if it is not valid, a value larger than any region. */
    private int goodLength16(int bytes) {
        int length = Integer.reverseBytes(bytes) >>> 16;
        return length < LENGTH_16 || length > maxFrameLength ? Integer.MAX_VALUE : length;
    }

    /**
     * Handles the cases that {@link #next()} does not handle itself. It is called from one place only, so that C2 does not
     * inline it there: inlining it would make next() too long to be inlined itself.
     */
    private Event nextAnywhere() throws ProtocolViolationException {
        Event event = switch (state) {
            case HEADER -> nextHeader();
            case CUT_HEADER -> pieceOfHeader();
            case PAYLOAD, END, FAILED -> nextInFrame();
        };
        wholeText = wholeText();
        return event;
    }

    private int wholeText() {
        int head = (masked ? MASK << 8 : 0) | FIN | Opcode.TEXT.code();
        return state == State.HEADER && allowed == BETWEEN_MESSAGES ? head : NONE;
    }

    private Event nextHeader() throws ProtocolViolationException {
        int p = position;
        int available = end - p;
        if (available == 0) {
            return Event.NEED_INPUT;
        }
        if (available < LOADED) {
            return pieceOfHeader();
        }
        long head = (long) LONG.get(array, p);
        int first = (int) head & 0xff;
        int second = (int) head >>> 8 & 0xff;
        checkFirst(first);
        checkSecond(first, second);
        int length = second & 0x7f;
        int maskingKey = (int) (head >>> 16);
        p += shortHeader();
        if (length == LENGTH_64) {
            return pieceOfHeader();
        }
        if (length == LENGTH_16) {
            length = (int) (head >>> 16 & 0xff) << 8 | (int) (head >>> 24 & 0xff);
            checkLength(length, LENGTH_16);
            maskingKey = (int) (head >>> 32);
            p += 2;
        }
        return begin(first, length, maskingKey, p);
    }

    /**
     * Whether the rest of the region contains at least one more whole frame, valid or not. Always false in the middle
     * of a frame. A frame with a payload of more than 65,535 bytes does not count.
     */
    public boolean hasFrame() {
        int p = position;
        int available = end - p;
        int headerLength = shortHeader();
        if (state != State.HEADER || available < headerLength) {
            return false;
        }
        int length = array[p + 1] & 0x7f;
        if (length < LENGTH_16) {
            return available >= headerLength + length;
        }
        headerLength += 2;
        return length == LENGTH_16 && available >= headerLength
                && available >= headerLength + ((array[p + 2] & 0xff) << 8 | array[p + 3] & 0xff);
    }

    /** Whether the bytes so far end at the end of a frame. */
    public boolean atFrameBoundary() {
        return state == State.HEADER;
    }

    /** Whether a fragmented message is incomplete: its last frame so far had no FIN (§5.4). */
    public boolean withinMessage() {
        return allowed == WITHIN_MESSAGE;
    }

    /** The number of bytes of the region that are not yet consumed. */
    public int unread() {
        return end - position;
    }

    /** The array that was last fed, into which {@link #payloadOffset()} points. */
    public byte[] array() {
        return array;
    }

    /** The offset in {@link #array()} at which the payload, or this part of it, begins. */
    public int payloadOffset() {
        return position - payloadLength;
    }

    /** The length of the payload, or of this part of it, in bytes. */
    public int payloadLength() {
        return payloadLength;
    }

    /** The payload length that the current frame declares, in bytes. */
    public long frameLength() {
        return frameLength;
    }

    /** The number of bytes of the current frame's payload that have not been delivered yet. */
    public long frameRemaining() {
        return state == State.PAYLOAD ? remaining : 0;
    }

    /** The current frame's opcode. */
    public Opcode opcode() {
        return Opcode.ofFirstByte(firstByte);
    }

    /** Whether the current frame is the last of its message. */
    public boolean fin() {
        return (firstByte & FIN) != 0;
    }

    /** The current frame's RSV bits ({@link FrameHeader#RSV1} …). */
    public int rsv() {
        return firstByte & RSV;
    }

    /** The current frame's header as a value; the only method here that allocates. */
    public FrameHeader header() {
        return new FrameHeader(fin(), rsv(), opcode(), masked, masked ? key : 0, frameLength);
    }

    /** Begins a frame whose header is valid and whose whole payload is in the region; the payload begins at {@code p}. */
    private Event frame(int first, int length, int maskingKey, int p) {
        setHeader(first, length, maskingKey);
        payloadLength = length;
        position = p + length;
        if (masked) {
            Masking.xor(array, p, p + length, maskingKey);
        }
        return Event.FRAME;
    }

    /** Begins a frame whose header is valid; the payload begins at {@code p} and may extend beyond the region. */
    private Event begin(int first, long length, int maskingKey, int p) {
        if ((first & 0x8) == 0) {
            allowed = (first & FIN) != 0 ? BETWEEN_MESSAGES : WITHIN_MESSAGE;
        }
        if (length <= end - p) {
            return frame(first, (int) length, maskingKey, p);
        }
        setHeader(first, length, maskingKey);
        payloadLength = 0;
        position = p;
        remaining = length;
        state = State.PAYLOAD;
        return Event.FRAME_START;
    }

    private void setHeader(int first, long length, int maskingKey) {
        firstByte = first;
        frameLength = length;
        key = maskingKey;
    }

    /** The length in bytes of a header without an extended length. */
    private int shortHeader() {
        return masked ? 6 : 2;
    }

    private Event nextInFrame() throws ProtocolViolationException {
        if (state == State.FAILED) {
            throw violation;
        }
        if (state == State.END) {
            payloadLength = 0;
            state = State.HEADER;
            return Event.FRAME_END;
        }
        int length = (int) Math.min(end - position, remaining);
        if (length == 0) {
            return Event.NEED_INPUT;
        }
        payloadLength = length;
        position += length;
        if (masked) {
            Masking.xor(array, position - length, position, Masking.advance(key, (int) (frameLength - remaining)));
        }
        remaining -= length;
        if (remaining == 0) {
            state = State.END;
        }
        return Event.PAYLOAD;
    }

    /** Reads byte by byte a header that is split across regions or has a 64-bit length. */
    private Event pieceOfHeader() throws ProtocolViolationException {
        while (position < end) {
            int b = array[position++] & 0xff;
            int index = headerBytes++;
            int extended = secondByte < LENGTH_16 ? 0 : secondByte == LENGTH_16 ? 2 : 8;
            if (index == 0) {
                checkFirst(b);
                firstByte = b;
                continue;
            } else if (index == 1) {
                checkSecond(firstByte, b);
                secondByte = (byte) (b & 0x7f);
                extended = secondByte < LENGTH_16 ? 0 : secondByte == LENGTH_16 ? 2 : 8;
                frameLength = extended == 0 ? secondByte : 0;
                key = 0;
            } else if (index < 2 + extended) {
                frameLength = frameLength << 8 | b;
                if (index == 1 + extended) {
                    checkLength(frameLength, secondByte);
                }
            } else {
                key |= b << (index - 2 - extended << 3);
            }
            if (headerBytes == 2 + extended + (masked ? 4 : 0)) {
                headerBytes = 0;
                state = State.HEADER;
                return begin(firstByte, frameLength, key, position);
            }
        }
        state = State.CUT_HEADER;
        return Event.NEED_INPUT;
    }

    private boolean isAllowed(int first) {
        int kind = first & 0x0f | (first & FIN) >>> 3;
        return (allowed >>> kind & 1) != 0;
    }

    private void checkFirst(int first) throws ProtocolViolationException {
        if ((first & RSV) != 0 && !mayHaveRsv(first)) {
            throw fail(Violations.rsv(first));
        }
        if (!isAllowed(first)) {
            throw fail(Violations.opcode(first));
        }
    }

    /** §5.2: RSV bits are 0 unless an extension defines them; RFC 7692 §6: on a message's first frame only. */
    private boolean mayHaveRsv(int first) {
        Opcode opcode = Opcode.ofFirstByte(first);
        return (first & RSV & ~claimedRsv) == 0 && (opcode == Opcode.TEXT || opcode == Opcode.BINARY);
    }

    private void checkSecond(int first, int second) throws ProtocolViolationException {
        if ((second & MASK) != 0 != masked) {
            throw fail(Violations.mask(masked));
        }
        if ((first & 0x8) != 0 && (second & 0x7f) > MAX_CONTROL_PAYLOAD) {
            throw fail(Violations.longControlFrame());
        }
    }

    /** §5.2: a length uses the shortest possible form, and a 64-bit length has its top bit clear. */
    private void checkLength(long length, int form) throws ProtocolViolationException {
        if (length < 0) {
            throw fail(Violations.topBit());
        }
        if (length < (form == LENGTH_16 ? LENGTH_16 : 1 << 16)) {
            throw fail(Violations.notMinimal(length));
        }
        if (length > maxFrameLength) {
            throw fail(Violations.tooLong(length, maxFrameLength));
        }
    }

    private ProtocolViolationException fail(ProtocolViolationException exception) {
        state = State.FAILED;
        wholeText = NONE;
        violation = exception;
        return exception;
    }
}
