package dev.weft.bench.client;

import dev.weft.MessageView;
import dev.weft.client.WebSocketClient;
import java.net.URI;

/** Weft: a handler for each connection, on its virtual thread. */
final class WeftEchoClient implements ComparedClient {
    @Override
    public void start(URI uri, int connections, int window, byte[] message, Count count) throws Exception {
        WebSocketClient client = WebSocketClient.builder().noDeflate().build();
        for (int i = 0; i < connections; i++) {
            client.run(uri, ws -> {
                for (int j = 0; j < window; j++) {
                    ws.send(message);
                }
                for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
                    count.received(view.length());
                    ws.send(message);
                }
            });
        }
    }
}
