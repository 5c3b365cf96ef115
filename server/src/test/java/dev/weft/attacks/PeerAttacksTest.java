package dev.weft.attacks;

import static dev.weft.server.RawPeer.CLOSE_1000;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.RawPeer;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attacks 17 to 20, over the wire: peers that do not read, are dead, do not close correctly, or race. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PeerAttacksTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final int SMALL_BUFFER = 4096;
    /** A bound that a connection without delays meets even on a busy machine. */
    private static final long AT_ONCE_NANOS = 3_000_000_000L;
    /** A ping that has 8 bytes. */
    private static final String KEEP_ALIVE = "8908 ";
    private static final String EMPTY_PONG = "8a80 00000000";

    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();

    /** Hands its connection to the test, and receives until the end. */
    private void listen(WebSocketConnection ws) throws IOException {
        opened.add(ws);
        receiveToTheEnd(ws);
    }

    private static void receiveToTheEnd(WebSocketConnection ws) throws IOException {
        Message message = ws.receive();
        while (!(message instanceof Message.Close)) {
            message = ws.receive();
        }
    }

    private WebSocketConnection nextOpened() throws InterruptedException {
        WebSocketConnection ws = opened.poll(10, TimeUnit.SECONDS);
        assertTrue(ws != null, "no handler was started");
        return ws;
    }

    private static <T> FutureTask<T> inBackground(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.startVirtualThread(future);
        return future;
    }

    private static void awaitNoConnections(WebSocketServer server) {
        Await.until("the server holds no connection", () -> server.connectionCount() == 0);
    }

    // 17: peers that never read

    @ParameterizedTest
    @EnumSource
    void attack17_peerThatNeverReadsMustNotDelayOthers(AttackTransport wire) throws Exception {
        try (WebSocketServer server = wire.server(this::listen).writeTimeout(Duration.ofSeconds(1)).start();
                RawPeer deaf = RawPeer.connect(server, new SlowSocket(4096)).upgraded()) {
            WebSocketConnection toDeaf = nextOpened();
            List<RawPeer> peers = new ArrayList<>();
            List<WebSocketConnection> room = new ArrayList<>(List.of(toDeaf));
            for (int i = 0; i < 5; i++) {
                peers.add(RawPeer.open(server));
                room.add(nextOpened());
            }
            FutureTask<IOException> sending = inBackground(() -> {
                try {
                    byte[] much = new byte[1 << 20];
                    while (true) {
                        toDeaf.send(much);
                    }
                } catch (IOException e) {
                    return e;
                }
            });
            long start = System.nanoTime();
            int number = 0;
            while (number < 100 || !sending.isDone()) {
                broadcast(number++, room, peers);
                assertTrue(System.nanoTime() - start < 20_000_000_000L, "the send never ended");
            }
            assertFalse(toDeaf.isOpen(), "a send ended: " + sending.get());
            Await.until("the end is told", () -> toDeaf.closeStatus().flatMap(CloseStatus::failure).isPresent());
            Await.until("the server has left it", () -> server.connectionCount() == peers.size());
            deaf.leave();
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    /** Has the message go to all, and wait for none but those who read, who are the room's last ones. */
    private static void broadcast(int number, List<WebSocketConnection> room, List<RawPeer> peers) throws IOException {
        long start = System.nanoTime();
        byte[] message = Numbered.message(17, number, 1000);
        for (int i = 0; i < room.size(); i++) {
            SendResult result = room.get(i).trySend(message);
            assertTrue(i == 0 || result == SendResult.ACCEPTED, "a peer that reads was refused: " + result);
        }
        for (RawPeer peer : peers) {
            assertEquals(number, Numbered.number(WireFrame.read(peer.input()).payload()));
        }
        long taken = System.nanoTime() - start;
        assertTrue(taken < AT_ONCE_NANOS, "message " + number + " took " + taken + " ns");
    }

    // 18: half-open peers

    @Test
    void attack18_halfOpenPeersMustBeFoundByPing() throws Exception {
        AttackTransport.allAtOnce(wire -> {
            BlockingQueue<WebSocketConnection> all = new LinkedBlockingQueue<>();
            WebSocketServerBuilder settings = wire.server(ws -> {
                all.add(ws);
                receiveToTheEnd(ws);
            }).pingInterval(SHORT).pongTimeout(Duration.ofMillis(900));
            try (WebSocketServer server = settings.start();
                    RawPeer silent = RawPeer.open(server);
                    RawPeer deaf = RawPeer.connect(server, new SlowSocket(4096)).upgraded()) {
                Await.until("both are open", () -> all.size() == 2);
                assertTrue(silent.readFrame().startsWith(KEEP_ALIVE));
                Await.until("the dead are found", () -> all.stream().noneMatch(WebSocketConnection::isOpen));
                deaf.leave();
                awaitNoConnections(server);
            }
        });
    }

    @Test
    void attack18_peersThatAnswerPingsMustStay() throws Exception {
        AttackTransport.allAtOnce(wire -> {
            BlockingQueue<WebSocketConnection> all = new LinkedBlockingQueue<>();
            WebSocketServerBuilder settings = wire.server(ws -> {
                all.add(ws);
                Handlers.echo(ws);
            }).pingInterval(SHORT).pongTimeout(Duration.ofSeconds(1));
            try (WebSocketServer server = settings.start(); RawPeer idle = RawPeer.open(server)) {
                assertTrue(answerPings(idle, Duration.ofMillis(1500)) >= 3);
                assertTrue(all.size() == 1 && all.stream().allMatch(WebSocketConnection::isOpen));
                idle.bytes(RawPeer.textFrame("alive"));
                String frame = idle.readFrame();
                while (frame.startsWith(KEEP_ALIVE)) {
                    frame = idle.hex(EMPTY_PONG).readFrame();
                }
                assertEquals("8105 616c697665", frame);
            }
        });
    }

    /** Answers every ping for so long; returns the number of pings. */
    private static int answerPings(RawPeer peer, Duration duration) throws IOException {
        long end = System.nanoTime() + duration.toNanos();
        int pings = 0;
        do {
            assertTrue(peer.readFrame().startsWith(KEEP_ALIVE));
            peer.hex(EMPTY_PONG);
            pings++;
        } while (System.nanoTime() < end);
        return pings;
    }

    // 19: peers that do not close as they should

    @ParameterizedTest
    @EnumSource
    void attack19_peersThatDoNotCloseAsTheyShouldMustBeLeft(AttackTransport wire) throws Exception {
        // Long enough for the thread that writes the Close frame to get its turn on a busy machine.
        WebSocketServerBuilder settings = wire.server(this::listen).closeTimeout(Duration.ofSeconds(1))
                .writeTimeout(Duration.ofSeconds(1));
        try (WebSocketServer server = settings.start();
                RawPeer silent = RawPeer.open(server);
                RawPeer sending = RawPeer.open(server);
                RawPeer deaf = RawPeer.connect(server, new SlowSocket(4096)).upgraded();
                RawPeer lingering = RawPeer.open(server);
                RawPeer halfClosed = RawPeer.open(server)) {
            List<WebSocketConnection> all = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                all.add(nextOpened());
            }
            FutureTask<Boolean> cut = inBackground(() -> sendUntilCut(sending));
            for (WebSocketConnection ws : all) {
                ws.close(4000, "enough");
                assertFalse(ws.isOpen());
            }
            lingering.hex("8882 00000000 0fa0");
            if (!halfClosed.socket().getClass().getSimpleName().startsWith("SSL")) {
                halfClosed.halfClose();
            }
            assertEquals(4000, WireFrame.read(silent.input()).closeCode());
            assertEquals(4000, WireFrame.read(lingering.input()).closeCode());
            assertTrue(cut.get(10, TimeUnit.SECONDS));
            deaf.leave();
            awaitNoConnections(server);
            assertTrue(all.stream().allMatch(ws -> ws.closeStatus().flatMap(CloseStatus::sent).map(CloseReason::code)
                    .equals(Optional.of(4000))));
        }
    }

    private static boolean sendUntilCut(RawPeer peer) {
        byte[] frame = RawPeer.textFrame("more");
        try {
            while (true) {
                peer.bytes(frame);
            }
        } catch (IOException e) {
            return true;
        }
    }

    /** A peer that shuts down its output still receives what was sent before; then the connection ends. */
    @ParameterizedTest
    @EnumSource(names = {"LOOPS", "PARKING", "PARKING_PLATFORM", "BLOCKING"})
    void attack19_halfClosedPeersMustStillGetWhatTheyAreOwed(AttackTransport wire) throws Exception {
        try (WebSocketServer server = wire.server(Handlers::echo).closeTimeout(SHORT).start();
                RawPeer peer = RawPeer.open(server)) {
            byte[] large = new byte[300_000];
            peer.bytes(RawPeer.frame(0x82, large)).halfClose();
            assertEquals(large.length, WireFrame.read(peer.input()).payload().length);
            peer.readToEnd();
            awaitNoConnections(server);
        }
    }

    /** The end is found while the reply waits for the peer, which only then begins to read. */
    @ParameterizedTest
    @EnumSource(names = {"LOOPS", "PARKING", "PARKING_PLATFORM", "BLOCKING"})
    void attack19_halfClosedPeersMustGetTheReplyThatWaitsForThem(AttackTransport wire) throws Exception {
        try (WebSocketServer server = wire.server(Handlers::echo).sendBufferSize(SMALL_BUFFER).start();
                RawPeer peer = RawPeer.connect(server, new SlowSocket(SMALL_BUFFER)).upgraded()) {
            byte[] large = new byte[300_000];
            peer.bytes(RawPeer.frame(0x82, large)).halfClose();
            pauseForReadAhead();
            assertEquals(large.length, WireFrame.read(peer.input()).payload().length);
            peer.readToEnd();
            awaitNoConnections(server);
        }
    }

    /** The end is found by the thread that receives, while another one sends. */
    @ParameterizedTest
    @EnumSource(names = {"LOOPS", "PARKING", "PARKING_PLATFORM", "BLOCKING"})
    void attack19_halfClosedPeersMustGetWhatAnotherThreadSends(AttackTransport wire) throws Exception {
        byte[] large = new byte[300_000];
        CountDownLatch sending = new CountDownLatch(1);
        WebSocketHandler handler = ws -> {
            Thread.ofVirtual().start(() -> {
                try {
                    sending.countDown();
                    ws.send(large);
                } catch (IOException e) {
                    // The peer sees that something is missing.
                }
            });
            ws.receive();
        };
        try (WebSocketServer server = wire.server(handler).sendBufferSize(SMALL_BUFFER).start();
                RawPeer peer = RawPeer.connect(server, new SlowSocket(SMALL_BUFFER)).upgraded()) {
            assertTrue(sending.await(10, TimeUnit.SECONDS));
            assertEquals(0x82, peer.input().read());
            peer.halfClose();
            pauseForReadAhead();
            byte[] rest = peer.readToEnd();
            assertEquals(9 + large.length, rest.length);
            awaitNoConnections(server);
        }
    }

    /** What has arrived before the end is received and may be answered. */
    @ParameterizedTest
    @EnumSource(names = {"LOOPS", "PARKING", "PARKING_PLATFORM", "BLOCKING"})
    void attack19_halfClosedPeersMustGetTheRepliesToAllTheirMessages(AttackTransport wire) throws Exception {
        WebSocketHandler handler = ws -> {
            for (Message message = ws.receive(); message instanceof Message.Text(String text); message = ws.receive()) {
                pauseForReadAhead();
                ws.send(text);
            }
        };
        try (WebSocketServer server = wire.server(handler).start(); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(RawPeer.textFrame("one")).bytes(RawPeer.textFrame("two")).bytes(RawPeer.textFrame("three"))
                    .halfClose();
            assertEquals("one", new String(WireFrame.read(peer.input()).payload(), UTF_8));
            assertEquals("two", new String(WireFrame.read(peer.input()).payload(), UTF_8));
            assertEquals("three", new String(WireFrame.read(peer.input()).payload(), UTF_8));
            peer.readToEnd();
            awaitNoConnections(server);
        }
    }

    /** As long as a turn of the reader ahead takes to begin, several times. */
    private static void pauseForReadAhead() throws InterruptedException {
        Thread.sleep(60);
    }

    // 20: races

    private enum End {
        ONE_CLOSE, TWO_CLOSES, ABORT, PEER_CLOSES
    }

    @ParameterizedTest
    @EnumSource
    void attack20_endsThatRaceWithSendsMustNotHang(AttackTransport wire) throws Exception {
        WebSocketServerBuilder settings = wire.server(this::listen).sendBufferSize(16_384);
        try (WebSocketServer server = settings.start()) {
            for (int round = 0; round < 40; round++) {
                race(server, round);
            }
            awaitNoConnections(server);
        }
    }

    private void race(WebSocketServer server, int round) throws Exception {
        End end = End.values()[round % End.values().length];
        try (RawPeer peer = RawPeer.open(server)) {
            WebSocketConnection ws = nextOpened();
            CountDownLatch underWay = new CountDownLatch(10 + round);
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int sender = 8 * round + i;
                tasks.add(inBackground(() -> sendUntilTheEnd(ws, sender, underWay)));
            }
            CountDownLatch first = new CountDownLatch(1);
            FutureTask<Integer> received = inBackground(() -> receiveAll(peer, round, end, first));
            assertTrue(underWay.await(10, TimeUnit.SECONDS));
            // Bytes that the peer has not read are lost when the server aborts.
            assertTrue(first.await(10, TimeUnit.SECONDS));
            switch (end) {
                case ONE_CLOSE -> ws.close(4000, "");
                case TWO_CLOSES -> {
                    tasks.add(inBackground(() -> {
                        ws.close(4000, "");
                        return null;
                    }));
                    ws.close(4000, "");
                }
                case ABORT -> ws.abort();
                case PEER_CLOSES -> peer.hex(CLOSE_1000);
            }
            for (FutureTask<Void> task : tasks) {
                task.get(10, TimeUnit.SECONDS);
            }
            assertTrue(received.get(10, TimeUnit.SECONDS) > 0, end + " after no message");
        }
    }

    /** Sends message after message, in one of three ways. */
    private static Void sendUntilTheEnd(WebSocketConnection ws, int sender, CountDownLatch underWay) {
        Random random = new Random(sender);
        int number = 0;
        try {
            while (ws.isOpen()) {
                byte[] message = Numbered.message(sender, number,
                        8 + random.nextInt(random.nextBoolean() ? 100 : 9000));
                boolean sent = true;
                switch (sender % 4) {
                    case 0, 1 -> ws.send(message);
                    case 2 -> sent = ws.trySend(message) == SendResult.ACCEPTED;
                    default -> stream(ws, message);
                }
                if (sent) {
                    number++;
                    underWay.countDown();
                } else {
                    Thread.yield();
                }
            }
        } catch (IOException e) {
            // The connection has ended; how it ended does not matter.
        }
        return null;
    }

    private static void stream(WebSocketConnection ws, byte[] message) throws IOException {
        OutgoingMessage stream = ws.sendStream(MessageType.BINARY);
        int half = message.length / 2;
        stream.write(message, 0, half);
        stream.flush();
        stream.write(message, half, message.length - half);
        stream.complete();
    }

    /** Checks each message, and that nothing follows the Close frame; returns how many there were. */
    private static int receiveAll(RawPeer peer, int round, End end, CountDownLatch first) throws IOException {
        Map<Integer, Integer> next = new HashMap<>();
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        boolean within = false;
        int messages = 0;
        try {
            WireFrame frame = WireFrame.read(peer.input());
            while (frame != null && !frame.isClose()) {
                assertFalse(frame.isControl());
                assertEquals(within, frame.isContinuation(), "fragments of one message, and no other frame among them");
                within = !frame.isFinal();
                message.writeBytes(frame.payload());
                if (frame.isFinal()) {
                    messages++;
                    first.countDown();
                    int sender = Numbered.sender(message.toByteArray());
                    assertEquals(round, sender / 8, "a message of another connection");
                    assertEquals(next.merge(sender, 1, Integer::sum) - 1, Numbered.number(message.toByteArray()));
                    message.reset();
                }
                frame = WireFrame.read(peer.input());
            }
            assertTrue(frame != null || end == End.ABORT, "no Close frame");
            if (frame != null) {
                assertEquals(end == End.PEER_CLOSES ? 1000 : 4000, frame.closeCode());
                if (end != End.PEER_CLOSES) {
                    peer.hex("8882 00000000 0fa0");
                }
                assertEquals(0, peer.readToEnd().length);
            }
        } catch (EOFException | SocketException | SSLException e) {
            assertEquals(End.ABORT, end, e::toString);
        }
        return messages;
    }

    @ParameterizedTest
    @EnumSource
    void attack20_abortMustFreeASendThatIsStuck(AttackTransport wire) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        WebSocketServerBuilder settings = wire.server(ws -> {
            try {
                listen(ws);
            } finally {
                over.countDown();
            }
        }).sendBufferSize(16_384);
        try (WebSocketServer server = settings.start();
                RawPeer deaf = RawPeer.connect(server, new SlowSocket(4096)).upgraded()) {
            WebSocketConnection ws = nextOpened();
            FutureTask<Boolean> sending = inBackground(() -> {
                try {
                    ws.send(new byte[32 << 20]);
                    return false;
                } catch (IOException e) {
                    return true;
                }
            });
            // From here on that thread is in the middle of its frame.
            deaf.readByte();
            FutureTask<Void> closing = inBackground(() -> {
                ws.close(4000, "");
                return null;
            });
            ws.abort();
            assertTrue(sending.get(10, TimeUnit.SECONDS));
            try {
                closing.get(10, TimeUnit.SECONDS);
            } catch (java.util.concurrent.ExecutionException e) {
                assertTrue(e.getCause() instanceof IOException, e.toString());
            }
            assertTrue(over.await(10, TimeUnit.SECONDS), "the receive is not freed");
            deaf.leave();
            awaitNoConnections(server);
        }
    }
}
