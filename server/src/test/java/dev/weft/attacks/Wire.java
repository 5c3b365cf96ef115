package dev.weft.attacks;

import dev.weft.TestKeys;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketHandler;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.time.Duration;

/** What an attack goes over: a transport, with or without TLS. */
enum Wire {
    PARKING(TransportKind.PARKING, false), PARKING_PLATFORM(TransportKind.PARKING_PLATFORM, false), BLOCKING(
            TransportKind.BLOCKING,
            false), PARKING_TLS(TransportKind.PARKING, true), BLOCKING_TLS(TransportKind.BLOCKING, true);

    private final TransportKind kind;
    private final boolean tls;

    Wire(TransportKind kind, boolean tls) {
        this.kind = kind;
        this.tls = tls;
    }

    /** The settings of a server that is reached so, and that aborts what is still open at the end of a test. */
    WebSocketServerBuilder server(WebSocketHandler handler) {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(kind).handler(handler)
                .shutdownGrace(Duration.ZERO);
        return tls ? builder.tls(TestKeys.context()) : builder;
    }
}
