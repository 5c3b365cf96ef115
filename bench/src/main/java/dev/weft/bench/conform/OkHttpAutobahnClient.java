package dev.weft.bench.conform;

import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;

/** An echo client made with OkHttp, for a fuzzing server. */
public final class OkHttpAutobahnClient extends WebSocketListener {
    private static final int NO_STATUS = 1005;

    private final boolean echo;
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile String first;

    private OkHttpAutobahnClient(boolean echo) {
        this.echo = echo;
    }

    /** Runs all cases of the server whose address is the argument. */
    public static void main(String[] args) throws Exception {
        OkHttpClient client = new OkHttpClient.Builder().minWebSocketMessageToCompress(0).build();
        FuzzingRun.run(args, "okhttp", (uri, echo) -> visit(client, uri, echo));
        System.exit(0); // its threads live on for a minute
    }

    private static String visit(OkHttpClient client, URI uri, boolean echo) throws InterruptedException {
        OkHttpAutobahnClient listener = new OkHttpAutobahnClient(echo);
        WebSocket connection = client.newWebSocket(new Request.Builder().url(uri.toString()).build(), listener);
        if (!listener.end.await(FuzzingRun.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            connection.cancel();
        }
        return listener.first;
    }

    @Override
    public void onMessage(WebSocket connection, String text) {
        first = first == null ? text : first;
        if (echo) {
            connection.send(text);
        }
    }

    @Override
    public void onMessage(WebSocket connection, ByteString bytes) {
        connection.send(bytes);
    }

    @Override
    public void onClosing(WebSocket connection, int code, String reason) {
        connection.close(code == NO_STATUS ? 1000 : code, null);
    }

    @Override
    public void onClosed(WebSocket connection, int code, String reason) {
        end.countDown();
    }

    @Override
    public void onFailure(WebSocket connection, Throwable failure, Response response) {
        end.countDown();
    }
}
