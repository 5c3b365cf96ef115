package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Objects;

/**
 * An answer that is not an upgrade: to a refused handshake, or to a plain request. The connection is closed after it.
 * {@code Connection} and the framing headers are added when it is encoded, and cannot be set.
 *
 * <pre>{@code
 * HttpResponse response = HttpResponse.of(503, "Full, come back later\n").withHeader("Retry-After", "10");
 * }</pre>
 *
 * @param status
 *            the status code, 200–599: an interim response (1xx) is not a final answer
 * @param headers
 *            header fields without {@code Connection}, {@code Content-Length} and {@code Transfer-Encoding}
 * @param body
 *            the body's bytes, none with 204 and 304; not copied, so not to be changed afterwards
 */
public record HttpResponse(int status, Headers headers, byte[] body) {

    private static final List<String> OWN_HEADERS = List.of("Connection", "Content-Length", "Transfer-Encoding");

    /**
     * @throws IllegalArgumentException
     *             if the status is out of range, a header is one of those that are set here, or there is a body where
     *             the status forbids it
     */
    public HttpResponse {
        Objects.requireNonNull(headers, "headers");
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("the status of an answer is 200–599, not " + status);
        }
        for (String name : OWN_HEADERS) {
            if (headers.contains(name)) {
                throw new IllegalArgumentException(name + " is set by the response itself");
            }
        }
        if (body.length > 0 && !allowsBody(status)) {
            throw new IllegalArgumentException("an answer with status " + status + " has no body");
        }
    }

    /** An answer with a plain text in UTF-8. */
    public static HttpResponse of(int status, String text) {
        return new HttpResponse(status, Headers.of("Content-Type", "text/plain; charset=utf-8"), text.getBytes(UTF_8));
    }

    /**
     * This answer with a header, which replaces all lines of the same name.
     *
     * @throws IllegalArgumentException
     *             if it is not a header, or one that is set by the response itself
     */
    public HttpResponse withHeader(String name, String value) {
        return new HttpResponse(status, Headers.builder().addAll(headers).set(name, value).build(), body);
    }

    /**
     * This answer with one more header line; lines of the same name are kept, as with {@code Set-Cookie}.
     *
     * @throws IllegalArgumentException
     *             if it is not a header, or one that is set by the response itself
     */
    public HttpResponse withAddedHeader(String name, String value) {
        return new HttpResponse(status, Headers.builder().addAll(headers).add(name, value).build(), body);
    }

    /** The bytes of head and body. */
    public byte[] encode() {
        byte[] head = encodeHead();
        byte[] bytes = new byte[head.length + body.length];
        System.arraycopy(head, 0, bytes, 0, head.length);
        System.arraycopy(body, 0, bytes, head.length, body.length);
        return bytes;
    }

    /** The bytes of the head alone, for a HEAD request: {@code Content-Length} is the length of the omitted body. */
    public byte[] encodeHead() {
        StringBuilder head = new StringBuilder(256);
        // RFC 9112 §4: the reason may be empty, the space before it is not optional.
        head.append("HTTP/1.1 ").append(status).append(' ').append(reason(status)).append("\r\n");
        headers.appendTo(head);
        // RFC 9110 §7.8: a sender of Upgrade names it as a connection option.
        head.append("Connection: ").append(headers.contains("Upgrade") ? "Upgrade, close" : "close").append("\r\n");
        // RFC 9110 §8.6: no length with 204; the one of a 304 would be that of the body it saves.
        if (allowsBody(status)) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    private static boolean allowsBody(int status) {
        return status != 204 && status != 304;
    }

    private static String reason(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 204 -> "No Content";
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
            case 414 -> "URI Too Long";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 503 -> "Service Unavailable";
            case 505 -> "HTTP Version Not Supported";
            default -> "";
        };
    }
}
