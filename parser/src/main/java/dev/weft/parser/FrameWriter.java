package dev.weft.parser;

import static dev.weft.parser.FrameHeader.FIN;
import static dev.weft.parser.FrameHeader.LENGTH_16;
import static dev.weft.parser.FrameHeader.LENGTH_64;
import static dev.weft.parser.FrameHeader.MASK;
import static dev.weft.parser.FrameHeader.MAX_CONTROL_PAYLOAD;
import static dev.weft.parser.FrameHeader.RSV;

import java.util.Objects;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames as bytes into the caller's array (RFC 6455 §5.2), masked for the client role (§5.3).
 * <p>
 * {@link #writeFrame} writes a header and a copy of the payload. A large payload need not be copied: write its header with
 * {@link #writeHeader}, then send the payload from its own array. A client first passes the payload through {@link #mask},
 * in any number of pieces.
 * {@snippet class = "dev.weft.parser.Snippets" region = "write"}
 * A writer of the server role has no state and is thread-safe; one of the client role is not. Never blocks. Allocates
 * nothing, except that the strong random source allocates about 12 KiB per thousand keys.
 */
public final class FrameWriter {
    private final @Nullable IntSupplier maskingKeys;
    private int key;

    /**
     * Creates a writer whose masking keys, in the client role, come from a strong random source (§10.3).
     *
     * @param role which end this is
     */
    public FrameWriter(Role role) {
        this(role, MaskingKeys::next);
    }

    /**
     * Creates a writer with the caller's source of masking keys.
     *
     * @param role        which end this is
     * @param maskingKeys supplies one key for each frame in the client role; its values must not be predictable (§10.3)
     */
    public FrameWriter(Role role, IntSupplier maskingKeys) {
        this.maskingKeys = role.sendsMasked() ? Objects.requireNonNull(maskingKeys) : null;
    }

    /** Whether frames are masked: in the client role (§5.3). */
    public boolean masks() {
        return maskingKeys != null;
    }

    /** The length in bytes of the header of a frame with this payload, 2 to {@link FrameHeader#MAX_LENGTH}. */
    public int headerLength(long payloadLength) {
        return FrameHeader.length(maskingKeys != null, payloadLength);
    }

    /**
     * Writes a header. In the client role, this also chooses the key that {@link #mask} applies from then on.
     *
     * @param target        the array to write to
     * @param at            the offset of the header's first byte
     * @param fin           whether the frame is the last of its message
     * @param rsv           RSV bits ({@link FrameHeader#RSV1} …)
     * @param opcode        what the frame carries
     * @param payloadLength bytes of payload, 0 to 2^63-1
     * @return the offset after the header
     * @throws IllegalArgumentException  if the header is not allowed: bits other than the RSV bits, a negative length, or a
     *                                   control frame that is fragmented, longer than 125 bytes or has RSV bits (§5.5)
     * @throws IndexOutOfBoundsException if there is no room for {@link #headerLength} bytes; then nothing is written
     */
    public int writeHeader(byte[] target, int at, boolean fin, int rsv, Opcode opcode, long payloadLength) {
        check(fin, rsv, opcode, payloadLength);
        Objects.checkFromIndexSize(at, headerLength(payloadLength), target.length);
        int mask = maskingKeys != null ? MASK : 0;
        int p = at;
        target[p++] = (byte) ((fin ? FIN : 0) | rsv | opcode.code());
        if (payloadLength < LENGTH_16) {
            target[p++] = (byte) (mask | (int) payloadLength);
        } else {
            boolean shortForm = payloadLength < 1 << 16;
            target[p++] = (byte) (mask | (shortForm ? LENGTH_16 : LENGTH_64));
            for (int shift = shortForm ? 8 : 56; shift >= 0; shift -= 8) {
                target[p++] = (byte) (payloadLength >>> shift);
            }
        }
        if (mask != 0) {
            key = maskingKeys.getAsInt();
            for (int shift = 0; shift < 32; shift += 8) {
                target[p++] = (byte) (key >>> shift);
            }
        }
        return p;
    }

    /**
     * Masks, in place, the next payload bytes of the frame whose header was written last; does nothing in the server
     * role.
     *
     * @throws IndexOutOfBoundsException if the region is not within the array
     */
    public void mask(byte[] array, int from, int to) {
        if (maskingKeys != null) {
            Masking.apply(array, from, to, key);
            key = Masking.advance(key, to - from);
        }
    }

    /**
     * Writes a whole frame. Copies the payload; in the client role, masks the copy.
     *
     * @param target  the array to write to
     * @param at      the offset of the frame's first byte
     * @param fin     whether the frame is the last of its message
     * @param rsv     RSV bits ({@link FrameHeader#RSV1} …)
     * @param opcode  what the frame carries
     * @param payload the array that holds the payload
     * @param from    the offset at which the payload begins
     * @param to      the offset after the payload
     * @return the offset after the frame
     * @throws IllegalArgumentException  for the same reasons as {@link #writeHeader}
     * @throws IndexOutOfBoundsException if the payload is not within its array, or there is no room for header and payload;
     *                                   then nothing is written
     */
    public int writeFrame(byte[] target, int at, boolean fin, int rsv, Opcode opcode, byte[] payload, int from,
            int to) {
        Objects.checkFromToIndex(from, to, payload.length);
        int length = to - from;
        Objects.checkFromIndexSize(at, headerLength(length) + length, target.length);
        int p = writeHeader(target, at, fin, rsv, opcode, length);
        System.arraycopy(payload, from, target, p, length);
        mask(target, p, p + length);
        return p + length;
    }

    private static void check(boolean fin, int rsv, Opcode opcode, long payloadLength) {
        if ((rsv & ~RSV) != 0) {
            throw new IllegalArgumentException("not RSV bits: " + rsv);
        }
        if (payloadLength < 0) {
            throw new IllegalArgumentException("payload length " + payloadLength);
        }
        if (opcode.isControl() && (!fin || rsv != 0 || payloadLength > MAX_CONTROL_PAYLOAD)) {
            throw new IllegalArgumentException("§5.5: control frames are not fragmented, have no RSV bits and at most "
                    + MAX_CONTROL_PAYLOAD + " bytes; this one has " + payloadLength);
        }
    }
}
