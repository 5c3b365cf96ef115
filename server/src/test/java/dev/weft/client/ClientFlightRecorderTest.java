package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionLimits;
import dev.weft.FlightRecording;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a recording of the JDK's flight recorder has of a client's connections, to servers that are not Weft's. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClientFlightRecorderTest {
    private static RecordedEvent only(List<RecordedEvent> events) {
        assertEquals(1, events.size(), events.toString());
        RecordedEvent event = events.getFirst();
        if (event.hasField("role")) {
            assertEquals("CLIENT", event.getString("role"));
        }
        return event;
    }

    private static WebSocketClient client() throws IOException {
        return WebSocketClient.builder().closeGrace(Duration.ZERO).noDeflate().sendBufferSize(4096).build();
    }

    @Test
    void successfulHandshakesMustBeRecordedWithoutTheQuery() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.readToEnd();
        }); WebSocketClient client = client()) {
            RecordedEvent event = only(FlightRecording.of("Handshake",
                    () -> client.open(URI.create(server.uri() + "?token=secret")).abort()));
            assertEquals("ACCEPTED", event.getString("outcome"));
            assertEquals(101, event.getInt("status"));
            assertEquals("/chat", event.getString("path"));
            assertEquals("/127.0.0.1:" + server.port(), event.getString("peer"));
            assertFalse(event.getDuration("elapsed").isZero());
            assertNull(event.getString("endpoint"));
            assertNull(event.getString("failure"));
        }
    }

    @Test
    void refusedHandshakesMustBeRecordedWithTheStatus() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        }); WebSocketClient client = client()) {
            RecordedEvent event = only(FlightRecording.of("Handshake",
                    () -> assertThrows(WebSocketConnectException.class, () -> client.open(server.uri()))));
            assertEquals("REFUSED", event.getString("outcome"));
            assertEquals(403, event.getInt("status"));
            assertTrue(event.getString("failure").contains("403 Forbidden"), event.toString());
        }
    }

    @Test
    void failedConnectsMustBeRecordedWithTheServersName() throws Exception {
        int closed;
        try (ScriptedServer server = new ScriptedServer(peer -> {})) {
            closed = server.port();
        }
        try (WebSocketClient client = client()) {
            RecordedEvent event = only(FlightRecording.of("Handshake", () -> assertThrows(
                    WebSocketConnectException.class, () -> client.open(URI.create("ws://localhost:" + closed + "/")))));
            assertEquals("FAILED", event.getString("outcome"));
            assertEquals(0, event.getInt("status"));
            assertTrue(event.getString("peer").startsWith("localhost"), event.toString());
            assertTrue(event.getString("failure").startsWith("CONNECT"), event.toString());
        }
    }

    @Test
    void closesMustBeRecordedWithTheirCause() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.readClose();
        });
                ScriptedServer leaving = new ScriptedServer(ScriptedServer.Peer::upgrade);
                WebSocketClient client = client()) {
            RecordedEvent closed = only(FlightRecording.of("Close", () -> {
                WebSocketConnection ws = client.open(server.uri());
                ws.close(4001, "done");
                ws.awaitClose();
                Await.until("it is over", () -> client.connectionCount() == 0);
            }));
            assertEquals("CLOSED", closed.getString("cause"));
            assertEquals(4001, closed.getInt("sent"));
            assertEquals(4001, closed.getInt("received"));
            assertEquals(CloseStatus.Side.LOCAL.name(), closed.getString("first"));
            assertEquals("/chat", closed.getString("path"));
            RecordedEvent lost = only(FlightRecording.of("Close", () -> {
                assertThrows(IOException.class, () -> client.open(leaving.uri()).receive());
                Await.until("it is over", () -> client.connectionCount() == 0);
            }));
            assertEquals("DISCONNECTED", lost.getString("cause"));
            assertEquals("/127.0.0.1:" + leaving.port(), lost.getString("peer"));
        }
    }

    @Test
    void closesOfAClosedClientMustBeRecorded() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.readToEnd();
        })) {
            RecordedEvent event = only(FlightRecording.of("Close", () -> {
                try (WebSocketClient client = client()) {
                    client.open(server.uri());
                }
            }));
            assertEquals("ABORTED", event.getString("cause"));
            assertEquals(1001, event.getInt("sent"));
        }
    }

    @Test
    void violationsAndLimitsMustBeRecorded() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.hex("8f00"); // a control frame with an unknown opcode
            peer.readClose();
        }); ScriptedServer large = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.hex("8105 0102030405");
            peer.readClose();
        });
                WebSocketClient client = WebSocketClient.builder()
                        .limits(ConnectionLimits.builder().maxMessageSize(4).build()).build()) {
            RecordedEvent violation = only(FlightRecording.of("Violation", () -> assertThrows(
                    ConnectionClosedException.class, () -> client.open(server.uri()).receive())));
            assertEquals(1002, violation.getInt("code"));
            assertEquals("5.2", violation.getString("section"));
            assertEquals("/127.0.0.1:" + server.port(), violation.getString("peer"));
            RecordedEvent limit = only(FlightRecording.of("LimitHit", () -> assertThrows(
                    ConnectionClosedException.class, () -> client.open(large.uri()).receive())));
            assertTrue(limit.getString("details").contains("maxMessageSize 4"), limit.toString());
        }
    }

    @Test
    void slowSendsAndFullQueuesMustBeRecorded() throws Exception {
        CountDownLatch mayRead = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            mayRead.await(10, TimeUnit.SECONDS);
            peer.readToEnd();
        }); WebSocketClient client = client()) {
            WebSocketConnection ws = client.open(server.uri());
            RecordedEvent full = only(FlightRecording.of("QueueFull", () -> {
                while (ws.trySend(new byte[200_000]).isAccepted()) {
                    // Until the server is behind.
                }
            }));
            assertEquals("PEER_BEHIND", full.getString("result"));
            assertTrue(full.getLong("queued") > 200_000, full.toString());
            ws.abort();
        }
        mayRead.countDown();
        CountDownLatch reads = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            reads.await(10, TimeUnit.SECONDS);
            peer.readToEnd();
        }); WebSocketClient client = client()) {
            List<RecordedEvent> slow = FlightRecording.of("SlowSend", () -> {
                WebSocketConnection ws = client.open(server.uri());
                Thread sender = Thread.startVirtualThread(() -> {
                    try {
                        ws.send(new byte[20_000_000]);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                Await.until("the message waits", () -> sender.getState() == Thread.State.WAITING);
                long since = System.nanoTime();
                Await.until("it has waited for long", () -> System.nanoTime() - since > 50_000_000);
                reads.countDown();
                assertTrue(sender.join(Duration.ofSeconds(10)));
                ws.abort();
            });
            // The first connection may have ended a send, too.
            assertTrue(slow.stream().anyMatch(event -> event.getDuration().toMillis() >= 20
                    && event.getString("peer").equals("/127.0.0.1:" + server.port())), slow.toString());
        }
    }
}
