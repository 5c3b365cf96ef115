package dev.weft.bench.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The JDK's: a send may begin only after the previous one has ended, so each waits for it. */
final class JdkEchoClient implements ComparedClient {
    @Override
    public void start(URI uri, int connections, int window, byte[] message, Count count) {
        HttpClient client = HttpClient.newHttpClient();
        for (int i = 0; i < connections; i++) {
            WebSocket ws = client.newWebSocketBuilder().buildAsync(uri, new Listener(window, message, count)).join();
            ws.request(1);
        }
    }

    private static final class Listener implements WebSocket.Listener {
        private final int window;
        private final byte[] message;
        private final Count count;
        /** Used by one thread at a time, like all fields of a listener. */
        private CompletableFuture<WebSocket> sent;
        private int length;

        Listener(int window, byte[] message, Count count) {
            this.window = window;
            this.message = message;
            this.count = count;
        }

        @Override
        public void onOpen(WebSocket ws) {
            sent = CompletableFuture.completedFuture(ws);
            for (int i = 0; i < window; i++) {
                send(ws);
            }
        }

        private void send(WebSocket ws) {
            sent = sent.isDone()
                    ? ws.sendBinary(ByteBuffer.wrap(message), true)
                    : sent.thenCompose(done -> done.sendBinary(ByteBuffer.wrap(message), true));
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket ws, ByteBuffer data, boolean last) {
            length += data.remaining();
            if (last) {
                count.received(length);
                length = 0;
                send(ws);
            }
            ws.request(1);
            return null;
        }
    }
}
