package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.IncomingMessage;
import dev.weft.MessageType;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.RawPeer;
import dev.weft.server.WebSocketServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attacks 26 and 30: connections whose threads never have to wait. Other connections must be served at once meanwhile. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TurnAttacksTest {
    private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
    private static final Duration MEASURED = Duration.ofSeconds(1);
    /** If no thread is starved, this takes milliseconds; but a busy machine must not fail the build. */
    private static final Duration LONGEST_ECHO = Duration.ofSeconds(1);
    /** A new connection waits for several turns, by TLS for many. */
    private static final Duration LONGEST_CONNECTION = Duration.ofSeconds(4);
    private static final int LEAST_SAMPLES = 5;

    private static final int INFLATING = 20;
    private static final int MEBIBYTES = 60;
    /** More than the threads that can take loops over. */
    private static final int FAILING = 300;

    private volatile boolean over;

    private interface Step {
        void run() throws IOException;
    }

    /** Others are served for a while: a connection that is there, and new ones. */
    private static void assertOthersAreServed(String attack, WebSocketServer server, RawPeer other) throws IOException {
        List<Long> echoes = new ArrayList<>();
        List<Long> connections = new ArrayList<>();
        long end = System.nanoTime() + MEASURED.toNanos();
        while (System.nanoTime() < end || echoes.size() < LEAST_SAMPLES) {
            echoes.add(nanos(() -> Bystander.assertEchoes(other, "other")));
            connections.add(nanos(() -> {
                try (RawPeer late = RawPeer.open(server)) {
                    Bystander.assertEchoes(late, "late");
                }
            }));
        }
        report(attack + ", an echo", echoes, LONGEST_ECHO);
        report(attack + ", a connection and an echo", connections, LONGEST_CONNECTION);
    }

    private static long nanos(Step step) throws IOException {
        long start = System.nanoTime();
        step.run();
        return System.nanoTime() - start;
    }

    private static void report(String what, List<Long> times, Duration longest) {
        long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
        long median = sorted[sorted.length / 2];
        String figures = what + ": median " + median / 1000 + " µs, slowest " + sorted[sorted.length - 1] / 1000
                + " µs of " + sorted.length;
        System.out.println(figures);
        assertTrue(median < longest.toNanos(), figures);
    }

    // 26: small frames that inflate to megabytes

    /** As one frame: zeros, about a KiB for each MiB. */
    private static byte[] bomb() {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] mebibyte = new byte[1 << 20];
            byte[] target = new byte[1 << 13];
            for (int i = 0; i < MEBIBYTES; i++) {
                deflater.setInput(mebibyte);
                all.write(target, 0, deflater.deflate(target, 0, target.length, Deflater.SYNC_FLUSH));
            }
            return RawPeer.frame(0xc2, Arrays.copyOf(all.toByteArray(), all.size() - 4));
        } finally {
            deflater.end();
        }
    }

    @ParameterizedTest
    @EnumSource
    void attack26_messagesThatInflateMustNotDelayOthers(AttackTransport wire) throws Exception {
        byte[] bomb = bomb();
        LongAdder inflated = new LongAdder();
        List<RawPeer> peers = new ArrayList<>();
        try (WebSocketServer server = wire.server(ws -> readStreams(ws, inflated)).start();
                RawPeer other = RawPeer.open(server)) {
            for (int i = 0; i < INFLATING; i++) {
                peers.add(RawPeer.open(server, DEFLATE));
            }
            for (RawPeer peer : peers) {
                Thread.ofPlatform().daemon().start(() -> sendUntilTheEnd(peer, bomb));
            }
            Await.until("the attack has begun", () -> inflated.sum() > MEBIBYTES << 20);
            long before = inflated.sum();
            assertOthersAreServed("attack 26 over " + wire, server, other);
            assertTrue(inflated.sum() - before > MEBIBYTES << 20, "it went on");
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    private static void sendUntilTheEnd(RawPeer peer, byte[] frame) {
        try {
            while (true) {
                peer.bytes(frame);
            }
        } catch (IOException e) {
            // It has left.
        }
    }

    /** Reads binary messages to their end, and sends texts back. */
    private static void readStreams(WebSocketConnection ws, LongAdder bytes) throws IOException {
        byte[] target = new byte[1 << 20];
        for (IncomingMessage message = ws.receiveStream(); message != null; message = ws.receiveStream()) {
            if (message.type() == MessageType.TEXT) {
                ws.send(message.text());
                continue;
            }
            InputStream stream = message.inputStream();
            for (int count = stream.read(target); count >= 0; count = stream.read(target)) {
                bytes.add(count);
            }
        }
    }

    // 30: handlers that go on after the end

    private interface Call {
        void on(WebSocketConnection ws) throws Exception;
    }

    /** Each fails at once on a connection that has ended, or says so. */
    private static final List<Call> CALLS = List.of(WebSocketConnection::receive, WebSocketConnection::receiveView,
            WebSocketConnection::receiveStream, ws -> ws.send("text"), ws -> ws.send(new byte[1]),
            ws -> ws.sendStream(MessageType.BINARY, stream -> stream.write(1)), ws -> ws.ping(Duration.ofSeconds(9)),
            ws -> ws.trySend("text"), ws -> ws.trySend(new byte[1]));

    @ParameterizedTest
    @EnumSource
    void attack30_handlersMustKeepNoCarrierAfterTheEnd(AttackTransport wire) throws Exception {
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger number = new AtomicInteger();
        AtomicInteger returned = new AtomicInteger();
        try (WebSocketServer server = wire.server(ws -> {
            if (ws.request().target().equals("/chat")) {
                Handlers.echo(ws);
            } else {
                goOn(ws, CALLS.get(number.getAndIncrement() % CALLS.size()), ended);
                returned.incrementAndGet();
            }
        }).start(); RawPeer other = RawPeer.open(server)) {
            try {
                for (int i = 0; i < FAILING; i++) {
                    try (RawPeer peer = RawPeer.connect(server)) {
                        peer.text(RawPeer.request().replace("/chat", "/attack")).readHead();
                    }
                }
                Await.until("all have ended, and none has returned", () -> ended.get() == FAILING);
                assertOthersAreServed("attack 30 over " + wire, server, other);
                assertEquals(0, returned.get(), "handlers that have returned");
            } finally {
                over = true;
            }
        }
    }

    private void goOn(WebSocketConnection ws, Call call, AtomicInteger ended) {
        boolean counted = false;
        while (!over) {
            try {
                call.on(ws);
            } catch (Exception e) {
                // Goes on.
            }
            if (!counted && ws.closeStatus().isPresent()) {
                counted = true;
                ended.incrementAndGet();
            }
        }
    }
}
