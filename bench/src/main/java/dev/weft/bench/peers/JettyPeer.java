package dev.weft.bench.peers;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** Jetty: one selector, whole messages; Jetty itself demands the next message. */
public final class JettyPeer implements Session.Listener.AutoDemanding {
    private static final Set<Session> SUBSCRIBERS = ConcurrentHashMap.newKeySet();
    private static final int SOCKET_BUFFER = 1 << 16;

    private final boolean broadcasts;
    private Session session;

    /** One instance for each connection. */
    private JettyPeer(boolean broadcasts) {
        this.broadcasts = broadcasts;
    }

    /** Serves with one selector. */
    public static void main(String[] args) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost("127.0.0.1");
        connector.setPort(Announcement.port(args));
        connector.setAcceptQueueSize(Announcement.BACKLOG);
        server.addConnector(connector);
        server.setHandler(WebSocketUpgradeHandler.from(server, container -> {
            container.setMaxTextMessageSize(Announcement.MAX_MESSAGE);
            container.setMaxBinaryMessageSize(Announcement.MAX_MESSAGE);
            container.setMaxFrameSize(Announcement.MAX_MESSAGE);
            container.setInputBufferSize(SOCKET_BUFFER);
            container.setOutputBufferSize(SOCKET_BUFFER);
            container.setIdleTimeout(Duration.ofMinutes(10));
            container.addMapping("/*", (request, response, callback) -> new JettyPeer(
                    request.getHttpURI().getPath().equals(Announcement.BROADCAST_PATH)));
        }));
        server.start();
        Announcement.listening(connector.getLocalPort(), args);
    }

    @Override
    public void onWebSocketOpen(Session opened) {
        session = opened;
        if (broadcasts) {
            SUBSCRIBERS.add(opened);
        }
    }

    @Override
    public void onWebSocketText(String message) {
        if (broadcasts) {
            SUBSCRIBERS.forEach(each -> each.sendText(message, Callback.NOOP));
        } else {
            session.sendText(message, Callback.NOOP);
        }
    }

    @Override
    public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
        if (broadcasts) {
            ByteBuffer copy = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
            callback.succeed();
            SUBSCRIBERS.forEach(each -> each.sendBinary(copy.duplicate(), Callback.NOOP));
        } else {
            // Sent on the thread that received it: Jetty keeps the payload until the callback, which is also the callback of
            // the send.
            session.sendBinary(payload, callback);
        }
    }

    @Override
    public void onWebSocketClose(int code, String reason, Callback callback) {
        SUBSCRIBERS.remove(session);
        callback.succeed();
    }

    @Override
    public void onWebSocketError(Throwable cause) {
        SUBSCRIBERS.remove(session);
    }
}
