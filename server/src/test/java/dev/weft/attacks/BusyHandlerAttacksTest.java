package dev.weft.attacks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Fifo;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.server.RawPeer;
import dev.weft.server.ServerHealth;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attack 31: more handlers than processors each occupy a processor and never yield. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BusyHandlerAttacksTest {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    private static final Duration MEASURED = Duration.ofSeconds(1);
    private static final Duration BUSY = Duration.ofMillis(2000);
    /** Of deadlines: much shorter than the handlers are busy, and longer than a busy machine needs for anything. */
    private static final Duration SHORT = Duration.ofSeconds(1);
    /** If no thread is starved, this takes milliseconds; but a busy machine must not fail the build. */
    private static final Duration LONGEST_MEDIAN = Duration.ofSeconds(1);

    private final AtomicInteger busy = new AtomicInteger();
    private volatile boolean released;

    /** Work that occupies a processor, or the thread that runs the connection. */
    private enum Work {
        COMPUTES {
            @Override
            void run(BusyHandlerAttacksTest test, Fifo fifo) {
                while (!test.released) {
                    Thread.onSpinWait();
                }
            }
        },
        BLOCKS_IN_NATIVE_CODE {
            @Override
            void run(BusyHandlerAttacksTest test, Fifo fifo) throws IOException {
                fifo.block();
            }
        };

        abstract void run(BusyHandlerAttacksTest test, Fifo fifo) throws IOException;
    }

    /** Echoes texts, and is busy for as long as the test says when it is asked for that. */
    private void handle(WebSocketConnection ws, Work work, Fifo fifo) throws IOException {
        for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
            String text = view.text();
            if (text.equals("work")) {
                busy.incrementAndGet();
                work.run(this, fifo);
            }
            ws.send(text);
        }
    }

    private void release(Fifo fifo) throws IOException {
        released = true;
        fifo.release();
    }

    private List<RawPeer> occupy(WebSocketServer server, int count) throws IOException {
        List<RawPeer> peers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            peers.add(RawPeer.open(server));
        }
        for (RawPeer peer : peers) {
            peer.bytes(RawPeer.textFrame("work"));
        }
        return peers;
    }

    /** The handlers are busy until everything has been measured: a connection that had to wait for one would wait forever. */
    @ParameterizedTest
    @MethodSource
    void attack31_overLoopsOthersMustBeServedAtOnce(AttackTransport wire, Work work, @TempDir Path folder)
            throws Exception {
        assumeTrue(wire.hasLoops(), "there are no loops");
        Fifo fifo = Fifo.in(folder);
        try (WebSocketServer server = wire.server(ws -> handle(ws, work, fifo)).start();
                RawPeer other = RawPeer.open(server)) {
            List<RawPeer> peers = occupy(server, 2 * PROCESSORS);
            try {
                Await.until("all are busy", () -> busy.get() == peers.size());
                List<Long> echoes = new ArrayList<>();
                List<Long> connections = new ArrayList<>();
                long end = System.nanoTime() + MEASURED.toNanos();
                while (System.nanoTime() < end || connections.size() < 5) {
                    echoes.add(nanos(() -> Bystander.assertEchoes(other, "other")));
                    connections.add(nanos(() -> {
                        try (RawPeer late = RawPeer.open(server)) {
                            Bystander.assertEchoes(late, "late");
                        }
                    }));
                }
                assertEquals(peers.size(), busy.get());
                report(work + ", an echo", echoes);
                report(work + ", a connection and an echo", connections);
                assertNotEquals(ServerHealth.Status.FAILED, server.health().status());
            } finally {
                release(fifo);
            }
            for (RawPeer peer : peers) {
                assertEquals("8104 776f726b", peer.readFrame());
                peer.close();
            }
        }
    }

    private static Stream<Arguments> attack31_overLoopsOthersMustBeServedAtOnce() {
        return everyWork(List.of(AttackTransport.LOOPS, AttackTransport.LOOPS_TLS));
    }

    private static Stream<Arguments> everyWork(List<AttackTransport> wires) {
        return wires.stream().flatMap(wire -> Stream.of(Work.values()).map(work -> Arguments.of(wire, work)));
    }

    private interface Step {
        void run() throws IOException;
    }

    private static long nanos(Step step) throws IOException {
        long start = System.nanoTime();
        step.run();
        return System.nanoTime() - start;
    }

    private static void report(String what, List<Long> times) {
        long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
        long median = sorted[sorted.length / 2];
        String figures = what + ": median " + median / 1000 + " µs, slowest " + sorted[sorted.length - 1] / 1000
                + " µs of " + sorted.length;
        System.out.println("attack 31: " + figures);
        assertTrue(median < LONGEST_MEDIAN.toNanos(), figures);
    }

    private static Stream<Arguments> attack31_othersMustBeAcceptedAndNotBlamed() {
        return everyWork(List.of(AttackTransport.values()));
    }

    /**
     * Without loops the JDK has no thread for others meanwhile: they wait, and bytes that they sent in time count as in time. A
     * peer that is late is refused, at once or later.
     */
    @ParameterizedTest
    @MethodSource
    void attack31_othersMustBeAcceptedAndNotBlamed(AttackTransport wire, Work work, @TempDir Path folder)
            throws Exception {
        Fifo fifo = Fifo.in(folder);
        WebSocketServerBuilder settings = wire.server(ws -> handle(ws, work, fifo)).handshakeTimeout(SHORT)
                .messageTimeout(SHORT).pingInterval(SHORT.dividedBy(2)).pongTimeout(SHORT).writeTimeout(SHORT)
                .closeTimeout(SHORT);
        List<RawPeer> peers = new ArrayList<>();
        try (WebSocketServer server = settings.start();
                RawPeer other = RawPeer.open(server);
                RawPeer half = RawPeer.open(server);
                RawPeer pinged = RawPeer.open(server);
                RawPeer slowMessage = RawPeer.open(server)) {
            assertTrue(WireFrame.read(pinged.input()).isPing());
            // A first fragment has been read when the pong is here; its end comes while nobody reads, as does a pong.
            sendFirstFragment(half, "ha");
            sendFirstFragment(slowMessage, "sl");
            try (RawPeer early = RawPeer.connect(server);
                    RawPeer slowHead = RawPeer.connect(server).text("GET /chat")) {
                peers.addAll(occupy(server, wire.hasLoops() ? 2 * PROCESSORS : PROCESSORS));
                Await.until("all are busy", () -> busy.get() == peers.size());
                List<FutureTask<String>> answers = new ArrayList<>();
                answers.add(answer(() -> other.bytes(RawPeer.textFrame("other"))));
                answers.add(answer(() -> half.bytes(RawPeer.frame(0x80, "lf".getBytes(UTF_8)))));
                answers.add(answer(() -> pinged.hex("8a80 00000000").bytes(RawPeer.textFrame("pinged"))));
                answers.add(answer(() -> early.upgraded().bytes(RawPeer.textFrame("early"))));
                answers.add(answer(() -> RawPeer.open(server).bytes(RawPeer.textFrame("late"))));
                peers.forEach(peer -> answers.add(answer(() -> peer)));
                long end = System.nanoTime() + BUSY.toNanos();
                while (System.nanoTime() < end) {
                    LockSupport.parkNanos(10_000_000);
                }
                release(fifo);
                List<String> outcomes = new ArrayList<>();
                for (FutureTask<String> answer : answers) {
                    outcomes.add(outcome(answer));
                }
                List<String> expected = new ArrayList<>(List.of("other", "half", "pinged", "early", "late"));
                expected.addAll(Collections.nCopies(peers.size(), "work"));
                assertEquals(expected, outcomes);
                assertEquals(408, slowHead.readAnswer().status());
                assertEquals(1008, frameAfterPings(slowMessage).closeCode());
            } finally {
                release(fifo);
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    private static void sendFirstFragment(RawPeer peer, String text) throws IOException {
        peer.bytes(RawPeer.frame(0x01, text.getBytes(UTF_8))).hex("8980 00000000");
        assertEquals(0x8a, frameAfterPings(peer).firstByte());
    }

    /** Nor does a handler that computes stop the clocks of others: a peer that is slow on purpose is cut, as long as it computes. */
    @ParameterizedTest
    @EnumSource
    void attack31_slowPeersMustBeCutWhileHandlersCompute(AttackTransport wire) throws Exception {
        int computing = wire.hasLoops() ? 2 * PROCESSORS : PROCESSORS - 1;
        assumeTrue(computing > 0, "one processor, which the handler has");
        WebSocketServerBuilder settings = wire.server(ws -> handle(ws, Work.COMPUTES, null)).handshakeTimeout(SHORT)
                .messageTimeout(SHORT).pingInterval(SHORT).pongTimeout(SHORT);
        List<RawPeer> peers = new ArrayList<>();
        try (WebSocketServer server = settings.start()) {
            peers.addAll(occupy(server, computing));
            try (RawPeer head = RawPeer.connect(server).text("GET /chat");
                    RawPeer dribbledHead = RawPeer.connect(server).text("GET /chat HTTP/1.1\r\nX: ");
                    RawPeer message = RawPeer.open(server).bytes(RawPeer.frame(0x01, "sl".getBytes(UTF_8)));
                    RawPeer dribbledMessage = RawPeer.open(server).hex("82ff 0000000000080000 00000000");
                    RawPeer silent = RawPeer.open(server)) {
                Await.until("all are busy", () -> busy.get() == computing);
                dribble(dribbledHead);
                dribble(dribbledMessage);
                assertEquals(408, head.readAnswer().status());
                assertEquals(408, dribbledHead.readAnswer().status());
                assertEquals(1008, frameAfterPings(message).closeCode());
                assertEquals(1008, frameAfterPings(dribbledMessage).closeCode());
                assertTrue(WireFrame.read(silent.input()).isPing());
                assertEnds(silent);
                assertEquals(computing, busy.get(), "the handlers compute");
            } finally {
                released = true;
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    /** Sends a byte now and then, until that fails. */
    private static void dribble(RawPeer peer) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    peer.bytes(new byte[]{'a'});
                    LockSupport.parkNanos(10_000_000);
                }
            } catch (IOException e) {
                // It was cut.
            }
        });
    }

    private static void assertEnds(RawPeer peer) {
        try {
            assertEquals(null, WireFrame.read(peer.input()));
        } catch (SocketTimeoutException e) {
            throw new AssertionError("not cut", e);
        } catch (IOException e) {
            // Cut by a reset.
        }
    }

    private static String outcome(FutureTask<String> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            return e.getCause().toString();
        }
    }

    private interface Question {
        RawPeer ask() throws IOException;
    }

    /** The next text that answers this question. */
    private static FutureTask<String> answer(Question question) {
        FutureTask<String> task = new FutureTask<>(() -> textAfterPings(question.ask()));
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private static String textAfterPings(RawPeer peer) throws IOException {
        WireFrame frame = frameAfterPings(peer);
        assertTrue(frame != null && !frame.isClose(), "blamed: " + frame);
        return new String(frame.payload(), UTF_8);
    }

    /** Pings are answered, as by a peer that is well. */
    private static WireFrame frameAfterPings(RawPeer peer) throws IOException {
        WireFrame frame = WireFrame.read(peer.input());
        while (frame != null && frame.isPing()) {
            peer.bytes(RawPeer.frame(0x8a, frame.payload()));
            frame = WireFrame.read(peer.input());
        }
        return frame;
    }
}
