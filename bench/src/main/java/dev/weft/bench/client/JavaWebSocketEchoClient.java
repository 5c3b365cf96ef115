package dev.weft.bench.client;

import java.net.URI;
import java.nio.ByteBuffer;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.handshake.ServerHandshake;

/** Java-WebSocket: two threads for each connection. */
final class JavaWebSocketEchoClient implements ComparedClient {
    @Override
    public void start(URI uri, int connections, int window, byte[] message, Count count) throws Exception {
        for (int i = 0; i < connections; i++) {
            WebSocketClient client = new WebSocketClient(uri) {
                @Override
                public void onOpen(ServerHandshake handshake) {
                    for (int j = 0; j < window; j++) {
                        send(message);
                    }
                }

                @Override
                public void onMessage(ByteBuffer bytes) {
                    count.received(bytes.remaining());
                    send(message);
                }

                @Override
                public void onMessage(String text) {
                    throw new AssertionError("a text");
                }

                @Override
                public void onClose(int code, String reason, boolean remote) {
                    // Then messages are missing, which fails the measurement.
                }

                @Override
                public void onError(Exception e) {
                    // As above.
                }
            };
            client.setTcpNoDelay(true);
            client.setConnectionLostTimeout(0);
            client.connectBlocking();
        }
    }
}
