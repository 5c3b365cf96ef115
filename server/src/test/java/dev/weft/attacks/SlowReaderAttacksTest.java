package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.server.RawPeer;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Attacks 27 and 28, over the wire: a peer that reads slowly, but reads, is alive. The system chooses the server's SO_SNDBUF
 * and lets it grow to megabytes, so for many seconds the network accepts no write.
 */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SlowReaderAttacksTest {
    private static final int MESSAGE = 16_384;
    /** More than the system buffers for a peer that does not read. */
    private static final int MEBIBYTES = 8;
    private static final int MESSAGES = MEBIBYTES * (1 << 20) / MESSAGE;

    private static <T> FutureTask<T> inBackground(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofPlatform().daemon().start(future);
        return future;
    }

    // 27: who reads steadily is alive

    /**
     * For several deadlines at its own pace, and then as fast as it can. The pace is seen in time: with such a receive
     * buffer the window opens every 1.2 s at 5 kB/s, and several times a second at 60 kB/s.
     */
    @Test
    void attack27_peersThatReadSteadilyMustLive() throws Exception {
        AttackTransport.allThatShowProgressAtOnce(wire -> {
            FutureTask<Void> slowest = inBackground(() -> readAt(wire, 5_000, 4096, Duration.ofSeconds(3)));
            readAt(wire, 60_000, 16_384, Duration.ofSeconds(3));
            slowest.get();
        });
    }

    private static Void readAt(AttackTransport wire, int pace, int receiveBufferSize, Duration writeTimeout)
            throws Exception {
        BlockingQueue<Object> outcome = new LinkedBlockingQueue<>();
        WebSocketServerBuilder settings = wire.server(ws -> {
            try {
                for (int number = 0; number < MESSAGES; number++) {
                    ws.send(Numbered.message(27, number, MESSAGE));
                }
                outcome.add("sent");
            } catch (IOException e) {
                outcome.add(e);
            }
        }).writeTimeout(writeTimeout).closeTimeout(Duration.ofSeconds(20)).pingInterval(Duration.ofMinutes(1));
        SlowSocket socket = new SlowSocket(receiveBufferSize);
        try (WebSocketServer server = settings.start(); RawPeer peer = RawPeer.connect(server, socket).upgraded()) {
            socket.pace(pace);
            FutureTask<Integer> reading = inBackground(() -> readAll(peer));
            assertEquals(null, outcome.poll(3 * writeTimeout.toMillis(), TimeUnit.MILLISECONDS),
                    pace + " bytes/s: given up, or nothing had to wait");
            socket.pace(0);
            assertEquals("sent", outcome.poll(30, TimeUnit.SECONDS), pace + " bytes/s");
            assertEquals(MESSAGES, reading.get(30, TimeUnit.SECONDS));
        }
        return null;
    }

    /** Reads and checks all messages up to the Close frame, and closes. */
    private static int readAll(RawPeer peer) throws IOException {
        int messages = 0;
        WireFrame frame = WireFrame.read(peer.input());
        while (!frame.isClose()) {
            assertEquals(messages++, Numbered.number(frame.payload()));
            frame = WireFrame.read(peer.input());
        }
        peer.hex(RawPeer.CLOSE_1000);
        return messages;
    }

    // 28: who reads a busy feed is alive, though its pong is late

    @Test
    void attack28_silentSubscribersThatReadMustLive() throws Exception {
        AttackTransport.allThatShowProgressAtOnce(wire -> {
            BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
            SlowSocket socket = new SlowSocket(65_536);
            try (WebSocketServer server = feedServer(wire, opened).start();
                    RawPeer peer = RawPeer.connect(server, socket).upgraded()) {
                WebSocketConnection ws = opened.poll(10, TimeUnit.SECONDS);
                socket.pace(200_000);
                FutureTask<Void> feeding = inBackground(() -> feed(ws));
                long end = System.nanoTime() + 7_000_000_000L;
                int number = 0;
                while (System.nanoTime() < end) {
                    WireFrame frame = WireFrame.read(peer.input());
                    assertTrue(frame != null && !frame.isClose(), "ended after message " + number);
                    if (frame.isPing()) {
                        peer.bytes(RawPeer.frame(0x8a, frame.payload()));
                    } else {
                        assertEquals(number++, Numbered.number(frame.payload()));
                    }
                }
                assertTrue(ws.isOpen());
                ws.abort();
                feeding.get(10, TimeUnit.SECONDS);
            }
        });
    }

    @Test
    void attack28_subscribersThatStopReadingMustBeEnded() throws Exception {
        AttackTransport.allAtOnce(wire -> {
            BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
            try (WebSocketServer server = feedServer(wire, opened).start();
                    RawPeer peer = RawPeer.connect(server, new SlowSocket(65_536)).upgraded()) {
                WebSocketConnection ws = opened.poll(10, TimeUnit.SECONDS);
                FutureTask<Void> feeding = inBackground(() -> feed(ws));
                WireFrame first = WireFrame.read(peer.input());
                while (first.isPing()) {
                    first = WireFrame.read(peer.input());
                }
                assertEquals(0, Numbered.number(first.payload()));
                Await.until("the dead one is ended", () -> !ws.isOpen());
                feeding.get(10, TimeUnit.SECONDS);
                peer.leave();
                Await.until("the server has left it", () -> server.connectionCount() == 0);
            }
        });
    }

    private static WebSocketServerBuilder feedServer(AttackTransport wire, BlockingQueue<WebSocketConnection> opened) {
        return wire.server(ws -> {
            opened.add(ws);
            Message message = ws.receive();
            while (!(message instanceof Message.Close)) {
                message = ws.receive();
            }
        }).pingInterval(Duration.ofSeconds(1)).pongTimeout(Duration.ofSeconds(1)).writeTimeout(Duration.ofSeconds(2));
    }

    /** As many messages as are accepted, until the end. */
    private static Void feed(WebSocketConnection ws) {
        int number = 0;
        while (ws.isOpen()) {
            if (ws.trySend(Numbered.message(28, number, MESSAGE)) == SendResult.ACCEPTED) {
                number++;
            } else {
                LockSupport.parkNanos(1_000_000);
            }
        }
        return null;
    }
}
