package dev.weft.bench.conform;

import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.extensions.permessage_deflate.PerMessageDeflateExtension;
import org.java_websocket.handshake.ServerHandshake;

/** An echo client made with Java-WebSocket, for a fuzzing server. */
public final class JavaWebSocketAutobahnClient extends WebSocketClient {
    private final boolean echo;
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile String first;

    private JavaWebSocketAutobahnClient(URI uri, boolean echo) {
        super(uri, new Draft_6455(List.of(new PerMessageDeflateExtension())));
        this.echo = echo;
        setTcpNoDelay(true);
    }

    /** Runs all cases of the server whose address is the argument. */
    public static void main(String[] args) throws Exception {
        FuzzingRun.run(args, "java-websocket", JavaWebSocketAutobahnClient::visit);
        System.exit(0);
    }

    private static String visit(URI uri, boolean echo) throws InterruptedException {
        JavaWebSocketAutobahnClient client = new JavaWebSocketAutobahnClient(uri, echo);
        client.connect();
        if (!client.end.await(FuzzingRun.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            client.close();
        }
        return client.first;
    }

    @Override
    public void onOpen(ServerHandshake handshake) {}

    @Override
    public void onMessage(String message) {
        first = first == null ? message : first;
        if (echo) {
            send(message);
        }
    }

    @Override
    public void onMessage(ByteBuffer message) {
        send(message);
    }

    @Override
    public void onClose(int code, String reason, boolean remote) {
        end.countDown();
    }

    @Override
    public void onError(Exception error) {}
}
