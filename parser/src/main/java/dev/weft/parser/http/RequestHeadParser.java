package dev.weft.parser.http;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Parses the head of one request, in regions of any size, and refuses invalid or too large input as soon as it arrives.
 * It is stricter than RFC 9112 wherever two recipients could otherwise see different requests. It is lenient where the
 * RFC requires that: it skips up to {@value #MAX_EMPTY_LINES} empty lines before the request (§2.2), and accepts
 * HTTP/1.0 (§2.3) and the absolute form of the target (§3.2.2).
 *
 * <p>The parser has no read buffer: it consumes the regions that it is given, and keeps only the elements that it has
 * parsed so far and an element that is split across regions. It serves one head. Not thread-safe.
 *
 * <pre>{@code
 * RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
 * int end = -1;
 * int to = 0;
 * while (end < 0 && (to = in.read(array)) > 0) {
 *     end = parser.parse(array, 0, to);
 * }
 * RequestHead head = parser.head();  // array[end] to array[to - 1] are the first frames
 * }</pre>
 *
 * The states, in the order in which an acceptable head passes them:
 *
 * <pre>
 *   ┌─────────LF──────────┐
 *   ▼                     │
 * START ─CR─▶ EMPTY_LINE ─┘
 *   └──▶ METHOD ─SP─▶ TARGET_START ─'/'─────────────────────────────────▶ PATH
 *                          ├─letter─▶ SCHEME ─"://"─▶ AUTHORITY ─'/', '?', SP─▲
 *                          └─'*' after OPTIONS─▶ ASTERISK ─SP─▶ VERSION
 *
 * PATH ─SP─▶ VERSION ─CR─▶ LINE_END ─LF─▶ FIELDS ─empty line─▶ COMPLETE
 *
 * any state before COMPLETE ─violation─▶ FAILED
 * </pre>
 */
public final class RequestHeadParser {

    private enum State {
        /** Before the request line; the parser begins here. */
        START,
        /** After the CR of an empty line before the request line. */
        EMPTY_LINE,
        /** In the method. */
        METHOD,
        /** Before the first byte of the target. */
        TARGET_START,
        /** In the scheme of an absolute target, or the "://" after it. */
        SCHEME,
        /** In the authority of an absolute target. */
        AUTHORITY,
        /** In the path and query of the target. */
        PATH,
        /** After the target "*". */
        ASTERISK,
        /** After the space that ends the target. */
        VERSION,
        /** After the CR of the request line. */
        LINE_END,
        /** After the request line: {@link FieldLineParser} has the states. */
        FIELDS,
        /** After the empty line that ends the head. */
        COMPLETE,
        /** The head was refused. */
        FAILED
    }

    /**
     * The maximum number of empty lines that are skipped before the request line (RFC 9112 §2.2): some old clients send
     * one after a body.
     */
    public static final int MAX_EMPTY_LINES = 4;

    /** RFC 9112 §2.3; we accept only 1 for the first d. */
    private static final String VERSION_PATTERN = "HTTP/d.d";
    /** RFC 9112 §3.2.2; RFC 6455 §4.2.1 also allows the schemes of WebSocket URIs. */
    private static final List<String> SCHEMES = List.of("http://", "https://", "ws://", "wss://");
    private static final byte[] ROOT = {'/'};

    private final HttpLimits limits;
    private final PartialElement partial = new PartialElement();
    private final FieldLineParser fields;
    private State state = State.START;
    private int emptyLines;
    private int lineLength;
    private int elementStart;
    private int versionDigits;
    private String method;
    private String scheme = "";
    private Optional<String> authority = Optional.empty();
    private String target;
    private boolean lineComplete;
    private RequestHead head;

    /** A parser for one head. */
    public RequestHeadParser(HttpLimits limits) {
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
     *             if the head is malformed, unsupported or beyond a limit; the parser cannot be used any more
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
                at = requestLine(array, at, to);
            }
            // No bytes are left for the fields if the request line continues in the next region.
            int end = fields.parse(array, at, to);
            if (end >= 0) {
                head = understood();
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
    public RequestHead head() {
        if (state != State.COMPLETE) {
            throw new IllegalStateException("the head is not complete");
        }
        return head;
    }

    /**
     * What has been parsed so far of a head that is incomplete or was refused: its request line, and the header lines that are
     * complete. Empty until the request line is complete. For logs only: do not base decisions on it.
     */
    public Optional<RequestHead> headSoFar() {
        return lineComplete ? Optional.of(understood()) : Optional.empty();
    }

    private RequestHead understood() {
        return new RequestHead(method, target, authority, versionDigits % 10, fields.headers());
    }

    private int requestLine(byte[] array, int at, int to) throws HttpHeadException {
        return switch (state) {
            case START -> start(array, at);
            case EMPTY_LINE -> lineFeed(array, at, State.START);
            case METHOD -> method(array, at, to);
            case TARGET_START -> targetStart(array, at);
            case SCHEME -> scheme(array, at);
            case AUTHORITY -> authority(array, at, to);
            case PATH -> path(array, at, to);
            case ASTERISK -> asterisk(array, at);
            case VERSION -> version(array, at);
            case LINE_END -> lineFeed(array, at, State.FIELDS);
            case FIELDS, COMPLETE, FAILED -> throw new IllegalStateException("the request line is complete");
        };
    }

    private int start(byte[] array, int at) {
        if (array[at] == HttpCharacters.CR && emptyLines < MAX_EMPTY_LINES) {
            emptyLines++;
            state = State.EMPTY_LINE;
            return at + 1;
        }
        state = State.METHOD;
        return at;
    }

    private int method(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && HttpCharacters.isToken(array[at])) {
            at++;
        }
        lineLength += at - from;
        if (at == to) {
            partial.append(array, from, to);
            return to;
        }
        requireRoom();
        if (array[at] != HttpCharacters.SP || lineLength == 0) {
            throw HttpHeadException.unexpected(array[at], "method");
        }
        method = partial.take(array, from, at);
        nextElement(State.TARGET_START);
        return at + 1;
    }

    private int targetStart(byte[] array, int at) throws HttpHeadException {
        requireRoom();
        if (array[at] == '*' && method.equals(RequestHead.OPTIONS)) {
            target = RequestHead.ASTERISK;
            lineLength++;
            state = State.ASTERISK;
            return at + 1;
        }
        state = array[at] == '/' ? State.PATH : State.SCHEME;
        return at;
    }

    private int asterisk(byte[] array, int at) throws HttpHeadException {
        requireRoom();
        if (array[at] != HttpCharacters.SP) {
            throw HttpHeadException.unexpected(array[at], "target");
        }
        nextElement(State.VERSION);
        return at + 1;
    }

    /**
     * Parses one byte per call: there are at most eight. RFC 9112 §3.2.3: the authority form is for CONNECT, which a
     * WebSocket server does not support.
     */
    private int scheme(byte[] array, int at) throws HttpHeadException {
        requireRoom();
        String longer = scheme + (char) HttpCharacters.lowerCase(array[at]);
        if (SCHEMES.stream().noneMatch(known -> known.startsWith(longer))) {
            throw HttpHeadException.unexpected(array[at],
                    "target, which must begin with '/' or be a URI of http or ws");
        }
        scheme = longer;
        lineLength++;
        if (SCHEMES.contains(scheme)) {
            state = State.AUTHORITY;
        }
        return at + 1;
    }

    private int authority(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && HttpCharacters.isTarget(array[at]) && array[at] != '/' && array[at] != '?') {
            at++;
        }
        lineLength += at - from;
        if (at == to) {
            partial.append(array, from, to);
            return to;
        }
        requireRoom();
        if (array[at] != '/' && array[at] != '?' && array[at] != HttpCharacters.SP) {
            throw HttpHeadException.unexpected(array[at], "target");
        }
        String host = partial.take(array, from, at);
        // RFC 9110 §4.2.4: user information is a sign of phishing; a host is required (§4.2.1).
        if (!HostSyntax.isValid(host)) {
            throw HttpHeadException.malformed("the target's authority is not a host with an optional port");
        }
        authority = Optional.of(host);
        // RFC 9112 §3.2.4: the last proxy would have made this the asterisk form.
        if (array[at] == HttpCharacters.SP && method.equals(RequestHead.OPTIONS)) {
            target = RequestHead.ASTERISK;
            state = State.ASTERISK;
            return at;
        }
        if (array[at] != '/') {
            // RFC 9110 §4.2.3: the empty path is the same as "/".
            partial.append(ROOT, 0, 1);
        }
        state = State.PATH;
        return at;
    }

    private int path(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && HttpCharacters.isTarget(array[at])) {
            at++;
        }
        lineLength += at - from;
        if (at == to) {
            partial.append(array, from, to);
            return to;
        }
        requireRoom();
        if (array[at] != HttpCharacters.SP) {
            throw HttpHeadException.unexpected(array[at], "target");
        }
        target = partial.take(array, from, at);
        nextElement(State.VERSION);
        return at + 1;
    }

    /** Parses one byte per call: there are only nine. */
    private int version(byte[] array, int at) throws HttpHeadException {
        byte b = array[at];
        int index = lineLength - elementStart;
        if (index == VERSION_PATTERN.length() && b == HttpCharacters.CR) {
            requireSupported();
            state = State.LINE_END;
            return at + 1;
        }
        requireRoom();
        boolean fits = index < VERSION_PATTERN.length() && (VERSION_PATTERN.charAt(index) == 'd'
                ? HttpCharacters.isDigit(b)
                : VERSION_PATTERN.charAt(index) == b);
        if (!fits) {
            throw HttpHeadException.unexpected(b, "HTTP version");
        }
        if (VERSION_PATTERN.charAt(index) == 'd') {
            versionDigits = 10 * versionDigits + b - '0';
        }
        lineLength++;
        return at + 1;
    }

    private void requireSupported() throws HttpHeadException {
        // RFC 9112 §2.3: only 1.x has this syntax. The handshake checks that an upgrade uses 1.1 (§4.2.1).
        if (versionDigits < 10 || versionDigits > 19) {
            throw HttpHeadException.unsupportedVersion(versionDigits / 10, versionDigits % 10);
        }
    }

    private int lineFeed(byte[] array, int at, State next) throws HttpHeadException {
        if (array[at] != HttpCharacters.LF) {
            throw HttpHeadException.malformed("a CR without LF");
        }
        lineComplete = next == State.FIELDS;
        state = next;
        return at + 1;
    }

    /** Consumes the space after an element. */
    private void nextElement(State next) {
        lineLength++;
        elementStart = lineLength;
        state = next;
    }

    private int room() {
        return limits.maxRequestLineSize() - lineLength;
    }

    private void requireRoom() throws HttpHeadException {
        if (room() == 0) {
            throw HttpHeadException.beyondLimit(414, "bytes in the request line", limits.maxRequestLineSize(),
                    "maxRequestLineSize");
        }
    }
}
