package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that reset their connection while their request is handled: nobody has failed, and nobody is answered. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostBodyTest {
    @RegisterExtension
    final LogCapture log = new LogCapture();

    @RegisterExtension
    final AccessLogLines lines = new AccessLogLines();

    private final CountDownLatch begun = new CountDownLatch(1);
    /** Sends a request whose handler begins, resets the connection, and checks that only its end is left. */
    private void assertForgotten(TransportKind transport, HttpHandler handler) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().transport(transport).http("/upload", handler)
                .accessLog(AccessLogFormat.COMBINED).start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
                assertTrue(begun.await(10, TimeUnit.SECONDS));
                peer.raw().socket().setSoLinger(true, 0);
            }
            Await.until("the connection is over", () -> server.connectionCount() == 0);
            assertEquals(0L, server.refusals().values().stream().mapToLong(Long::longValue).sum());
        }
        assertEquals(List.of(), lines.all());
        assertEquals(List.of(), log.lines(Level.WARNING));
        assertTrue(log.lines(Level.FINE).stream().anyMatch(line -> line.contains(": the peer left while")),
                log.lines(Level.FINE).toString());
    }

    private HttpResponse read(HttpRequest request) throws IOException {
        assertEquals('a', request.body().read());
        begun.countDown();
        return HttpResponse.bytes(200, "x/y", request.bodyBytes());
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void bodyThatIsLostMustNotCountAsAFailure(TransportKind transport) throws Exception {
        assertForgotten(transport, this::read);
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void handlerThatAnswersForALostBodyMustNotBeLogged(TransportKind transport) throws Exception {
        assertForgotten(transport, request -> {
            try {
                return read(request);
            } catch (IOException e) {
                return HttpResponse.text(500, "the handler's own answer");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void bodyThatAStreamLosesMustNotCountAsAFailure(TransportKind transport) throws Exception {
        assertForgotten(transport, request -> HttpResponse.stream(200, "x/y", out -> {
            assertEquals('a', request.body().read());
            begun.countDown();
            request.body().transferTo(out);
        }));
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void clientThatLeavesAHandlerAtWorkMustNotCountAsItsFailure(TransportKind transport) throws Exception {
        assertForgotten(transport, request -> {
            begun.countDown();
            new CountDownLatch(1).await();
            throw new AssertionError("not reached");
        });
    }
}
