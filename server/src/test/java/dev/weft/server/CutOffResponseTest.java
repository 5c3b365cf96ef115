package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** RFC 9112 §8: a client must be able to see that a response without a length was cut off. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CutOffResponseTest {
    @RegisterExtension
    final LogCapture log = new LogCapture();

    private static void assertReset(HttpPeer peer) {
        assertThrows(SocketException.class, peer.raw()::readToEnd);
    }

    /** Reads the head and the first byte of the body. */
    private static HttpPeer begun(WebSocketServer server, String request) throws IOException {
        HttpPeer peer = HttpPeer.connect(server).send(request + "\r\nHost: a\r\n\r\n");
        assertEquals(200, peer.readHead().status());
        assertEquals('x', peer.raw().input().read());
        return peer;
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void streamWithoutALengthThatFailsMustEndWithAReset(TransportKind transport) throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().transport(transport)
                .http("/fail", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write('x');
                    out.flush();
                    read.await();
                    throw new IOException("no disk");
                })).start(); HttpPeer peer = begun(server, "GET /fail HTTP/1.0")) {
            read.countDown();
            assertReset(peer);
            Await.until("the connection is over", () -> server.connectionCount() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void streamWithoutALengthThatPausesTooLongMustEndWithAReset(TransportKind transport) throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().transport(transport)
                .http("/slow", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write('x');
                    out.flush();
                    goOn.await();
                })).httpSettings(HttpSettings.builder().handlerTimeout(Duration.ofMillis(200)).build()).start();
                HttpPeer peer = begun(server, "GET /slow HTTP/1.0")) {
            assertReset(peer);
        } finally {
            goOn.countDown();
        }
    }

    /** What the client has not yet received must not be lost by the end of a complete response. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void streamWithoutALengthThatIsCompleteMustEndWithoutAReset(TransportKind transport) throws Exception {
        byte[] piece = new byte[1 << 20];
        try (WebSocketServer server = Handlers.echoServer().transport(transport)
                .http("/whole", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write('x');
                    out.write(piece);
                })).start(); HttpPeer peer = begun(server, "GET /whole HTTP/1.0")) {
            assertEquals(piece.length, peer.raw().readToEnd().length);
        }
    }

    /** A length or chunks show that something is missing; a reset could destroy what the client has not yet received. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void streamWithALengthThatFailsMustEndWithoutAReset(TransportKind transport) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().transport(transport)
                .http("/short", request -> HttpResponse.stream(200, "x/y", 3, out -> {
                    out.write('x');
                    out.flush();
                    throw new IOException("no disk");
                })).start(); HttpPeer peer = begun(server, "GET /short HTTP/1.0")) {
            assertEquals("", new String(peer.raw().readToEnd(), ISO_8859_1));
        }
    }
}
