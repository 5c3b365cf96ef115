package dev.weft.server;

import static dev.weft.server.RawPeer.CLOSE_1000;
import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.server.RawPeer.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How connections end (RFC 6455 §7) over real sockets, and how slow and dead peers are handled. The behaviour is the same with
 * every transport and with TLS.
 */
@ParameterizedClass
@CsvSource({"PARKING, false", "PARKING, true", "PARKING_PLATFORM, false", "BLOCKING, false", "BLOCKING, true"})
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClosingOnTheWireTest {
    private static final String HELLO = "8105 48656c6c6f";
    private static final Duration SHORT = Duration.ofMillis(150);

    private final TransportKind transport;
    private final boolean tls;

    /** How each connection ended, in the order of their ends. */
    private final BlockingQueue<CloseStatus> ends = new LinkedBlockingQueue<>();

    ClosingOnTheWireTest(TransportKind transport, boolean tls) {
        this.transport = transport;
        this.tls = tls;
    }

    private WebSocketServerBuilder server(WebSocketHandler handler) {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).shutdownGrace(Duration.ZERO)
                .handler(handler);
        return tls ? builder.tls(TestKeys.context()) : builder;
    }

    /** An echo server that records how connections ended. */
    private WebSocketServerBuilder server() {
        return server(ws -> {
            try {
                Handlers.echo(ws);
            } finally {
                ws.onClose(ends::add);
            }
        });
    }

    private static CloseStatus closeStatus(WebSocketConnection ws) {
        Await.until("the status is final", () -> ws.closeStatus().isPresent());
        return ws.closeStatus().orElseThrow();
    }

    private CloseStatus nextEnd() throws InterruptedException {
        CloseStatus end = ends.poll(10, TimeUnit.SECONDS);
        assertTrue(end != null, "the handler never ended");
        return end;
    }

    /** Long enough for the TLS handshake, which is a part of it. */
    private Duration handshakeTime() {
        return tls ? SHORT.multipliedBy(10) : SHORT;
    }

    private static void awaitNoConnections(WebSocketServer server) {
        Await.until("the server holds no connection", () -> server.connectionCount() == 0);
    }

    // The end of TCP

    @Test
    void serverEndsTcpAsSoonAsBothClosesPassed() throws Exception {
        try (WebSocketServer server = server().start(); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(textFrame("Hello")).hex(CLOSE_1000);
            assertEquals("81 05 48 65 6c 6c 6f 88 02 03 e8", HexFormat.ofDelimiter(" ").formatHex(peer.readToEnd()));
            assertTrue(nextEnd().clean());
            peer.leave();
            awaitNoConnections(server);
        }
    }

    @Test
    void serverThatClosesFirstMustEndTcpAfterThePeersClose() throws Exception {
        try (WebSocketServer server = server(ws -> ws.close(4000, "enough")).start();
                RawPeer peer = RawPeer.open(server)) {
            assertEquals("8808 0fa0" + "656e6f756768", peer.readFrame());
            peer.hex("8882 00000000 0fa0");
            assertEquals(0, peer.readToEnd().length);
            peer.leave();
            awaitNoConnections(server);
        }
    }

    @Test
    void lastFramesArriveHoweverLargeTheyAre() throws Exception {
        byte[] large = new byte[3 << 20];
        try (WebSocketServer server = server(ws -> ws.send(large)).start();
                RawPeer peer = RawPeer.open(server)) {
            byte[] before = new byte[10 + large.length];
            assertEquals(before.length, peer.socket().getInputStream().readNBytes(before, 0, before.length));
            assertEquals("8802 03e8", peer.readFrame());
            peer.hex(CLOSE_1000);
            assertEquals(0, peer.readToEnd().length);
        }
    }

    @Test
    void bytesAfterThePeersCloseMustBeIgnored() throws Exception {
        try (WebSocketServer server = server().start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex(CLOSE_1000 + "8180 00000000" + "8980 00000000" + "ffff");
            assertEquals(1000, peer.readCloseAndEnd());
            assertTrue(nextEnd().clean());
        }
    }

    /** The ping came first, and so does its answer, however long that has to wait for a message that is under way. */
    @Test
    void aPingBeforeAPeersCloseMustBeAnswered() throws Exception {
        byte[] large = new byte[16 << 20];
        BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
        // With so small a buffer the message may take seconds.
        try (WebSocketServer server = server(ws -> {
            opened.add(ws);
            Thread.startVirtualThread(() -> assertDoesNotThrow(() -> ws.send(large)));
            Handlers.echo(ws);
        }).sendBufferSize(8192).closeTimeout(Duration.ofSeconds(25)).start(); RawPeer peer = RawPeer.open(server)) {
            InputStream in = peer.socket().getInputStream();
            assertArrayEquals(RawPeer.bytes("827f 0000000001000000"), in.readNBytes(10));
            peer.hex("8981 00000000 61" + CLOSE_1000);
            WebSocketConnection connection = opened.take();
            Await.until("the Close frame was received", () -> !connection.isOpen());
            in.skipNBytes(large.length);
            assertEquals("8a01 61", peer.readFrame());
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }

    @Test
    void closeFrameOfAViolationMustArriveBeforeTheReset() throws Exception {
        try (WebSocketServer server = server().start(); RawPeer peer = RawPeer.open(server)) {
            byte[] megabytes = new byte[4 << 20];
            assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
            // RSV1, then what no one will parse, all of it sent before the first byte is read.
            peer.hex("c185 00000000 48656c6c6f").bytes(megabytes).halfClose();
            assertEquals(1002, peer.readCloseAndEnd());
            assertEquals(1002, nextEnd().sent().orElseThrow().code());
        }
    }

    @Test
    void oversizedMessageMustBeRefusedBeforeItEnds() throws Exception {
        try (WebSocketServer server = server().maxMessageSize(1000).start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex("82ff 0000000000400000 00000000").bytes(new byte[4 << 20]).halfClose();
            assertEquals(1009, peer.readCloseAndEnd());
        }
    }

    // Peers that do not close as they should

    @Test
    void peerThatNeverAnswersCloseIsLeftAtTheDeadline() throws Exception {
        BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
        try (WebSocketServer server = server(opened::add).closeTimeout(SHORT).start();
                RawPeer peer = RawPeer.open(server)) {
            assertEquals("8802 03e8", peer.readFrame());
            awaitNoConnections(server);
            CloseStatus end = closeStatus(opened.take());
            assertTrue(!end.clean() && end.received().isEmpty());
            assertInstanceOf(TimeoutException.class, end.failure().orElseThrow());
        }
    }

    @Test
    void peerThatNeverEndsTcpIsLeftAtTheDeadline() throws Exception {
        try (WebSocketServer server = server().closeTimeout(SHORT).start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex(CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
            awaitNoConnections(server);
            assertTrue(nextEnd().clean());
        }
    }

    @Test
    void peerThatKeepsSendingMustBeCutOffAtTheDeadline() throws Exception {
        try (WebSocketServer server = server(ws -> {}).closeTimeout(SHORT).start();
                RawPeer peer = RawPeer.open(server)) {
            boolean cut = false;
            try {
                byte[] frame = textFrame("more");
                while (!cut) {
                    peer.bytes(frame);
                }
            } catch (IOException e) {
                cut = true;
            }
            assertTrue(cut);
            awaitNoConnections(server);
        }
    }

    @Test
    void halfClosedPeerStillGetsWhatIsOwed() throws Exception {
        try (WebSocketServer server = server().start(); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(textFrame("Hello")).halfClose();
            assertEquals(HELLO, peer.readFrame());
            // §7.1.5: no Close frame came, the wire is at its end.
            peer.readToEnd();
            assertEquals(1006, nextEnd().code());
            awaitNoConnections(server);
        }
    }

    @Test
    void resetMustEndTheConnection() throws Exception {
        try (WebSocketServer server = server().start(); RawPeer peer = RawPeer.open(server)) {
            peer.socket().setSoLinger(true, 0);
            peer.leave();
            assertEquals(1006, nextEnd().code());
            awaitNoConnections(server);
        }
    }

    // Half-open peers

    /** A ping, whose payload of 8 bytes is its own. */
    private static boolean isKeepAlive(String frame) {
        return frame.startsWith("8908 ");
    }

    @Test
    void silentPeerIsPingedAndLeftWithoutAPong() throws Exception {
        try (WebSocketServer server = server().pingInterval(SHORT).pongTimeout(SHORT).start();
                RawPeer peer = RawPeer.open(server)) {
            assertTrue(isKeepAlive(peer.readFrame()));
            CloseStatus end = nextEnd();
            assertInstanceOf(TimeoutException.class, end.failure().orElseThrow());
            awaitNoConnections(server);
        }
    }

    @Test
    void peerThatAnswersPingsStays() throws Exception {
        try (WebSocketServer server = server().pingInterval(SHORT).pongTimeout(Duration.ofSeconds(5)).start();
                RawPeer peer = RawPeer.open(server)) {
            for (int i = 0; i < 3; i++) {
                assertTrue(isKeepAlive(peer.readFrame()));
                peer.hex("8a80 00000000");
            }
            peer.bytes(textFrame("Hello"));
            String frame = peer.readFrame();
            assertEquals(HELLO, isKeepAlive(frame) ? peer.readFrame() : frame);
        }
    }

    // Slowloris

    @Test
    void headThatStopsIsTimedOut() throws Exception {
        String head = RawPeer.request();
        try (WebSocketServer server = server().handshakeTimeout(handshakeTime()).start()) {
            List<RawPeer> peers = new ArrayList<>();
            for (int length : List.of(0, 1, 20, head.length() - 1)) {
                peers.add(RawPeer.connect(server).text(head.substring(0, length)));
            }
            for (RawPeer peer : peers) {
                try (peer) {
                    assertEquals(408, peer.readAnswer().status());
                }
            }
            awaitNoConnections(server);
        }
    }

    @Test
    void headThatDribblesIsTimedOutAndNotReset() throws Exception {
        try (WebSocketServer server = server().handshakeTimeout(handshakeTime()).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text("GET /");
            dribble(peer, 'a');
            Answer answer = peer.halfClose().readAnswer();
            assertEquals(408, answer.status());
            assertTrue(answer.hasLine("Content-Length: " + answer.rest().length()));
            awaitNoConnections(server);
        }
    }

    /** Sends one byte after another, until long after the answer has arrived. */
    private static void dribble(RawPeer peer, int b) throws IOException {
        byte[] one = {(byte) b};
        Await.until("an answer came", () -> {
            try {
                peer.bytes(one);
                return peer.hasAnswer();
            } catch (IOException e) {
                throw new AssertionError("the server reset the connection", e);
            }
        });
        for (int i = 0; i < 20; i++) {
            peer.bytes(one);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void frameThatStopsAnywhereIsAPolicyViolation() throws Exception {
        Map<String, String> stages = Map.of(
                "after one byte of the header", "81",
                "within the extended length", "81fe 01",
                "within the masking key", "8185 0000",
                "within the payload", "8185 00000000 4865",
                "within a control frame", "8985 00000000 48",
                "between fragments", "0185 00000000 48656c6c6f",
                "within the second fragment", "0185 00000000 48656c6c6f 8085 00000000 48",
                "in a large payload", "82ff 0000000000080000 00000000" + "00".repeat(5000));
        try (WebSocketServer server = server().messageTimeout(SHORT).closeTimeout(Duration.ofSeconds(5)).start()) {
            Map<String, RawPeer> peers = new ConcurrentHashMap<>();
            for (Map.Entry<String, String> stage : stages.entrySet()) {
                peers.put(stage.getKey(), RawPeer.open(server).hex(stage.getValue()));
            }
            for (Map.Entry<String, RawPeer> peer : peers.entrySet()) {
                try (RawPeer slow = peer.getValue()) {
                    assertEquals(1008, slow.readCloseAndEnd(), peer.getKey());
                }
            }
            awaitNoConnections(server);
        }
    }

    @Test
    void messageThatDribblesIsTimedOutAndNotReset() throws Exception {
        try (WebSocketServer server = server().messageTimeout(SHORT).start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex("82ff 0000000000080000 00000000");
            dribble(peer, 0);
            assertEquals(1008, peer.halfClose().readCloseAndEnd());
            awaitNoConnections(server);
        }
    }

    @Test
    void fragmentsWithPingsBetweenThemAreTimedOutToo() throws Exception {
        try (WebSocketServer server = server().messageTimeout(SHORT).start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex("0180 00000000");
            int pongs = 0;
            String frame = peer.hex("8980 00000000").readFrame();
            while (frame.equals("8a00 ")) {
                pongs++;
                LockSupport.parkNanos(5_000_000);
                frame = peer.hex("8980 00000000").readFrame();
            }
            assertTrue(frame.startsWith("88"), frame);
            assertTrue(frame.contains(" 03f0"), frame);
            assertTrue(pongs > 0);
        }
    }

    // Peers that do not read

    @Test
    void sendToAPeerThatNeverReadsMustEndAtTheDeadline() throws Exception {
        BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
        try (WebSocketServer server = server(ws -> {
            opened.add(ws);
            Handlers.echo(ws);
        }).writeTimeout(SHORT).sendBufferSize(8192).start(); RawPeer deaf = RawPeer.open(server)) {
            WebSocketConnection toDeaf = opened.take();
            assertEquals(deaf.socket().getLocalSocketAddress(), toDeaf.remoteAddress());
            BlockingQueue<Exception> ended = new LinkedBlockingQueue<>();
            Thread.ofVirtual().start(() -> {
                try {
                    byte[] much = new byte[1 << 20];
                    while (true) {
                        toDeaf.send(much);
                    }
                } catch (IOException e) {
                    ended.add(e);
                }
            });
            try (RawPeer other = RawPeer.open(server)) {
                while (toDeaf.isOpen()) {
                    assertEquals(HELLO, other.bytes(textFrame("Hello")).readFrame());
                }
                assertEquals(HELLO, other.bytes(textFrame("Hello")).readFrame());
            }
            assertTrue(ended.poll(10, TimeUnit.SECONDS) != null, "the send never ended");
            assertInstanceOf(TimeoutException.class, closeStatus(toDeaf).failure().orElseThrow());
            awaitNoConnections(server);
        }
    }

    // Small pieces

    @Test
    void longMessageInSegmentsOfOneByteIsWhole() throws Exception {
        String text = "0123456789".repeat(2000);
        byte[] frame = textFrame(text);
        try (WebSocketServer server = server().start(); RawPeer peer = RawPeer.open(server)) {
            for (byte b : frame) {
                peer.bytes(new byte[]{b});
            }
            assertEquals("817e4e20 " + HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII)),
                    peer.readFrame());
            peer.hex(CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }
}
