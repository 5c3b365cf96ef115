package dev.weft.server;

import static dev.weft.parser.FrameHeader.MAX_CONTROL_PAYLOAD;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageView;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.Connection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Protocol processing must continue while a handler is busy: here it sleeps until the test has checked the effect. All
 * deadlines are longer than the test, unless the test sets them.
 */
@ParameterizedClass
@CsvSource({"LOOPS, false", "PARKING, false", "PARKING_PLATFORM, false", "BLOCKING, false", "LOOPS, true",
        "PARKING, true",
        "BLOCKING, true"})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadAheadTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final String HELLO = "8185 00000000 68656c6c6f";
    private static final String PING = "8982 00000000 7069";
    private static final String PONG = "8a02 7069";
    /** The server may leave out answers to older pings if more wait to be sent (RFC 6455 §5.5.3). */
    private static final int MOST_UNANSWERED = 8;
    private static final byte[] PIECE = new byte[1000];

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final TransportKind transport;
    private final boolean tls;
    private final CountDownLatch mayGoOn = new CountDownLatch(1);
    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseStatus> told = new LinkedBlockingQueue<>();
    private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();

    ReadAheadTest(TransportKind transport, boolean tls) {
        this.transport = transport;
        this.tls = tls;
    }

    @AfterEach
    void letHandlersEnd() {
        mayGoOn.countDown();
    }

    private WebSocketServerBuilder builder() {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).pingInterval(LONG)
                .pongTimeout(LONG).messageTimeout(LONG).writeTimeout(LONG).closeTimeout(LONG)
                .shutdownGrace(Duration.ofSeconds(1));
        return tls ? builder.tls(TestKeys.context()) : builder;
    }

    /** Sleeps, then receives all that there is. */
    private WebSocketServer sleepy() throws IOException {
        return builder().handler(ws -> {
            opened.add(ws);
            ws.onClose(told::add);
            sleep();
            receiveAll(ws);
        }).start();
    }

    /** Receives one message, then sleeps, then receives all others. */
    private WebSocketServer sleepyAfterOne() throws IOException {
        return builder().handler(ws -> {
            opened.add(ws);
            ws.onClose(told::add);
            received.add(ws.receive());
            sleep();
            receiveAll(ws);
        }).start();
    }

    private void sleep() {
        boolean over = false;
        while (!over) {
            try {
                over = mayGoOn.await(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                // The server goes down.
                return;
            }
        }
    }

    private void receiveAll(WebSocketConnection ws) {
        try {
            Message message;
            do {
                message = ws.receive();
                received.add(message);
            } while (!(message instanceof Message.Close));
        } catch (IOException e) {
            received.add(e);
        }
    }

    private Object nextReceived() throws InterruptedException {
        return received.poll(10, TimeUnit.SECONDS);
    }

    private static Message text(String text) {
        return new Message.Text(text);
    }

    @Test
    void pingsAreAnswered() throws Exception {
        try (WebSocketServer server = sleepy(); RawPeer peer = RawPeer.open(server)) {
            for (int i = 0; i < 5; i++) {
                assertEquals(PONG, peer.hex(PING).readFrame());
            }
        }
    }

    @Test
    void pingsAreAnsweredThatCameWithTheLastMessage() throws Exception {
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            assertEquals(PONG, peer.hex(HELLO + PING + HELLO).readFrame());
            assertEquals(text("hello"), nextReceived());
            assertEquals(PONG, peer.hex(PING).readFrame());
            mayGoOn.countDown();
            assertEquals(text("hello"), nextReceived());
            peer.hex(HELLO + RawPeer.CLOSE_1000);
            assertEquals(text("hello"), nextReceived());
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }

    /** Also where the bytes that come first end within a control frame. */
    @Test
    void pingsAreAnsweredThatComeInPieces() throws Exception {
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            byte[] ping = RawPeer.bytes(PING);
            for (int cut = 1; cut < ping.length; cut++) {
                ByteArrayOutputStream first = new ByteArrayOutputStream();
                if (cut == 1) {
                    first.writeBytes(RawPeer.bytes(HELLO));
                }
                first.write(ping, 0, cut);
                long read = server.statistics().receivedBytes();
                peer.bytes(first.toByteArray());
                Await.until("it is read alone", () -> server.statistics().receivedBytes() == read + first.size());
                ByteArrayOutputStream second = new ByteArrayOutputStream();
                second.write(ping, cut, ping.length - cut);
                assertEquals(PONG, peer.bytes(second.toByteArray()).readFrame());
            }
            mayGoOn.countDown();
            assertEquals(text("hello"), nextReceived());
            assertEquals("8105 68656c6c6f", exchange(peer));
        }
    }

    /** Receives one more message, and sends one. */
    private String exchange(RawPeer peer) throws Exception {
        peer.hex(HELLO);
        assertEquals(text("hello"), nextReceived());
        opened.take().send("hello");
        return peer.readFrame();
    }

    /** The rest of a streamed message is skipped by the receive that lends the next one. */
    @Test
    void lentMessageDoesNotChangeAfterStreamedOne() throws Exception {
        String lent = "l".repeat(110);
        try (WebSocketServer server = builder().handler(ws -> {
            opened.add(ws);
            assertEquals('s', ws.receiveStream().inputStream().read());
            MessageView view = ws.receiveView();
            received.add(view.text());
            sleep();
            received.add(view.text());
        }).start(); RawPeer peer = RawPeer.open(server)) {
            ByteArrayOutputStream both = new ByteArrayOutputStream();
            both.writeBytes(RawPeer.textFrame("streamed"));
            both.writeBytes(RawPeer.textFrame(lent));
            peer.bytes(both.toByteArray());
            assertEquals(lent, nextReceived());
            byte[] ping = RawPeer.frame(0x89, "p".repeat(MAX_CONTROL_PAYLOAD).getBytes(UTF_8));
            // Buffers are kept by threads' numbers.
            for (int i = 0; i < 70; i++) {
                assertTrue(peer.bytes(ping).readFrame().startsWith("8a7d"));
            }
            mayGoOn.countDown();
            assertEquals(lent, nextReceived());
        }
    }

    @Test
    void nothingIsLostOrOutOfOrder() throws Exception {
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(RawPeer.textFrame("first"));
            assertEquals(text("first"), nextReceived());
            List<Message> expected = new ArrayList<>();
            int unanswered = 0;
            for (int i = 0; i < 200; i++) {
                String text = "message " + i;
                expected.add(text(text));
                if (i % 3 == 0) {
                    peer.bytes(RawPeer.frame(0x01, text.substring(0, 4).getBytes())).hex(PING)
                            .bytes(RawPeer.frame(0x80, text.substring(4).getBytes()));
                    unanswered++;
                } else {
                    peer.bytes(RawPeer.textFrame(text)).hex(i % 2 == 0 ? PING : "");
                    unanswered += i % 2 == 0 ? 1 : 0;
                }
                if (unanswered > MOST_UNANSWERED) {
                    assertEquals(PONG, peer.readFrame());
                    unanswered--;
                }
            }
            for (int i = 0; i < unanswered; i++) {
                assertEquals(PONG, peer.readFrame());
            }
            mayGoOn.countDown();
            for (Message message : expected) {
                assertEquals(message, nextReceived());
            }
            peer.hex(RawPeer.CLOSE_1000);
            assertTrue(nextReceived() instanceof Message.Close);
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }

    /** A handler that is in the middle of a message. */
    @Test
    void messagesThatAreReadAsStreamsGoOn() throws Exception {
        byte[] body = new byte[40_000];
        new Random(1).nextBytes(body);
        BlockingQueue<byte[]> bodies = new LinkedBlockingQueue<>();
        try (WebSocketServer server = builder().handler(ws -> {
            opened.add(ws);
            IncomingMessage message = ws.receiveStream();
            byte[] begin = message.inputStream().readNBytes(10);
            sleep();
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.writeBytes(begin);
            whole.writeBytes(message.inputStream().readAllBytes());
            bodies.add(whole.toByteArray());
            receiveAll(ws);
        }).start(); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(RawPeer.frame(0x02, Arrays.copyOf(body, 100)));
            opened.take();
            for (int from = 100; from < 10_000; from += 100) {
                peer.bytes(RawPeer.frame(0x00, Arrays.copyOfRange(body, from, from + 100))).hex(PING);
                assertEquals(PONG, peer.readFrame());
            }
            peer.bytes(RawPeer.frame(0x80, Arrays.copyOfRange(body, 10_000, body.length)));
            mayGoOn.countDown();
            assertArrayEquals(body, bodies.poll(10, TimeUnit.SECONDS));
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }

    @Test
    void closeFramesAreAnswered() throws Exception {
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            peer.hex(HELLO + HELLO + PING + RawPeer.CLOSE_1000);
            assertEquals(PONG, peer.readFrame());
            assertEquals(1000, peer.readCloseAndEnd());
            WebSocketConnection ws = opened.take();
            assertFalse(ws.isOpen());
            assertTrue(told.poll(10, TimeUnit.SECONDS).clean());
            peer.leave();
            Await.until("it is no longer a connection", () -> server.connectionCount() == 0);
            mayGoOn.countDown();
            assertEquals(text("hello"), nextReceived());
            // The message before the Close frame is not lost.
            assertEquals(text("hello"), nextReceived());
            assertTrue(nextReceived() instanceof Message.Close);
            assertEquals(List.of(), List.copyOf(told));
        }
    }

    /** The handler has half a second to answer the message that it has received. */
    @Test
    void closeFramesMustLeaveTimeForReplies() throws Exception {
        try (WebSocketServer server = builder().handler(ws -> {
            received.add(ws.receive());
            sleep();
            ws.send("late");
            receiveAll(ws);
        }).start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex(HELLO + PING + RawPeer.CLOSE_1000);
            assertEquals(PONG, peer.readFrame());
            mayGoOn.countDown();
            assertEquals("8104 6c617465", peer.readFrame());
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }

    /** After our Close frame, there can be no reply to the message that is unreceived, for which an answer would wait. */
    @Test
    void ourCloseMustNotWaitForMessagesThatNobodyReceives() throws Exception {
        try (WebSocketServer server = builder().closeTimeout(Duration.ofMillis(400)).handler(ws -> {
            opened.add(ws);
            ws.onClose(told::add);
            sleep();
            receiveAll(ws);
        }).start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex(HELLO + PING);
            assertEquals(PONG, peer.readFrame());
            opened.take().close(1000, "");
            peer.hex(RawPeer.CLOSE_1000);
            assertTrue(told.poll(10, TimeUnit.SECONDS).clean());
            mayGoOn.countDown();
            assertEquals(text("hello"), nextReceived());
        }
    }

    @Test
    void endsAreNoticed() throws Exception {
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            peer.hex(HELLO + HELLO);
            WebSocketConnection ws = opened.take();
            assertEquals(text("hello"), nextReceived());
            peer.leave();
            assertTrue(told.poll(10, TimeUnit.SECONDS) != null);
            assertFalse(ws.isOpen());
            Await.until("it is no longer a connection", () -> server.connectionCount() == 0);
            mayGoOn.countDown();
            assertEquals(text("hello"), nextReceived());
            assertTrue(nextReceived() instanceof IOException);
            assertThrows(ConnectionClosedException.class, () -> ws.send("late"));
        }
    }

    @Test
    void resetsAreNoticed() throws Exception {
        try (WebSocketServer server = sleepy(); RawPeer peer = RawPeer.open(server)) {
            WebSocketConnection ws = opened.take();
            peer.socket().setOption(StandardSocketOptions.SO_LINGER, 0);
            peer.leave();
            assertTrue(told.poll(10, TimeUnit.SECONDS) != null);
            assertFalse(ws.isOpen());
            Await.until("it is no longer a connection", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void violationsAreAnswered() throws Exception {
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            // A text frame without a mask.
            peer.hex(HELLO + HELLO).hex("8101 61");
            assertEquals(1002, peer.readCloseAndEnd());
            peer.leave();
            assertTrue(told.poll(10, TimeUnit.SECONDS) != null);
            Await.until("it is no longer a connection", () -> server.connectionCount() == 0);
            mayGoOn.countDown();
            assertEquals(text("hello"), nextReceived());
            assertEquals(text("hello"), nextReceived());
            assertTrue(nextReceived() instanceof ConnectionClosedException);
        }
    }

    /** The handler has half a second to answer the messages before it. */
    @Test
    void violationsMustLeaveTimeForReplies() throws Exception {
        try (WebSocketServer server = builder().handler(ws -> {
            received.add(ws.receive());
            sleep();
            ws.send("late");
            receiveAll(ws);
        }).start(); RawPeer peer = RawPeer.open(server)) {
            // A text frame without a mask.
            peer.hex(HELLO + PING).hex("8101 61");
            assertEquals(PONG, peer.readFrame());
            mayGoOn.countDown();
            assertEquals("8104 6c617465", peer.readFrame());
            assertEquals(1002, peer.readCloseAndEnd());
        }
    }

    /** TCP slows the peer down, and the held memory stays small. */
    @Test
    void bytesBeyondTheBoundMustWaitInTheNetwork() throws Exception {
        int count = 20_000;
        try (WebSocketServer server = sleepyAfterOne(); RawPeer peer = RawPeer.open(server)) {
            Thread sender = Thread.startVirtualThread(() -> {
                try {
                    for (int i = 0; i < count; i++) {
                        peer.bytes(RawPeer.frame(0x82, PIECE));
                    }
                } catch (IOException e) {
                    received.add(e);
                }
            });
            WebSocketConnection ws = opened.take();
            nextReceived();
            assertFalse(sender.join(Duration.ofMillis(500)), "the peer could send all");
            assertTrue(((Connection) ws).heldBytes() <= 2 * 16_384, () -> "held " + ((Connection) ws).heldBytes());
            mayGoOn.countDown();
            for (int i = 1; i < count; i++) {
                assertArrayEquals(PIECE, ((Message.Binary) nextReceived()).bytes());
            }
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
    }

    @Test
    void keepaliveMustContinue() throws Exception {
        try (WebSocketServer server = builder().pingInterval(Duration.ofMillis(100)).pongTimeout(Duration.ofSeconds(2))
                .handler(ws -> {
                    ws.onClose(told::add);
                    sleep();
                    receiveAll(ws);
                }).start(); RawPeer peer = RawPeer.open(server); RawPeer silent = RawPeer.open(server)) {
            for (int i = 0; i < 5; i++) {
                String ping = peer.readFrame();
                assertTrue(ping.startsWith("89"), ping);
                peer.bytes(RawPeer.frame(0x8a, RawPeer.bytes(ping.substring(5))));
            }
            assertTrue(told.poll(10, TimeUnit.SECONDS) != null, "who answers no ping is gone");
            Await.until("one is left", () -> server.connectionCount() == 1);
            assertTrue(silent.input().read() == 0x89);
        }
    }

    /** As a live feed does. */
    @Test
    void handlersThatOnlySendLearnOfTheEnd() throws Exception {
        BlockingQueue<String> feed = new LinkedBlockingQueue<>();
        try (WebSocketServer server = builder().handler(ws -> {
            ws.onClose(told::add);
            while (true) {
                ws.send(take(feed));
            }
        }).start()) {
            List<RawPeer> peers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                peers.add(RawPeer.open(server));
            }
            for (RawPeer peer : peers) {
                peer.socket().setOption(StandardSocketOptions.SO_LINGER, 0);
                peer.leave();
            }
            Await.until("no connection is left", () -> server.connectionCount() == 0);
            Await.until("all are told", () -> told.size() == peers.size());
        }
    }

    private static String take(BlockingQueue<String> feed) {
        try {
            return feed.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException("the server goes down", e);
        }
    }

    /** Peers that have answered 1001 are no connections any more, whatever their handlers do. */
    @Test
    void shutdownMustNotWaitForHandlersOfClosedPeers() throws Exception {
        Duration grace = Duration.ofSeconds(30);
        WebSocketServer server = builder().shutdownGrace(grace).handler(ws -> {
            opened.add(ws);
            take(new LinkedBlockingQueue<>());
        }).start();
        List<RawPeer> peers = Collections.synchronizedList(new ArrayList<>());
        try {
            for (int i = 0; i < 50; i++) {
                peers.add(RawPeer.open(server));
            }
            for (int i = 0; i < 50; i++) {
                opened.take();
            }
            Thread answers = Thread.startVirtualThread(() -> {
                for (RawPeer peer : peers) {
                    try {
                        assertEquals("8802 03e9", peer.readFrame());
                        peer.hex("8882 00000000 03e9");
                        assertEquals(0, peer.readToEnd().length);
                        peer.leave();
                    } catch (IOException e) {
                        received.add(e);
                    }
                }
            });
            long before = System.nanoTime();
            server.close();
            assertTrue(System.nanoTime() - before < grace.toNanos() / 2, "the grace was used up");
            answers.join();
            assertEquals(List.of(), List.copyOf(received));
            assertTrue(log.lines(Level.INFO).getLast().contains(" 0 were aborted"));
            assertEquals(List.of(), log.lines(Level.WARNING));
        } finally {
            server.close();
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }
}
