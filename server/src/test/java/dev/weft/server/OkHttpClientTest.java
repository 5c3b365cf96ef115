package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okhttp3.internal.ws.RealWebSocket;
import okio.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * OkHttp over a real socket. It offers permessage-deflate; the server accepts the offer in some tests and declines it in
 * others.
 */
@ParameterizedClass
@ValueSource(booleans = {true, false})
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OkHttpClientTest {
    /** OkHttp gives a connection up if no pong has come until its next ping. */
    private static final Duration PING_INTERVAL = Duration.ofSeconds(1);

    private static OkHttpClient client;

    private final WebSocketServer server;
    private final boolean deflates;
    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();

    OkHttpClientTest(boolean deflates) throws IOException {
        this.deflates = deflates;
        WebSocketServerBuilder builder = WebSocketServer.builder().subprotocols("chat").handler(ws -> {
            if (ws.request().target().equals("/close")) {
                ws.close(4001, "fare well");
            } else {
                Handlers.echo(ws);
            }
        });
        this.server = deflates ? builder.start() : builder.noDeflate().start();
    }

    @BeforeAll
    static void createClient() {
        client = new OkHttpClient();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @AfterAll
    static void stopClient() {
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }

    private WebSocket connect(String path, String... header) {
        return connect(client, path, header);
    }

    private WebSocket connect(OkHttpClient by, String path, String... header) {
        return connect(by, server.port(), path, header);
    }

    private WebSocket connect(OkHttpClient by, int port, String path, String... header) {
        Request.Builder request = new Request.Builder().url("http://127.0.0.1:" + port + path);
        if (header.length > 0) {
            request.header(header[0], header[1]);
        }
        return by.newWebSocket(request.build(), new WebSocketListener() {
            @Override
            public void onOpen(WebSocket webSocket, Response response) {
                String extensions = response.header("Sec-WebSocket-Extensions");
                events.add("open " + response.header("Sec-WebSocket-Protocol") + " "
                        + (extensions != null && extensions.startsWith("permessage-deflate")));
            }

            @Override
            public void onMessage(WebSocket webSocket, String text) {
                events.add(text);
            }

            @Override
            public void onMessage(WebSocket webSocket, ByteString bytes) {
                events.add(bytes);
            }

            @Override
            public void onClosing(WebSocket webSocket, int code, String reason) {
                events.add("closing " + code + " " + reason);
                webSocket.close(1000, null);
            }

            @Override
            public void onClosed(WebSocket webSocket, int code, String reason) {
                events.add("closed " + code);
            }

            @Override
            public void onFailure(WebSocket webSocket, Throwable failure, Response response) {
                events.add("failure " + (response == null ? failure : response.code()));
            }
        });
    }

    private Object next() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    private void close(WebSocket ws) throws InterruptedException {
        assertTrue(ws.close(1000, "done"));
        assertEquals("closing 1000 ", next());
        assertEquals("closed 1000", next());
    }

    @Test
    void textAndBinaryAreEchoed() throws Exception {
        WebSocket ws = connect("/");
        assertEquals("open null " + deflates, next());
        ws.send("Gr\u00fc\u00dfe, \ud83d\ude00");
        assertEquals("Gr\u00fc\u00dfe, \ud83d\ude00", next());
        ws.send(ByteString.of((byte) 0, (byte) -1));
        assertEquals(ByteString.of((byte) 0, (byte) -1), next());
        close(ws);
    }

    @Test
    void mebibyteIsEchoed() throws Exception {
        byte[] bytes = new byte[1 << 20];
        new Random(2).nextBytes(bytes);
        WebSocket ws = connect("/");
        next();
        ws.send(ByteString.of(bytes));
        assertEquals(ByteString.of(bytes), next());
        String text = "0123456789abcdef".repeat(1 << 16);
        ws.send(text);
        assertEquals(text, next());
        close(ws);
    }

    @Test
    void itsPingsAreAnswered() throws Exception {
        OkHttpClient pinging = client.newBuilder().pingInterval(PING_INTERVAL).build();
        RealWebSocket ws = (RealWebSocket) connect(pinging, "/");
        assertEquals("open null " + deflates, next());
        Await.until("two pongs came", () -> ws.receivedPongCount() >= 2);
        ws.send("still here");
        assertEquals("still here", next());
        close(ws);
    }

    @Test
    void closeCodesTravelBothWays() throws Exception {
        connect("/close");
        assertEquals("open null " + deflates, next());
        assertEquals("closing 4001 fare well", next());
        assertEquals("closed 4001", next());
        WebSocket ws = connect("/");
        next();
        ws.close(4002, "enough");
        assertEquals("closing 4002 ", next());
        assertEquals("closed 4002", next());
    }

    @Test
    void subprotocolIsAgreedOn() throws Exception {
        WebSocket ws = connect("/", "Sec-WebSocket-Protocol", "other, chat");
        assertEquals("open chat " + deflates, next());
        close(ws);
    }

    @Test
    void rejectionIsAFailureWithItsStatus() throws Exception {
        connect("/", "Origin", "http://evil.org");
        assertEquals("failure 403", next());
    }

    @Test
    void keepaliveMustHoldWhileTheHandlerIsBusy() throws Exception {
        OkHttpClient pinging = client.newBuilder().pingInterval(PING_INTERVAL).build();
        BlockingQueue<String> mayGoOn = new LinkedBlockingQueue<>();
        try (WebSocketServer busy = WebSocketServer.builder().handler(ws -> {
            ws.receive();
            try {
                ws.send(mayGoOn.take());
            } catch (InterruptedException e) {
                throw new IllegalStateException("the server goes down", e);
            }
            Handlers.echo(ws);
        }).start()) {
            RealWebSocket socket = (RealWebSocket) connect(pinging, busy.port(), "/");
            assertTrue(events.poll(10, TimeUnit.SECONDS).toString().startsWith("open"));
            socket.send("begin");
            Await.until("two pongs came", () -> socket.receivedPongCount() >= 2);
            assertEquals(null, events.poll());
            mayGoOn.add("done");
            assertEquals("done", events.poll(10, TimeUnit.SECONDS));
            socket.cancel();
        }
    }
}
