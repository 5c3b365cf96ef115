package dev.weft.parser;

import java.util.Objects;

/**
 * A frame's header as a value (RFC 6455 §5.2).
 * <pre>
 *  byte 0             byte 1             then
 *  7 6 5 4 3 2 1 0    7 6 5 4 3 2 1 0
 * +-+-+-+-+-------+  +-+-------------+  +------------------+-----------------+---------
 * |F|R|R|R| opcode|  |M| length      |  | 0, 2 or 8 bytes  | 0 or 4 bytes    | payload
 * |I|S|S|S|       |  |A| 0–125,      |  | of length,       | of masking key, |
 * |N|V|V|V|       |  |S| 126: next 2 |  | big-endian       | if MASK         |
 * | |1|2|3|       |  |K| 127: next 8 |  |                  |                 |
 * +-+-+-+-+-------+  +-+-------------+  +------------------+-----------------+---------
 * </pre>
 *
 * @param fin           whether this is the last fragment of its message
 * @param rsv           RSV1, RSV2 and RSV3 as the bits {@link #RSV1}, {@link #RSV2} and {@link #RSV3}
 * @param opcode        what the frame carries
 * @param masked        whether the payload is masked
 * @param maskingKey    the key's four bytes as a little-endian int; 0 if not masked
 * @param payloadLength bytes of payload, 0 to 2^63-1
 */
public record FrameHeader(boolean fin, int rsv, Opcode opcode, boolean masked, int maskingKey, long payloadLength) {
    /** The last fragment of a message (first byte). */
    public static final int FIN = 0x80;
    /** Reserved for extensions; permessage-deflate claims it (first byte). */
    public static final int RSV1 = 0x40;
    /** Reserved for extensions (first byte). */
    public static final int RSV2 = 0x20;
    /** Reserved for extensions (first byte). */
    public static final int RSV3 = 0x10;
    /** The payload is masked and the key is in the header (second byte). */
    public static final int MASK = 0x80;
    /** The maximum length of a header in bytes. */
    public static final int MAX_LENGTH = 14;
    /** The maximum payload of a control frame in bytes (§5.5). */
    public static final int MAX_CONTROL_PAYLOAD = 125;

    static final int RSV = RSV1 | RSV2 | RSV3;
    static final int LENGTH_16 = 126;
    static final int LENGTH_64 = 127;

    /**
     * Checks only whether a header can express these values, not whether the protocol allows them.
     *
     * @throws IllegalArgumentException for bits other than the RSV bits, a negative length, or a key without a mask
     */
    public FrameHeader {
        Objects.requireNonNull(opcode);
        if ((rsv & ~RSV) != 0) {
            throw new IllegalArgumentException("not RSV bits: " + rsv);
        }
        if (payloadLength < 0) {
            throw new IllegalArgumentException("payload length " + payloadLength);
        }
        if (!masked && maskingKey != 0) {
            throw new IllegalArgumentException("a masking key without a mask");
        }
    }

    /** The length of the header itself in bytes, 2 to {@link #MAX_LENGTH}. */
    public int length() {
        return length(masked, payloadLength);
    }

    /** The length of the header of a frame with this payload in bytes, 2 to {@link #MAX_LENGTH}. */
    public static int length(boolean masked, long payloadLength) {
        int extended = payloadLength < LENGTH_16 ? 0 : payloadLength < 1 << 16 ? 2 : 8;
        return 2 + extended + (masked ? 4 : 0);
    }
}
