package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.JdkListener;
import dev.weft.TestKeys;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLParameters;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocketListener;
import okio.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Real clients over wss, with each version of TLS and each transport. */
@ParameterizedClass
@MethodSource("kinds")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsClientsTest {
    @Parameter(0)
    private TransportKind transport;
    @Parameter(1)
    private String protocol;

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private WebSocketServer server;

    static Stream<Arguments> kinds() {
        return Stream.of(TransportKind.values()).flatMap(
                kind -> Stream.of("TLSv1.3", "TLSv1.2").map(protocol -> Arguments.of(kind, protocol)));
    }

    private void start() throws Exception {
        server = WebSocketServer.builder().transport(transport).tls(TestKeys.context()).handler(ws -> {
            if (ws.request().target().equals("/close")) {
                ws.close(4001, "fare well");
            } else {
                Handlers.echo(ws);
            }
        }).policy(request -> HandshakeDecision.accept().withHeader("X-Tls",
                request.tlsSession().orElseThrow().getProtocol())).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Object next() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void jdkClientMustConnect() throws Exception {
        start();
        SSLParameters parameters = new SSLParameters(null, new String[]{protocol});
        try (HttpClient client = HttpClient.newBuilder().sslContext(TestKeys.context()).sslParameters(parameters)
                .build()) {
            URI uri = URI.create("wss://localhost:" + server.port() + "/");
            JdkListener listener = new JdkListener();
            WebSocket ws = client.newWebSocketBuilder().buildAsync(uri, listener).join();
            for (int length : new int[]{0, 1, 125, 126, 16_384, 65_536, 1 << 20}) {
                byte[] bytes = random(length);
                ws.sendBinary(ByteBuffer.wrap(bytes), true).join();
                assertArrayEquals(bytes, (byte[]) listener.next());
            }
            ws.sendClose(4002, "enough").join();
            assertEquals("close 4002 ", listener.next());
            client.newWebSocketBuilder().buildAsync(uri.resolve("/close"), listener).join();
            assertEquals("close 4001 fare well", listener.next());
        }
        Await.until("no connection is left", () -> server.connectionCount() == 0);
    }

    @Test
    void okHttpMustConnect() throws Exception {
        start();
        OkHttpClient client = new OkHttpClient.Builder()
                .sslSocketFactory(TestKeys.context().getSocketFactory(), TestKeys.trust())
                .connectionSpecs(java.util.List.of(new okhttp3.ConnectionSpec.Builder(
                        okhttp3.ConnectionSpec.MODERN_TLS).tlsVersions(protocol).build()))
                .build();
        try {
            Request request = new Request.Builder().url("https://127.0.0.1:" + server.port() + "/").build();
            okhttp3.WebSocket ws = client.newWebSocket(request, new WebSocketListener() {
                @Override
                public void onOpen(okhttp3.WebSocket webSocket, Response response) {
                    events.add(response.header("X-Tls"));
                }

                @Override
                public void onMessage(okhttp3.WebSocket webSocket, ByteString bytes) {
                    events.add(bytes);
                }

                @Override
                public void onClosing(okhttp3.WebSocket webSocket, int code, String reason) {
                    webSocket.close(1000, null);
                }

                @Override
                public void onClosed(okhttp3.WebSocket webSocket, int code, String reason) {
                    events.add("closed " + code);
                }

                @Override
                public void onFailure(okhttp3.WebSocket webSocket, Throwable failure, Response response) {
                    events.add(failure);
                }
            });
            assertEquals(protocol, next());
            for (int length : new int[]{0, 1, 125, 126, 16_384, 65_536, 1 << 20}) {
                ByteString bytes = ByteString.of(random(length));
                assertTrue(ws.send(bytes));
                assertEquals(bytes, next());
            }
            ws.close(1000, "done");
            assertEquals("closed 1000", next());
        } finally {
            client.dispatcher().executorService().shutdown();
            client.connectionPool().evictAll();
        }
        Await.until("no connection is left", () -> server.connectionCount() == 0);
    }
}
