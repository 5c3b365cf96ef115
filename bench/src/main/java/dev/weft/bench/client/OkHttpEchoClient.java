package dev.weft.bench.client;

import java.net.URI;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;

/** OkHttp: a thread that reads for each connection, and tasks that write. */
final class OkHttpEchoClient implements ComparedClient {
    @Override
    public void start(URI uri, int connections, int window, byte[] message, Count count) {
        Dispatcher dispatcher = new Dispatcher();
        dispatcher.setMaxRequests(connections);
        dispatcher.setMaxRequestsPerHost(connections);
        OkHttpClient client = new OkHttpClient.Builder().dispatcher(dispatcher).build();
        ByteString bytes = ByteString.of(message, 0, message.length);
        Request request = new Request.Builder().url(uri.toString()).build();
        for (int i = 0; i < connections; i++) {
            client.newWebSocket(request, new WebSocketListener() {
                @Override
                public void onOpen(WebSocket ws, Response response) {
                    for (int j = 0; j < window; j++) {
                        ws.send(bytes);
                    }
                }

                @Override
                public void onMessage(WebSocket ws, ByteString message) {
                    count.received(message.size());
                    ws.send(bytes);
                }
            });
        }
    }
}
