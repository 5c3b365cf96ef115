package dev.weft.tools.echo;

import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;

/** The echo server with its default settings. */
final class EchoDefaults {
    static final String HOST = "127.0.0.1";
    static final int PORT = 9001;

    private EchoDefaults() {}

    static WebSocketServerBuilder builder() {
        return withEcho(withoutEcho());
    }

    /** Where to listen, and what to do at the end. */
    static WebSocketServerBuilder withoutEcho() {
        return WebSocketServer.builder().host(HOST).port(PORT).shutdownHook(true);
    }

    /** Adds what the server serves without {@code --handler}. */
    static WebSocketServerBuilder withEcho(WebSocketServerBuilder builder) {
        return builder.handler(new EchoHandler()).http("GET", "/**", new EchoPage());
    }
}
