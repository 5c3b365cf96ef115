package dev.weft.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.java_websocket.WebSocket;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.server.WebSocketServer;

/** Java-WebSocket: a selector thread and one decoding thread. */
public final class JavaWebSocketPeer extends WebSocketServer {
    private final String[] args;
    private final Set<WebSocket> subscribers = ConcurrentHashMap.newKeySet();

    private JavaWebSocketPeer(String[] args) {
        super(new InetSocketAddress("127.0.0.1", Announcement.port(args)), 1);
        this.args = args;
        setTcpNoDelay(true);
        setMaxPendingConnections(Announcement.BACKLOG);
        setConnectionLostTimeout(0);
    }

    /** Serves with one decoder. */
    public static void main(String[] args) {
        new JavaWebSocketPeer(args).run();
    }

    @Override
    public void onStart() {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Announcement.listening(getPort(), args);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    @Override
    public void onOpen(WebSocket connection, ClientHandshake handshake) {
        if (handshake.getResourceDescriptor().equals(Announcement.BROADCAST_PATH)) {
            subscribers.add(connection);
        }
    }

    @Override
    public void onMessage(WebSocket connection, String message) {
        if (subscribers.contains(connection)) {
            broadcast(message, subscribers);
        } else {
            connection.send(message);
        }
    }

    @Override
    public void onMessage(WebSocket connection, ByteBuffer message) {
        if (subscribers.contains(connection)) {
            broadcast(message, subscribers);
        } else {
            connection.send(message);
        }
    }

    @Override
    public void onClose(WebSocket connection, int code, String reason, boolean remote) {
        subscribers.remove(connection);
    }

    @Override
    public void onError(WebSocket connection, Exception error) {}
}
