package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that reset their connection while their request is handled: nobody has failed, and nobody is answered. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostBodyTest {
    private static final Logger ACCESS = Logger.getLogger(AccessLog.LOGGER);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final Handler collector = new Handler() {
        @Override
        public void publish(LogRecord logged) {
            lines.add(logged.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void collect() {
        ACCESS.setUseParentHandlers(false);
        ACCESS.addHandler(collector);
    }

    @AfterEach
    void collectNoMore() {
        ACCESS.removeHandler(collector);
        ACCESS.setUseParentHandlers(true);
    }

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
        assertEquals(List.of(), lines);
        assertEquals(List.of(), log.lines(Level.WARNING));
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
    void clientThatLeavesAHandlerAtWorkMustNotCountAsItsFailure(TransportKind transport) throws Exception {
        assertForgotten(transport, request -> {
            begun.countDown();
            new CountDownLatch(1).await();
            throw new AssertionError("not reached");
        });
    }
}
