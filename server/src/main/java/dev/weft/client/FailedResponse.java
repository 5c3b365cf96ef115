package dev.weft.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.http.Headers;
import java.util.Objects;

/**
 * What a server, or a proxy, answered in place of opening a connection.
 *
 * @param status  the status code
 * @param headers the header fields
 * @param body    the beginning of the body, at most {@link #MAX_BODY_SIZE} bytes; not copied
 */
public record FailedResponse(int status, Headers headers, byte[] body) {
    /** The most bytes of a body that are kept. */
    public static final int MAX_BODY_SIZE = 64 << 10;

    /** Needs both. */
    public FailedResponse {
        Objects.requireNonNull(headers, "headers");
        Objects.requireNonNull(body, "body");
    }

    /** The body as UTF-8; bytes that are not UTF-8 are replaced. */
    public String bodyText() {
        return new String(body, UTF_8);
    }

    /** Without the body, which is the peer's. */
    @Override
    public String toString() {
        return "FailedResponse[" + status + " " + headers + ", " + body.length + " bytes]";
    }
}
