package dev.weft.bench.conform;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** An echo server made with Jetty; prints its address. */
public final class JettyEcho implements Session.Listener.AutoDemanding {
    private static final int MAX_MESSAGE = 16 << 20;

    private Session session;

    /** One instance for each connection. */
    public JettyEcho() {}

    /** Serves until it is killed. */
    public static void main(String[] args) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(WebSocketUpgradeHandler.from(server, container -> {
            container.setMaxTextMessageSize(MAX_MESSAGE);
            container.setMaxBinaryMessageSize(MAX_MESSAGE);
            container.setMaxFrameSize(MAX_MESSAGE);
            container.setIdleTimeout(Duration.ofSeconds(60));
            container.addMapping("/*", (request, response, callback) -> new JettyEcho());
        }));
        server.start();
        System.out.println("ws://127.0.0.1:" + connector.getLocalPort() + "/");
        server.join();
    }

    @Override
    public void onWebSocketOpen(Session opened) {
        session = opened;
    }

    @Override
    public void onWebSocketText(String message) {
        session.sendText(message, Callback.NOOP);
    }

    @Override
    public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
        ByteBuffer copy = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
        session.sendBinary(copy, Callback.NOOP);
        callback.succeed();
    }
}
