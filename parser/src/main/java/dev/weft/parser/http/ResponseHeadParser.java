package dev.weft.parser.http;

import java.util.Objects;

/**
 * Parses the head of one response, in regions of any size, and refuses invalid or too large input as soon as it arrives.
 * The status line must follow RFC 9112 §4 exactly: {@code HTTP/1.}, a digit, a space, three digits, a space, and a reason,
 * which may be empty.
 *
 * <p>Like {@link RequestHeadParser}, the parser has no read buffer. It serves one head. Not thread-safe.
 *
 * <pre>
 * STATUS_LINE ─13 bytes─▶ REASON ─CR─▶ LINE_END ─LF─▶ FIELDS ─empty line─▶ COMPLETE
 *
 * any state before COMPLETE ─violation─▶ FAILED
 * </pre>
 */
public final class ResponseHeadParser {

    private enum State {
        /** In the version, the status code, or the space after one of them. */
        STATUS_LINE,
        /** In the reason. */
        REASON,
        /** After the CR of the status line. */
        LINE_END,
        /** After the status line: {@link FieldLineParser} has the states. */
        FIELDS,
        /** After the empty line that ends the head. */
        COMPLETE,
        /** The head was refused. */
        FAILED
    }

    /** The part before the reason: n is any digit, s any digit except 0. */
    private static final String PATTERN = "HTTP/1.n snn ";

    private final HttpLimits limits;
    private final PartialElement partial = new PartialElement();
    private final FieldLineParser fields;
    private State state = State.STATUS_LINE;
    private int lineLength;
    /** First the digit of the version, then the digits of the status. */
    private int digits;
    private String reason;
    private ResponseHead head;

    /** A parser for one head. */
    public ResponseHeadParser(HttpLimits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.fields = new FieldLineParser(limits, partial);
    }

    /**
     * Consumes bytes up to the end of the head. Does not block, and takes time linear in the number of bytes it consumes,
     * however they are split. The region is not changed, and the parser keeps no reference to it.
     *
     * @param array
     *            holds the bytes
     * @param from
     *            offset of the first one
     * @param to
     *            offset after the last one
     * @return the offset of the first byte after the head, which may be {@code to}; or -1 if all bytes were consumed
     *         and the head continues
     * @throws HttpHeadException
     *             if the head is malformed or beyond a limit; the parser cannot be used any more
     * @throws IllegalStateException
     *             if the head was complete or refused before
     */
    public int parse(byte[] array, int from, int to) throws HttpHeadException {
        Objects.checkFromToIndex(from, to, array.length);
        if (state == State.COMPLETE || state == State.FAILED) {
            throw new IllegalStateException("the head is " + (state == State.COMPLETE ? "complete" : "refused"));
        }
        try {
            int at = from;
            while (at < to && state != State.FIELDS) {
                at = switch (state) {
                    case STATUS_LINE -> statusLine(array, at);
                    case REASON -> reason(array, at, to);
                    case LINE_END -> lineFeed(array, at);
                    case FIELDS, COMPLETE, FAILED -> throw new IllegalStateException("the status line is complete");
                };
            }
            int end = fields.parse(array, at, to);
            if (end >= 0) {
                head = new ResponseHead(digits / 1000, digits % 1000, reason, fields.headers());
                state = State.COMPLETE;
            }
            return end;
        } catch (HttpHeadException e) {
            state = State.FAILED;
            throw e;
        }
    }

    /**
     * The head that was parsed.
     *
     * @throws IllegalStateException
     *             if it is not complete
     */
    public ResponseHead head() {
        if (state != State.COMPLETE) {
            throw new IllegalStateException("the head is not complete");
        }
        return head;
    }

    /** Parses one byte per call: there are thirteen. */
    private int statusLine(byte[] array, int at) throws HttpHeadException {
        requireRoom();
        byte b = array[at];
        char due = PATTERN.charAt(lineLength);
        boolean digit = due == 'n' || due == 's';
        if (digit ? !HttpCharacters.isDigit(b) || due == 's' && b == '0' : b != due) {
            throw HttpHeadException.unexpected(b, "status line");
        }
        if (digit) {
            digits = 10 * digits + b - '0';
        }
        lineLength++;
        if (lineLength == PATTERN.length()) {
            state = State.REASON;
        }
        return at + 1;
    }

    private int reason(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(limits.maxStatusLineSize() - lineLength, to - from);
        int at = from;
        while (at < end && HttpCharacters.isFieldValue(array[at])) {
            at++;
        }
        lineLength += at - from;
        if (at == to) {
            partial.append(array, from, to);
            return to;
        }
        if (array[at] != HttpCharacters.CR) {
            requireRoom();
            throw HttpHeadException.unexpected(array[at], "reason");
        }
        reason = partial.take(array, from, at);
        state = State.LINE_END;
        return at + 1;
    }

    private int lineFeed(byte[] array, int at) throws HttpHeadException {
        if (array[at] != HttpCharacters.LF) {
            throw HttpHeadException.malformed("a CR without LF");
        }
        state = State.FIELDS;
        return at + 1;
    }

    private void requireRoom() throws HttpHeadException {
        if (lineLength == limits.maxStatusLineSize()) {
            throw HttpHeadException.beyondLimit(431, "bytes in the status line", limits.maxStatusLineSize(),
                    "maxStatusLineSize");
        }
    }
}
