package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.FlightRecording;
import dev.weft.Message;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a recording of the JDK's flight recorder has of a server's connections. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlightRecorderTest {
    private static RecordedEvent only(List<RecordedEvent> events) {
        assertEquals(1, events.size(), events.toString());
        return events.getFirst();
    }

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().shutdownGrace(Duration.ZERO).maxMessageSize(100)
                .endpoint("/chat", ws -> {
                    while (ws.receive() instanceof Message.Text(String text)) {
                        ws.send(text);
                    }
                });
    }

    private static void ended(WebSocketServer server, int count) {
        Await.until("connections have ended", () -> server.statistics().connections() == 0
                && server.statistics().closes().values().stream().mapToLong(Long::longValue).sum() == count);
    }

    @Test
    void handshakesMustBeRecorded() throws Exception {
        try (WebSocketServer server = builder().start()) {
            List<RecordedEvent> events = FlightRecording.of("Handshake", () -> {
                RawPeer.connect(server).text(RawPeer.request().replace("/chat", "/chat?secret")).readHead();
                assertEquals(403, RawPeer.answerOf(server, RawPeer.request("Origin: https://a.example")).status());
                assertEquals(404, RawPeer.answerOf(server, RawPeer.request().replace("/chat", "/no\\")).status());
                Await.until("all are counted", () -> server.statistics().handshakes()
                        .get(HandshakeOutcome.REFUSED) == 2);
            });
            assertEquals(3, events.size(), events.toString());
            RecordedEvent accepted = events.stream().filter(event -> event.getInt("status") == 101).findFirst()
                    .orElseThrow();
            assertEquals("SERVER", accepted.getString("role"));
            assertEquals("ACCEPTED", accepted.getString("outcome"));
            assertEquals("/chat", accepted.getString("endpoint"));
            assertEquals("/chat", accepted.getString("path"));
            assertTrue(accepted.getString("peer").startsWith("/127.0.0.1:"));
            assertFalse(accepted.getDuration("elapsed").isZero());
            RecordedEvent foreign = events.stream().filter(event -> event.getInt("status") == 403).findFirst()
                    .orElseThrow();
            assertEquals("REFUSED", foreign.getString("outcome"));
            assertEquals("/chat", foreign.getString("endpoint"));
            RecordedEvent unknown = events.stream().filter(event -> event.getInt("status") == 404).findFirst()
                    .orElseThrow();
            assertNull(unknown.getString("endpoint"));
            assertEquals("/no\\u005c", unknown.getString("path"));
        }
    }

    @Test
    void closesMustBeRecordedWithTheirCause() throws Exception {
        try (WebSocketServer server = builder().start()) {
            List<RecordedEvent> events = FlightRecording.of("Close", () -> {
                try (RawPeer peer = RawPeer.open(server)) {
                    peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
                }
                ended(server, 1);
                RawPeer.open(server).leave();
                ended(server, 2);
            });
            assertEquals(2, events.size(), events.toString());
            assertEquals("CLOSED", events.get(0).getString("cause"));
            assertEquals(1000, events.get(0).getInt("received"));
            assertEquals("REMOTE", events.get(0).getString("first"));
            assertEquals("/chat", events.get(0).getString("path"));
            assertEquals("DISCONNECTED", events.get(1).getString("cause"));
            assertTrue(events.get(1).getString("failure").contains("EOF"), events.get(1).toString());
        }
    }

    @Test
    void violationsAndLimitsMustBeRecorded() throws Exception {
        try (WebSocketServer server = builder().maxConnections(1).start()) {
            RecordedEvent violation = only(FlightRecording.of("Violation", () -> {
                try (RawPeer peer = RawPeer.open(server)) {
                    peer.hex("8f80 00000000").readCloseAndEnd();
                }
                ended(server, 1);
            }));
            assertEquals(1002, violation.getInt("code"));
            assertEquals("5.2", violation.getString("section"));
            assertEquals("SERVER", violation.getString("role"));
            assertEquals("/chat", violation.getString("path"));
            RecordedEvent limit = only(FlightRecording.of("LimitHit", () -> {
                try (RawPeer peer = RawPeer.open(server)) {
                    peer.bytes(textFrame("x".repeat(101))).readCloseAndEnd();
                }
                ended(server, 2);
            }));
            assertTrue(limit.getString("details").contains("maxMessageSize 100"), limit.toString());
            RecordedEvent full = only(FlightRecording.of("LimitHit", () -> {
                try (RawPeer peer = RawPeer.open(server)) {
                    assertEquals(503, RawPeer.answerOf(server, RawPeer.request()).status());
                    peer.leave();
                }
            }));
            assertEquals("SERVER_FULL", full.getString("limit"));
        }
    }

    @Test
    void slowSendsMustBeRecorded() throws Exception {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.builder().noDeflate().sendBufferSize(4096).handler(ws -> {
            ws.send(new byte[4_000_000]);
            sent.complete(null);
            ws.awaitClose();
        }).start()) {
            List<RecordedEvent> slow = FlightRecording.of("SlowSend", () -> {
                Socket socket = new Socket();
                socket.setReceiveBufferSize(4096);
                RawPeer peer = RawPeer.connect(server, socket).upgraded();
                Await.until("the message waits", () -> server.statistics().queuedBytes() > 0);
                long since = System.nanoTime();
                Await.until("it has waited for long",
                        () -> System.nanoTime() - since > Duration.ofMillis(50).toNanos());
                drain(socket, sent);
                sent.get(10, TimeUnit.SECONDS);
                peer.leave();
            });
            assertFalse(slow.isEmpty());
            assertTrue(slow.getFirst().getDuration().toMillis() >= 20, slow.toString());
            assertTrue(slow.getFirst().getString("peer").startsWith("/127.0.0.1:"));
        }
    }

    private static void drain(Socket socket, CompletableFuture<Void> until) {
        Thread.startVirtualThread(() -> {
            byte[] bytes = new byte[1 << 16];
            try {
                while (!until.isDone() && socket.getInputStream().read(bytes) >= 0) {
                    // Read on.
                }
            } catch (IOException e) {
                until.completeExceptionally(e);
            }
        });
    }

    @Test
    void fullQueuesMustBeRecorded() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().shutdownGrace(Duration.ZERO).noDeflate()
                .sendBufferSize(4096).handler(ws -> {
                    while (ws.trySend(new byte[50_000]).isAccepted()) {
                        // Until the peer is behind.
                    }
                    ws.close(4000, "");
                    ws.abort();
                }).start()) {
            RecordedEvent event = only(FlightRecording.of("QueueFull", () -> {
                RawPeer peer = RawPeer.open(server);
                ended(server, 1);
                peer.leave();
            }));
            assertEquals("PEER_BEHIND", event.getString("result"));
            assertEquals("/chat", event.getString("path"));
            assertTrue(event.getLong("queued") > 50_000);
        }
    }

    @Test
    void nothingMustBeRecordedUnasked() throws Exception {
        try (WebSocketServer server = builder().start()) {
            assertEquals(List.of(), FlightRecording.of("Violation", () -> {
                try (RawPeer peer = RawPeer.open(server)) {
                    peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
                }
                ended(server, 1);
            }));
        }
    }
}
