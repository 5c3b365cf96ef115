package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OkHttp over a real socket. It offers permessage-deflate, and sends as it is told when that is not accepted. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OkHttpClientTest {
    private static OkHttpClient client;
    private static WebSocketServer server;

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();

    @BeforeAll
    static void start() throws Exception {
        client = new OkHttpClient();
        server = WebSocketServer.builder().subprotocols("chat").handler(ws -> {
            if (ws.target().equals("/close")) {
                ws.close(4001, "fare well");
            } else {
                Handlers.echo(ws);
            }
        }).start();
    }

    @AfterAll
    static void stop() {
        server.close();
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }

    private WebSocket connect(String path, String... header) {
        return connect(client, path, header);
    }

    private WebSocket connect(OkHttpClient by, String path, String... header) {
        Request.Builder request = new Request.Builder().url("http://127.0.0.1:" + server.port() + path);
        if (header.length > 0) {
            request.header(header[0], header[1]);
        }
        return by.newWebSocket(request.build(), new WebSocketListener() {
            @Override
            public void onOpen(WebSocket webSocket, Response response) {
                events.add("open " + response.header("Sec-WebSocket-Protocol") + " "
                        + response.header("Sec-WebSocket-Extensions"));
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
        assertEquals("open null null", next());
        ws.send("Gr\u00fc\u00dfe, \ud83d\ude00");
        assertEquals("Gr\u00fc\u00dfe, \ud83d\ude00", next());
        ws.send(ByteString.of((byte) 0, (byte) -1));
        assertEquals(ByteString.of((byte) 0, (byte) -1), next());
        close(ws);
    }

    @Test
    void mebibyteIsEchoed() throws Exception {
        byte[] octets = new byte[1 << 20];
        new Random(2).nextBytes(octets);
        WebSocket ws = connect("/");
        next();
        ws.send(ByteString.of(octets));
        assertEquals(ByteString.of(octets), next());
        close(ws);
    }

    @Test
    void itsPingsAreAnswered() throws Exception {
        OkHttpClient pinging = client.newBuilder().pingInterval(Duration.ofMillis(300)).build();
        RealWebSocket ws = (RealWebSocket) connect(pinging, "/");
        assertEquals("open null null", next());
        Await.until("two pongs came", () -> ws.receivedPongCount() >= 2);
        ws.send("still here");
        assertEquals("still here", next());
        close(ws);
    }

    @Test
    void closeCodesTravelBothWays() throws Exception {
        connect("/close");
        assertEquals("open null null", next());
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
        assertEquals("open chat null", next());
        close(ws);
    }

    @Test
    void rejectionIsAFailureWithItsStatus() throws Exception {
        connect("/", "Origin", "http://evil.org");
        assertEquals("failure 403", next());
    }
}
