package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Receives that wait in part, and handlers that only send: over every transport, with TLS and without. */
@ParameterizedClass
@MethodSource("kinds")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimedReceivingTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    @Parameter(0)
    private TransportKind transport;
    @Parameter(1)
    private boolean tls;

    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<Thread> receivers = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private WebSocketServer server;

    static Stream<Arguments> kinds() {
        return Stream.of(TransportKind.values())
                .flatMap(kind -> Stream.of(true, false).map(tls -> Arguments.of(kind, tls)));
    }

    private void start(WebSocketHandler handler) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).handler(ws -> {
            opened.add(ws);
            handler.handle(ws);
        });
        server = (tls ? builder.tls(TestKeys.context()) : builder).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private WebSocketConnection connection() throws InterruptedException {
        return opened.poll(10, TimeUnit.SECONDS);
    }

    private String event() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    /** Sends back what comes, and looks for something else meanwhile. */
    private void echoByAndBy(WebSocketConnection ws) throws IOException {
        while (true) {
            Optional<Message> message = ws.receive(SHORT);
            if (message.isEmpty()) {
                events.add("nothing");
            } else if (message.get() instanceof Message.Text text) {
                ws.send(text.value());
            } else {
                events.add("end");
                return;
            }
        }
    }

    @Test
    void receivesThatRunOutOfTimeMustLoseNothing() throws Exception {
        start(this::echoByAndBy);
        try (RawPeer peer = RawPeer.open(server)) {
            assertEquals("nothing", event());
            byte[] frame = RawPeer.textFrame("Hello");
            for (byte each : frame) {
                events.clear();
                assertEquals("nothing", event());
                peer.octets(new byte[]{each});
            }
            assertEquals("8105 48656c6c6f", peer.readFrame());
            peer.hex("8981 00000000 70");
            assertEquals("8a01 70", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
        String event;
        do {
            event = event();
        } while (event.equals("nothing"));
        assertEquals("end", event);
    }

    @Test
    void handlerThatOnlySendsMustLearnOfTheEnd() throws Exception {
        CompletableFuture<CloseStatus> end = new CompletableFuture<>();
        start(ws -> {
            ws.send("news");
            end.complete(ws.awaitClose());
        });
        try (RawPeer peer = RawPeer.open(server)) {
            assertEquals("8104 6e657773", peer.readFrame());
            for (int i = 0; i < 10; i++) {
                peer.octets(RawPeer.textFrame("nobody listens")).hex("8981 00000000 70");
                assertEquals("8a01 70", peer.readFrame());
            }
            connection().send("more");
            assertEquals("8104 6d6f7265", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
        CloseStatus status = end.get(10, TimeUnit.SECONDS);
        assertTrue(status.clean());
        assertEquals(1000, status.code());
    }

    @Test
    void anotherThreadMayReceiveInTheHandlersPlace() throws Exception {
        start(ws -> {
            Thread receiver = Thread.ofVirtual().unstarted(() -> {
                try {
                    Handlers.echo(ws);
                } catch (IOException e) {
                    events.add(e.toString());
                }
            });
            receivers.add(receiver);
            receiver.start();
            receiver.join();
        });
        try (RawPeer peer = RawPeer.open(server)) {
            peer.octets(RawPeer.textFrame("Hello"));
            assertEquals("8105 48656c6c6f", peer.readFrame());
            WebSocketConnection ws = connection();
            Thread receiver = receivers.take();
            Await.until("it waits for the next message", () -> receiver.getState() == Thread.State.WAITING);
            assertThrows(IllegalStateException.class, () -> ws.receive(Duration.ZERO));
            peer.octets(RawPeer.textFrame("Hello"));
            assertEquals("8105 48656c6c6f", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
        assertEquals(null, events.poll());
    }

    @Test
    void peersEndMustBeFoundByReceivesThatRunOutOfTime() throws Exception {
        CompletableFuture<IOException> thrown = new CompletableFuture<>();
        start(ws -> thrown.complete(assertThrows(IOException.class, () -> {
            while (ws.receive(Duration.ZERO).isEmpty()) {
                Thread.yield();
            }
        })));
        RawPeer.open(server).close();
        assertInstanceOf(IOException.class, thrown.get(10, TimeUnit.SECONDS));
    }
}
