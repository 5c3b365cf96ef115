package dev.weft.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.http.Headers;

/** A server's response to a request. Immutable. */
public final class TestResponse {
    private final int status;
    private final Headers headers;
    private final byte[] body;

    TestResponse(int status, Headers headers, byte[] body) {
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /**
     * Expects this status code.
     *
     * @throws AssertionError if the response has another status
     */
    public TestResponse expectStatus(int expected) {
        if (status != expected) {
            throw new AssertionError("expected the status " + expected + ", but the server answered " + this);
        }
        return this;
    }

    /** The status code. */
    public int status() {
        return status;
    }

    /** The header fields. */
    public Headers headers() {
        return headers;
    }

    /** The body decoded as UTF-8. */
    public String body() {
        return new String(body, UTF_8);
    }

    /** A copy of the body's bytes. */
    public byte[] bytes() {
        return body.clone();
    }

    @Override
    public String toString() {
        return status + (body.length == 0 ? "" : " \"" + body().strip() + "\"");
    }
}
