package dev.weft.parser.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * Parses the header of the PROXY protocol, version 1 or 2, in regions of any size, and refuses anything else at the
 * first wrong byte. It keeps at most the header, whose size is limited. It serves one connection. Not thread-safe.
 *
 * <p>A caller that must not read beyond the header reads at most {@link #needed()} bytes each time:
 *
 * <pre>{@code
 * ProxyHeaderParser parser = new ProxyHeaderParser(2048);
 * while (parser.needed() > 0) {
 *     int count = in.read(array, 0, Math.min(parser.needed(), array.length));
 *     parser.parse(array, 0, count);  // count < 0: the connection has ended within the header
 * }
 * ProxyHeader header = parser.header();
 * }</pre>
 *
 * The states:
 *
 * <pre>
 *   START ──'P'──▶ LINE ──CR LF──▶ COMPLETE          any of them ──wrong byte──▶ FAILED
 *     └───CR───▶ BINARY ──16 + length bytes──▶ COMPLETE
 * </pre>
 */
public final class ProxyHeaderParser {

    private enum State {
        /** Before the first byte. */
        START,
        /** In a header of version 1. */
        LINE,
        /** In a header of version 2. */
        BINARY,
        /** The header is known. */
        COMPLETE,
        /** The connection does not begin with a header. */
        FAILED
    }

    /** The smallest limit: that of a header of version 2 with the largest addresses, and no additional values. */
    public static final int SMALLEST_LIMIT = BinaryHeader.FIXED + 2 * BinaryHeader.UNIX_PATH;
    /** The largest limit: no header can be larger. */
    public static final int LARGEST_LIMIT = BinaryHeader.FIXED + 0xffff;

    private final int maxSize;
    private State state = State.START;
    private byte[] held = new byte[HeaderLine.LONGEST];
    private int length;
    private ProxyHeader header;

    /**
     * Creates a parser of one header.
     *
     * @param maxSize the maximum number of bytes of a header of version 2: {@value #SMALLEST_LIMIT} to {@value #LARGEST_LIMIT};
     *                one of version 1 has at most 107
     * @throws IllegalArgumentException if the limit is not within its bounds
     */
    public ProxyHeaderParser(int maxSize) {
        if (maxSize < SMALLEST_LIMIT || maxSize > LARGEST_LIMIT) {
            throw new IllegalArgumentException(
                    "maxSize " + maxSize + " is not within " + SMALLEST_LIMIT + " to " + LARGEST_LIMIT);
        }
        this.maxSize = maxSize;
    }

    /**
     * Parses the next bytes.
     *
     * @return the offset of the first byte after the header; -1 if the header is not complete, and all bytes were used
     * @throws ProxyHeaderException if the bytes are no header, or the header is malformed, too large, or has a wrong
     *                              checksum
     * @throws IllegalStateException if the header is complete, or has been refused
     */
    public int parse(byte[] bytes, int from, int to) throws ProxyHeaderException {
        if (state == State.COMPLETE || state == State.FAILED) {
            throw new IllegalStateException("the header is " + state);
        }
        State before = state;
        state = State.FAILED;
        State after = before;
        int at = from;
        while (at < to && after != State.COMPLETE) {
            byte b = bytes[at];
            if (after == State.START) {
                after = first(b);
            }
            if (after == State.LINE) {
                at++;
                if (takeOfLine(b)) {
                    after = State.COMPLETE;
                }
            } else {
                int count = Math.min(to - at, BinaryHeader.missing(held, length));
                takeOfBinary(bytes, at, count);
                at += count;
                if (BinaryHeader.missing(held, length) == 0) {
                    header = BinaryHeader.parse(held, length);
                    after = State.COMPLETE;
                }
            }
        }
        state = after;
        return after == State.COMPLETE ? at : -1;
    }

    private static State first(byte b) throws ProxyHeaderException {
        if (b == BinaryHeader.SIGNATURE[0]) {
            return State.BINARY;
        } else if (b == HeaderLine.PREFIX[0]) {
            return State.LINE;
        }
        throw new ProxyHeaderException("no PROXY header: it begins with byte " + (b & 0xff));
    }

    /** Returns true at the end of the line. */
    private boolean takeOfLine(byte b) throws ProxyHeaderException {
        HeaderLine.check(held, length, b);
        held[length++] = b;
        if (b != '\n') {
            return false;
        }
        header = HeaderLine.parse(new String(held, 0, length - 2, US_ASCII));
        return true;
    }

    private void takeOfBinary(byte[] bytes, int from, int count) throws ProxyHeaderException {
        if (length + count > held.length) {
            held = Arrays.copyOf(held, Math.max(length + count, BinaryHeader.size(held)));
        }
        System.arraycopy(bytes, from, held, length, count);
        int begin = length;
        length += count;
        BinaryHeader.check(held, begin, length, maxSize);
    }

    /**
     * A number of bytes that certainly belong to the header and have not been parsed; at least 1 before its end, and 0 after
     * it.
     */
    public int needed() {
        return switch (state) {
            case START -> HeaderLine.SHORTEST;
            case LINE -> HeaderLine.missing(held, length);
            case BINARY -> BinaryHeader.missing(held, length);
            case COMPLETE, FAILED -> 0;
        };
    }

    /**
     * The header.
     *
     * @throws IllegalStateException if it is not complete
     */
    public ProxyHeader header() {
        if (state != State.COMPLETE) {
            throw new IllegalStateException("the header is " + state);
        }
        return header;
    }
}
