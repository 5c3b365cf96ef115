package dev.weft.parser.http;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses the field lines of a head and the empty line that ends it (RFC 9112 §5), after any kind of first line. Every byte is
 * checked when it arrives, so the result does not depend on how the bytes are split into regions.
 *
 * <pre>
 *             ┌──────────────────────LF──────────────────────────┐
 *             ▼                                                  │
 *         LINE_START ─token─▶ NAME ─':'─▶ VALUE_START ─▶ VALUE ─CR─▶ LINE_END
 *             │
 *             └─CR─▶ HEAD_END ─LF─▶ COMPLETE
 * </pre>
 */
final class FieldLineParser {

    private enum State {
        /** Before the first byte of a line. */
        LINE_START,
        /** In a field's name. */
        NAME,
        /** After the colon, in the white space before the value. */
        VALUE_START,
        /** In a field's value, or the white space after it. */
        VALUE,
        /** After the CR of a field line. */
        LINE_END,
        /** After the CR of the empty line. */
        HEAD_END,
        /** After the empty line. */
        COMPLETE
    }

    private final HttpLimits limits;
    private final PartialElement partial;
    private final List<String> namesAndValues = new ArrayList<>();
    private State state = State.LINE_START;
    private String name;
    private int lineLength;
    private int headersLength;

    /** Reuses the {@code partial} of the parser of the first line, which no longer needs it. */
    FieldLineParser(HttpLimits limits, PartialElement partial) {
        this.limits = limits;
        this.partial = partial;
    }

    /** Returns the offset after the head, or -1 if all bytes were consumed and more are needed. */
    int parse(byte[] array, int from, int to) throws HttpHeadException {
        int at = from;
        while (at < to) {
            at = switch (state) {
                case LINE_START -> lineStart(array, at);
                case NAME -> name(array, at, to);
                case VALUE_START -> valueStart(array, at, to);
                case VALUE -> value(array, at, to);
                case LINE_END -> lineFeed(array, at, State.LINE_START);
                case HEAD_END -> lineFeed(array, at, State.COMPLETE);
                case COMPLETE -> throw new IllegalStateException("the head is complete");
            };
            if (state == State.COMPLETE) {
                return at;
            }
        }
        return -1;
    }

    /** The fields, once the head is complete. */
    Headers headers() {
        return Headers.checked(namesAndValues.toArray(String[]::new));
    }

    private int lineStart(byte[] array, int at) throws HttpHeadException {
        byte b = array[at];
        if (b == HttpCharacters.CR) {
            state = State.HEAD_END;
            return at + 1;
        }
        // RFC 9112 §2.2, §5.2: some recipients treat white space here as a continuation of the previous line; others skip it.
        if (HttpCharacters.isWhitespace(b)) {
            throw HttpHeadException.malformed("a header line begins with white space");
        }
        if (namesAndValues.size() / 2 == limits.maxHeaderCount()) {
            throw HttpHeadException.beyondLimit(431, "too many headers", limits.maxHeaderCount(), "maxHeaderCount");
        }
        lineLength = 0;
        state = State.NAME;
        return at;
    }

    private int name(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && HttpCharacters.isToken(array[at])) {
            at++;
        }
        count(at - from);
        if (at == to) {
            partial.append(array, from, to);
            return to;
        }
        requireRoom();
        byte b = array[at];
        // RFC 9112 §5.1: no white space before the colon; a recipient that allowed it would see a different field from the one
        // that we see.
        if (b != ':' || lineLength == 0) {
            throw HttpHeadException.unexpected(b, "header name");
        }
        name = partial.take(array, from, at);
        count(1);
        state = State.VALUE_START;
        return at + 1;
    }

    private int valueStart(byte[] array, int from, int to) {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && HttpCharacters.isWhitespace(array[at])) {
            at++;
        }
        count(at - from);
        if (at < to) {
            state = State.VALUE;
        }
        return at;
    }

    private int value(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && HttpCharacters.isFieldValue(array[at])) {
            at++;
        }
        count(at - from);
        if (at == to) {
            partial.append(array, from, to);
            return to;
        }
        if (array[at] != HttpCharacters.CR) {
            requireRoom();
            throw HttpHeadException.unexpected(array[at], "header value");
        }
        String value = partial.take(array, from, at);
        namesAndValues.add(name);
        namesAndValues.add(HttpCharacters.trimmed(value, 0, value.length()));
        state = State.LINE_END;
        return at + 1;
    }

    private int lineFeed(byte[] array, int at, State next) throws HttpHeadException {
        // RFC 9112 §2.2: a bare CR ends a line for some recipients, but not for others.
        if (array[at] != HttpCharacters.LF) {
            throw HttpHeadException.malformed("a CR without LF");
        }
        state = next;
        return at + 1;
    }

    private int room() {
        return Math.min(limits.maxHeaderLineSize() - lineLength, limits.maxHeadersSize() - headersLength);
    }

    private void count(int bytes) {
        lineLength += bytes;
        headersLength += bytes;
    }

    private void requireRoom() throws HttpHeadException {
        if (lineLength == limits.maxHeaderLineSize()) {
            throw HttpHeadException.beyondLimit(431, "bytes in a header line", limits.maxHeaderLineSize(),
                    "maxHeaderLineSize");
        }
        if (headersLength == limits.maxHeadersSize()) {
            throw HttpHeadException.beyondLimit(431, "bytes in all headers", limits.maxHeadersSize(), "maxHeadersSize");
        }
    }
}
