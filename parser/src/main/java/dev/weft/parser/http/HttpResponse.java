package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A response that is not an upgrade: to a refused handshake, or to a plain request. Its body is an array, or is written to a
 * stream after the head has been sent. {@code Connection} and the framing headers cannot be set: encoding the response
 * adds them. Immutable: each method that sets something returns a copy.
 *
 * <pre>{@code
 * HttpResponse full = HttpResponse.text(503, "Full, come back later\n").withHeader("Retry-After", "10");
 * HttpResponse export = HttpResponse.stream(200, "text/csv", out -> rows.writeTo(out));
 * }</pre>
 */
public final class HttpResponse {

    /** Writes the body of a response. */
    @FunctionalInterface
    public interface BodyWriter {
        /**
         * Writes the whole body. When this method returns, the body is complete. When it throws, the response is cut
         * off in a way that the client can detect, or becomes a 500 if none of it has been sent.
         *
         * @param out need not be closed; {@code flush} sends what has been written so far
         */
        void writeTo(OutputStream out) throws Exception;
    }

    private static final List<String> OWN_HEADERS = List.of("Connection", "Content-Length", "Transfer-Encoding");
    private static final byte[] NOTHING = {};
    /** Used instead of a length if chunks, or the end of the connection, mark the body's end. */
    private static final long UNKNOWN = -1;

    private final int status;
    private final Headers headers;
    private final byte[] body;
    private final long length;
    private final BodyWriter writer;

    /** Has either a body or, if the body is {@code null}, a writer. */
    private HttpResponse(int status, Headers headers, byte[] body, long length, BodyWriter writer) {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("the status of a response is 200–599, not " + status);
        }
        for (String name : OWN_HEADERS) {
            if (headers.contains(name)) {
                throw new IllegalArgumentException(name + " is set by the response itself");
            }
        }
        if (length != 0 && !allowsBody(status)) {
            throw new IllegalArgumentException("a response with status " + status + " has no body");
        }
        this.status = status;
        this.headers = headers;
        this.body = body;
        this.length = length;
        this.writer = writer;
    }

    /**
     * A response without a body.
     *
     * @param status
     *            200–599: an interim response (1xx) is not a final one
     * @throws IllegalArgumentException
     *             if the status is out of range
     */
    public static HttpResponse empty(int status) {
        return new HttpResponse(status, Headers.EMPTY, NOTHING, 0, null);
    }

    /**
     * A response with plain text in UTF-8.
     *
     * @throws IllegalArgumentException
     *             if the status is out of range, or forbids a body (204, 304) and there is one
     */
    public static HttpResponse text(int status, String text) {
        return bytes(status, "text/plain; charset=utf-8", text.getBytes(UTF_8));
    }

    /**
     * A response with these bytes.
     *
     * @param contentType
     *            the media type, such as {@code application/json}
     * @param body not copied, so it must not be changed afterwards
     * @throws IllegalArgumentException
     *             as {@link #text}, or if the type is not a valid header value
     */
    public static HttpResponse bytes(int status, String contentType, byte[] body) {
        return new HttpResponse(status, Headers.of("Content-Type", contentType), body, body.length, null);
    }

    /**
     * A response whose body is written to a stream, and whose length is not known in advance. The body is sent in
     * chunks; to an HTTP/1.0 client, it is sent without chunks, and ends with the end of the connection.
     *
     * @throws IllegalArgumentException
     *             as {@link #bytes}
     */
    public static HttpResponse stream(int status, String contentType, BodyWriter writer) {
        return new HttpResponse(status, Headers.of("Content-Type", contentType), null, UNKNOWN,
                Objects.requireNonNull(writer, "writer"));
    }

    /**
     * A response whose body is written to a stream and has this number of bytes. If the writer writes fewer bytes, the
     * connection is cut off; it cannot write more.
     *
     * @throws IllegalArgumentException
     *             as {@link #bytes}, or if the length is negative
     */
    public static HttpResponse stream(int status, String contentType, long length, BodyWriter writer) {
        if (length < 0) {
            throw new IllegalArgumentException("length " + length + " is negative");
        }
        return new HttpResponse(status, Headers.of("Content-Type", contentType), null, length,
                Objects.requireNonNull(writer, "writer"));
    }

    /** The status code. */
    public int status() {
        return status;
    }

    /** The header fields, except {@code Connection}, {@code Content-Length} and {@code Transfer-Encoding}. */
    public Headers headers() {
        return headers;
    }

    /**
     * The body's bytes, not copied; empty if there is none.
     *
     * @throws IllegalStateException
     *             if the body is {@linkplain #writer() written} to a stream
     */
    public byte[] body() {
        if (body == null) {
            throw new IllegalStateException("the body is written to a stream");
        }
        return body;
    }

    /** The writer of the body; empty if the body is an array. */
    public Optional<BodyWriter> writer() {
        return Optional.ofNullable(writer);
    }

    /** The number of bytes of the body; empty if it is not known before the body has been written. */
    public OptionalLong length() {
        return length == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(length);
    }

    /**
     * Returns a copy with this header, which replaces all lines of the same name.
     *
     * @throws IllegalArgumentException
     *             if it is not a valid header, or the response itself sets it
     */
    public HttpResponse withHeader(String name, String value) {
        return with(Headers.builder().addAll(headers).set(name, value).build());
    }

    /**
     * Returns a copy with one more header line; existing lines of the same name are kept, as {@code Set-Cookie}
     * requires.
     *
     * @throws IllegalArgumentException
     *             if it is not a valid header, or the response itself sets it
     */
    public HttpResponse withAddedHeader(String name, String value) {
        return with(Headers.builder().addAll(headers).add(name, value).build());
    }

    private HttpResponse with(Headers changed) {
        return new HttpResponse(status, changed, body, length, writer);
    }

    /**
     * The bytes of the head and the body, for a connection that is closed after the response.
     *
     * @throws IllegalStateException
     *             if the body is written to a stream
     */
    public byte[] encode() {
        byte[] head = encodeHead();
        byte[] bytes = new byte[head.length + body().length];
        System.arraycopy(head, 0, bytes, 0, head.length);
        System.arraycopy(body, 0, bytes, head.length, body.length);
        return bytes;
    }

    /**
     * The bytes of the head alone, for a connection that is closed after the response. For a HEAD request this is the
     * whole response: {@code Content-Length} is the length of the body that is omitted.
     */
    public byte[] encodeHead() {
        return encodeHead(1, false);
    }

    /**
     * The bytes of the head alone. A body of unknown length is announced as chunked (RFC 9112 §7.1), except to an
     * HTTP/1.0 client, which does not support chunks: for it, the end of the connection ends the body.
     *
     * @param minorVersion that of the request: 0 for HTTP/1.0
     * @param keepsConnection
     *            whether the connection stays open for another request (RFC 9112 §9.3)
     * @throws IllegalArgumentException if only the end of the connection could end the body, but
     *             {@code keepsConnection} is true
     */
    public byte[] encodeHead(int minorVersion, boolean keepsConnection) {
        if (keepsConnection && minorVersion == 0 && length == UNKNOWN) {
            throw new IllegalArgumentException("for HTTP/1.0 the end of the connection ends a body of unknown length");
        }
        StringBuilder head = new StringBuilder(256);
        // RFC 9112 §4: the reason may be empty, but the space before it is required.
        head.append("HTTP/1.1 ").append(status).append(' ').append(reason(status)).append("\r\n");
        headers.appendTo(head);
        appendConnection(head, minorVersion, keepsConnection);
        // RFC 9110 §8.6: a 204 has no Content-Length; in a 304 it would be the length of the body that is not sent.
        if (length != UNKNOWN && allowsBody(status)) {
            head.append("Content-Length: ").append(length).append("\r\n");
        } else if (length == UNKNOWN && minorVersion > 0) {
            head.append("Transfer-Encoding: chunked\r\n");
        }
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    private void appendConnection(StringBuilder head, int minorVersion, boolean keepsConnection) {
        String persistence = keepsConnection ? minorVersion == 0 ? "keep-alive" : "" : "close";
        // RFC 9110 §7.8: a sender of Upgrade must also list it as a connection option.
        String upgrade = headers.contains("Upgrade") ? "Upgrade" : "";
        if (!persistence.isEmpty() || !upgrade.isEmpty()) {
            head.append("Connection: ").append(upgrade)
                    .append(persistence.isEmpty() || upgrade.isEmpty() ? "" : ", ").append(persistence)
                    .append("\r\n");
        }
    }

    private static boolean allowsBody(int status) {
        return status != 204 && status != 304;
    }

    private static String reason(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 201 -> "Created";
            case 202 -> "Accepted";
            case 204 -> "No Content";
            case 206 -> "Partial Content";
            case 301 -> "Moved Permanently";
            case 302 -> "Found";
            case 303 -> "See Other";
            case 304 -> "Not Modified";
            case 307 -> "Temporary Redirect";
            case 308 -> "Permanent Redirect";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 412 -> "Precondition Failed";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 415 -> "Unsupported Media Type";
            case 416 -> "Range Not Satisfiable";
            case 417 -> "Expectation Failed";
            case 421 -> "Misdirected Request";
            case 422 -> "Unprocessable Content";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 503 -> "Service Unavailable";
            case 505 -> "HTTP Version Not Supported";
            default -> "";
        };
    }

    /** The status and the names of the headers; the values are omitted because they may be secrets. */
    @Override
    public String toString() {
        return "HttpResponse[" + status + " " + headers + "]";
    }
}
