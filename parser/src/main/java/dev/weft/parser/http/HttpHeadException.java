package dev.weft.parser.http;

/**
 * The peer sent a head or body that is not acceptable. The caller must answer with {@link #status()} and close the
 * connection, because it is unknown where the next head would begin.
 *
 * <p>The message is safe for logs and for the answer's body: text from the peer is escaped to visible ASCII. The
 * exception has no stack trace, so that hostile peers cost little.
 */
public final class HttpHeadException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int status;

    private HttpHeadException(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /**
     * The status code with which to answer a request: 400, 413, 414, 431, 501 or 505. It has no meaning for a response,
     * which is not answered.
     */
    public int status() {
        return status;
    }

    static HttpHeadException malformed(String message) {
        return new HttpHeadException(400, message);
    }

    static HttpHeadException unexpected(byte b, String where) {
        return malformed("unexpected byte '" + HttpCharacters.escaped(b) + "' in the " + where);
    }

    static HttpHeadException unsupportedVersion(int major, int minor) {
        return new HttpHeadException(505, "HTTP/" + major + "." + minor + " is not supported: HTTP/1.1 is");
    }

    /** RFC 9112 §6.1. */
    static HttpHeadException unsupportedCoding(String value) {
        return new HttpHeadException(501,
                "Transfer-Encoding '" + HttpCharacters.escaped(value) + "' is not supported: chunked is");
    }

    /** A body is refused as soon as it is known that it will exceed the limit. */
    static HttpHeadException bodyBeyondLimit(long limit) {
        return new HttpHeadException(413, "the body is larger than " + limit + " bytes (maxBodySize)");
    }

    /** The limit is checked as bytes arrive: the reported value is the first one beyond the limit, whatever follows. */
    static HttpHeadException beyondLimit(int status, String what, int limit, String setting) {
        return new HttpHeadException(status,
                what + ": at least " + (limit + 1L) + ", the limit is " + limit + " (" + setting + ")");
    }
}
