package dev.weft.bench.conform;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.java_websocket.WebSocket;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.extensions.permessage_deflate.PerMessageDeflateExtension;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.server.WebSocketServer;

/** An echo server made with Java-WebSocket; prints its address. */
public final class JavaWebSocketEcho extends WebSocketServer {
    private JavaWebSocketEcho() {
        super(new InetSocketAddress("127.0.0.1", 0), List.of(new Draft_6455(new PerMessageDeflateExtension())));
        setTcpNoDelay(true);
    }

    /** Serves until it is killed. */
    public static void main(String[] args) {
        new JavaWebSocketEcho().run();
    }

    @Override
    public void onStart() {
        System.out.println("ws://127.0.0.1:" + getPort() + "/");
    }

    @Override
    public void onOpen(WebSocket connection, ClientHandshake handshake) {}

    @Override
    public void onMessage(WebSocket connection, String message) {
        connection.send(message);
    }

    @Override
    public void onMessage(WebSocket connection, ByteBuffer message) {
        connection.send(message);
    }

    @Override
    public void onClose(WebSocket connection, int code, String reason, boolean remote) {}

    @Override
    public void onError(WebSocket connection, Exception error) {}
}
