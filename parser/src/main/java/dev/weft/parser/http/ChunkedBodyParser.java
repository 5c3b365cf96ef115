package dev.weft.parser.http;

import java.util.Objects;

/**
 * Finds the bytes of a chunked body (RFC 9112 §7.1), in regions of any size. Strict: a line ends with CR LF, a size is
 * 1 to {@value #MAX_SIZE_DIGITS} hexadecimal digits without white space. Chunk extensions and trailers are checked and
 * dropped, and their size is bounded. A parser has no buffer, and serves one body. Not thread-safe.
 *
 * <pre>{@code
 * int at = parser.parse(array, from, to);             // skips bytes that are not part of the body
 * int count = (int) Math.min(parser.chunkLeft(), to - at);
 * body.write(array, at, count);                       // array[at] to array[at + count - 1] are the body's
 * parser.take(count);
 * }</pre>
 *
 * <pre>
 *   ┌──────────────────────────────────────LF──────────────────────────────────┐
 *   ▼                                                                          │
 * SIZE ─────────────────CR─▶ SIZE_END ─LF, size > 0─▶ DATA ─▶ DATA_END ─CR─▶ DATA_LINE_END
 *   └─';'─▶ EXTENSION ─CR─▶──┘  └─LF, size 0─▶ TRAILERS ─empty line─▶ COMPLETE
 *
 * any state before COMPLETE ─violation─▶ FAILED
 * </pre>
 */
public final class ChunkedBodyParser {

    private enum State {
        /** In the digits of a chunk's size. */
        SIZE,
        /** After the ';' that follows the size. */
        EXTENSION,
        /** After the CR of the line with the size. */
        SIZE_END,
        /** In the bytes of the body. */
        DATA,
        /** After the bytes of a chunk. */
        DATA_END,
        /** After the CR that follows them. */
        DATA_LINE_END,
        /** After the line of the last chunk: {@link FieldLineParser} has the states. */
        TRAILERS,
        /** After the empty line that ends the body. */
        COMPLETE,
        /** The body was refused. */
        FAILED
    }

    /** The maximum number of digits in a chunk's size, including leading zeros. */
    public static final int MAX_SIZE_DIGITS = 16;
    /**
     * The maximum total size in bytes of all chunk extensions of a body. In practice, clients do not send extensions.
     */
    public static final int MAX_EXTENSIONS_LENGTH = 4096;

    private final long maxBodySize;
    private final FieldLineParser trailers;
    private State state = State.SIZE;
    private int digits;
    private long left;
    private long bodySize;
    private int extensionsLength;

    /**
     * Creates a parser for one body.
     *
     * @param maxBodySize
     *            the maximum number of bytes of the body; a chunk that would exceed it is refused as soon as its size is known
     * @param limits
     *            the limits; those for header lines apply to the trailers
     */
    public ChunkedBodyParser(long maxBodySize, HttpLimits limits) {
        this.maxBodySize = maxBodySize;
        this.trailers = new FieldLineParser(limits, new PartialElement());
    }

    /**
     * Skips all bytes that do not belong to the body. Stops at the first byte of a chunk, after the end of the body, or at
     * the end of the region. Does not block; takes time linear in the number of bytes that it skips.
     *
     * @param array
     *            holds the bytes
     * @param from
     *            offset of the first one
     * @param to
     *            offset after the last one
     * @return the offset of the first byte that was not consumed: it belongs to the body if {@link #chunkLeft()} is positive
     * @throws HttpHeadException if the body is malformed (400) or too large (413), or its trailers are too large (431);
     *                           the parser cannot be used any more
     * @throws IllegalStateException if the body has already been refused
     */
    public int parse(byte[] array, int from, int to) throws HttpHeadException {
        Objects.checkFromToIndex(from, to, array.length);
        if (state == State.FAILED) {
            throw new IllegalStateException("the body is refused");
        }
        try {
            int at = from;
            while (at < to && state != State.DATA && state != State.COMPLETE) {
                at = step(array, at, to);
            }
            return at;
        } catch (HttpHeadException e) {
            state = State.FAILED;
            throw e;
        }
    }

    /** The number of bytes of the current chunk that have not been {@linkplain #take taken}; 0 outside a chunk. */
    public long chunkLeft() {
        return state == State.DATA ? left : 0;
    }

    /**
     * Skips bytes of the body.
     *
     * @throws IllegalArgumentException if the number is more than {@link #chunkLeft()}, or negative
     */
    public void take(long count) {
        if (count < 0 || count > chunkLeft()) {
            throw new IllegalArgumentException(count + " of " + chunkLeft() + " bytes");
        }
        left -= count;
        if (state == State.DATA && left == 0) {
            state = State.DATA_END;
        }
    }

    /** Whether the body has ended. */
    public boolean isComplete() {
        return state == State.COMPLETE;
    }

    private int step(byte[] array, int at, int to) throws HttpHeadException {
        return switch (state) {
            case SIZE -> size(array[at], at);
            case EXTENSION -> extension(array[at], at);
            case SIZE_END -> lineFeed(array[at], at, left > 0 ? State.DATA : State.TRAILERS);
            case DATA_END -> {
                if (array[at] != HttpCharacters.CR) {
                    throw HttpHeadException.unexpected(array[at], "place of a chunk's end");
                }
                state = State.DATA_LINE_END;
                yield at + 1;
            }
            case DATA_LINE_END -> {
                digits = 0;
                yield lineFeed(array[at], at, State.SIZE);
            }
            case TRAILERS -> {
                int end = trailers.parse(array, at, to);
                if (end >= 0) {
                    state = State.COMPLETE;
                }
                yield end < 0 ? to : end;
            }
            case DATA, COMPLETE, FAILED -> throw new IllegalStateException("nothing to skip");
        };
    }

    private int size(byte b, int at) throws HttpHeadException {
        int digit = Character.digit(b, 16);
        if (digit >= 0) {
            digits++;
            // If one of the upper bits is set, the size exceeds any limit; §7.1: a size must not overflow.
            if (digits > MAX_SIZE_DIGITS) {
                throw HttpHeadException.malformed("a chunk size with more than " + MAX_SIZE_DIGITS + " digits");
            }
            left = left > Long.MAX_VALUE >>> 4 ? Long.MAX_VALUE : left << 4 | digit;
            return at + 1;
        }
        if (digits == 0 || b != HttpCharacters.CR && b != ';') {
            throw HttpHeadException.unexpected(b, "chunk size");
        }
        if (left > maxBodySize - bodySize) {
            throw HttpHeadException.bodyBeyondLimit(maxBodySize);
        }
        bodySize += left;
        state = b == ';' ? State.EXTENSION : State.SIZE_END;
        return at + 1;
    }

    /** §7.1.1: unknown extensions are ignored. A line end ends the line for every recipient, even within quotes. */
    private int extension(byte b, int at) throws HttpHeadException {
        if (b == HttpCharacters.CR) {
            state = State.SIZE_END;
        } else if (!HttpCharacters.isFieldValue(b)) {
            throw HttpHeadException.unexpected(b, "chunk extension");
        } else if (++extensionsLength > MAX_EXTENSIONS_LENGTH) {
            throw HttpHeadException.malformed("more than " + MAX_EXTENSIONS_LENGTH + " bytes of chunk extensions");
        }
        return at + 1;
    }

    private int lineFeed(byte b, int at, State next) throws HttpHeadException {
        if (b != HttpCharacters.LF) {
            throw HttpHeadException.malformed("a CR without LF");
        }
        state = next;
        return at + 1;
    }
}
