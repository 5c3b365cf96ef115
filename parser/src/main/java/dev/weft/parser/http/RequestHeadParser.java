package dev.weft.parser.http;

import java.util.Objects;

/**
 * Parses the head of one request, octet by octet if need be, and refuses what is wrong or too large as soon as it
 * arrives. It is stricter than RFC 9112 asks wherever leniency lets two readers see two different requests.
 *
 * <p>The parser owns no read buffer: it consumes the regions that it is given, and keeps only what it has understood so
 * far and the element that a region's end cut. It is used once, by one thread at a time.
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
 * METHOD ─SP─▶ TARGET ─SP─▶ VERSION ─CR─▶ LINE_END ─LF─▶ FIELDS ─empty line─▶ COMPLETE
 *    any state before COMPLETE ─violation─▶ FAILED
 * </pre>
 */
public final class RequestHeadParser {

    private enum State {
        /** In the method; the parser begins here. */
        METHOD,
        /** Behind the first space. */
        TARGET,
        /** Behind the second space. */
        VERSION,
        /** Behind the CR of the request line. */
        LINE_END,
        /** Behind the request line: {@link FieldLines} has the states. */
        FIELDS,
        /** Behind the empty line. */
        COMPLETE,
        /** Something was refused. */
        FAILED
    }

    /** RFC 9112 §2.3; the first d is 1 in what we accept, the second is not 0. */
    private static final String VERSION_PATTERN = "HTTP/d.d";

    private final HttpLimits limits;
    private final Remnant remnant = new Remnant();
    private final FieldLines fields;
    private State state = State.METHOD;
    private int lineLength;
    private int elementStart;
    private int versionDigits;
    private String method;
    private String target;
    private RequestHead head;

    /** A parser for one head. */
    public RequestHeadParser(HttpLimits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.fields = new FieldLines(limits, remnant);
    }

    /**
     * Consumes octets up to the end of the head. Does not block, and takes time linear in the octets it consumes,
     * however they are cut. The region is not changed, and not referred to afterwards.
     *
     * @param array
     *            holds the octets
     * @param from
     *            offset of the first one
     * @param to
     *            offset behind the last one
     * @return the offset of the first octet behind the head, which may be {@code to}; or -1 when all octets were
     *         consumed and the head goes on
     * @throws HttpHeadException
     *             if the head is malformed, unsupported or beyond a limit; the parser is then of no further use
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
            // Nothing is left for the fields when the request line goes on in the next region.
            int end = fields.parse(array, at, to);
            if (end >= 0) {
                head = new RequestHead(method, target, fields.headers());
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

    private int requestLine(byte[] array, int at, int to) throws HttpHeadException {
        return switch (state) {
            case METHOD -> method(array, at, to);
            case TARGET -> target(array, at, to);
            case VERSION -> version(array, at);
            case LINE_END -> lineFeed(array, at);
            case FIELDS, COMPLETE, FAILED -> throw new IllegalStateException("behind the request line");
        };
    }

    private int method(byte[] array, int from, int to) throws HttpHeadException {
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && Octets.isToken(array[at])) {
            at++;
        }
        lineLength += at - from;
        if (at == to) {
            remnant.append(array, from, to);
            return to;
        }
        requireRoom();
        if (array[at] != Octets.SP || lineLength == 0) {
            throw HttpHeadException.unexpected(array[at], "method");
        }
        method = remnant.take(array, from, at);
        nextElement(State.TARGET);
        return at + 1;
    }

    private int target(byte[] array, int from, int to) throws HttpHeadException {
        requireRoom();
        // RFC 9112 §3.2.1: origin form. The other forms are for proxies, CONNECT and OPTIONS, and name a second host.
        if (lineLength == elementStart && array[from] != '/') {
            throw HttpHeadException.unexpected(array[from], "target, which must begin with '/',");
        }
        int end = from + Math.min(room(), to - from);
        int at = from;
        while (at < end && Octets.isTarget(array[at])) {
            at++;
        }
        lineLength += at - from;
        if (at == to) {
            remnant.append(array, from, to);
            return to;
        }
        requireRoom();
        if (array[at] != Octets.SP) {
            throw HttpHeadException.unexpected(array[at], "target");
        }
        target = remnant.take(array, from, at);
        nextElement(State.VERSION);
        return at + 1;
    }

    /** One octet a call: there are only nine. */
    private int version(byte[] array, int at) throws HttpHeadException {
        byte octet = array[at];
        int index = lineLength - elementStart;
        if (index == VERSION_PATTERN.length() && octet == Octets.CR) {
            requireSupported();
            state = State.LINE_END;
            return at + 1;
        }
        requireRoom();
        boolean fits = index < VERSION_PATTERN.length() && (VERSION_PATTERN.charAt(index) == 'd'
                ? Octets.isDigit(octet)
                : VERSION_PATTERN.charAt(index) == octet);
        if (!fits) {
            throw HttpHeadException.unexpected(octet, "HTTP version");
        }
        if (VERSION_PATTERN.charAt(index) == 'd') {
            versionDigits = 10 * versionDigits + octet - '0';
        }
        lineLength++;
        return at + 1;
    }

    private void requireSupported() throws HttpHeadException {
        // §4.2.1: HTTP/1.1 or higher; RFC 9112 §2.3: of what is higher, only 1.x has the same syntax.
        if (versionDigits < 11 || versionDigits > 19) {
            throw HttpHeadException.unsupportedVersion(versionDigits / 10, versionDigits % 10);
        }
    }

    private int lineFeed(byte[] array, int at) throws HttpHeadException {
        if (array[at] != Octets.LF) {
            throw HttpHeadException.malformed("a CR without LF");
        }
        state = State.FIELDS;
        return at + 1;
    }

    /** The space behind an element is consumed. */
    private void nextElement(State next) {
        lineLength++;
        elementStart = lineLength;
        state = next;
    }

    private int room() {
        return limits.requestLineLength() - lineLength;
    }

    private void requireRoom() throws HttpHeadException {
        if (room() == 0) {
            throw HttpHeadException.beyondLimit(414, "octets in the request line", limits.requestLineLength(),
                    "requestLineLength");
        }
    }
}
