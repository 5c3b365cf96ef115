package dev.weft.tools.echo;

import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;

/** The echo server with its default settings. */
final class EchoDefaults {
    static final String HOST = "127.0.0.1";
    static final int PORT = 9001;

    private EchoDefaults() {}

    static WebSocketServerBuilder builder() {
        return withEcho(WebSocketServer.builder().host(HOST).port(PORT));
    }

    /** Adds what the server serves without {@code --handler}. */
    static WebSocketServerBuilder withEcho(WebSocketServerBuilder builder) {
        return builder.handler(new EchoHandler()).http("GET", "/**", new EchoPage());
    }
}
