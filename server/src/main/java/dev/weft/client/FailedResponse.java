package dev.weft.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.http.Headers;
import java.util.Objects;

/**
 * The response of a server or a proxy that did not open a connection.
 *
 * @param status  the status code
 * @param headers the header fields
 * @param body    the beginning of the body, at most {@link #MAX_BODY_SIZE} bytes; not copied
 */
public record FailedResponse(int status, Headers headers, byte[] body) {
    /** The maximum number of bytes of the body that are kept. */
    public static final int MAX_BODY_SIZE = 64 << 10;

    /** Neither the headers nor the body may be {@code null}. */
    public FailedResponse {
        Objects.requireNonNull(headers, "headers");
        Objects.requireNonNull(body, "body");
    }

    /** The body decoded as UTF-8; malformed bytes are replaced. */
    public String bodyText() {
        return new String(body, UTF_8);
    }

    /** Describes the response without the body, because the peer chose its content. */
    @Override
    public String toString() {
        return "FailedResponse[" + status + " " + headers + ", " + body.length + " bytes]";
    }
}
