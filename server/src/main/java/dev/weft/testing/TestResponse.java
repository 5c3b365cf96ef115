package dev.weft.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.http.Headers;

/** A server's response to an opening handshake. Immutable. */
public final class TestResponse {
    private final int status;
    private final Headers headers;
    private final byte[] body;

    TestResponse(int status, Headers headers, byte[] body) {
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /** The status code: 101 if the handshake was accepted. */
    public int status() {
        return status;
    }

    /** The header fields. */
    public Headers headers() {
        return headers;
    }

    /** The body decoded as UTF-8; empty after 101. */
    public String body() {
        return new String(body, UTF_8);
    }

    /** A copy of the bytes that followed the head: after 101, the first frames. */
    byte[] rest() {
        return body.clone();
    }

    @Override
    public String toString() {
        return status + (status == 101 || body.length == 0 ? "" : " \"" + body().strip() + "\"");
    }
}
