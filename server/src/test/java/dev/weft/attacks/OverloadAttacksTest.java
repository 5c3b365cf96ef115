package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.SendResult;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.Eviction;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.RawPeer;
import dev.weft.server.ServerInsight;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attack 29, over the wire: what some peers make the server hold, or wait for, must not affect the others. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OverloadAttacksTest {
    private static final int MESSAGE = 16_384;
    private static final Duration PROCESS_LIMIT = Duration.ofSeconds(80);
    private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";

    // 29: the budget of buffered bytes

    /** A room whose members get numbered messages, of which none may wait for anybody. */
    private static final class Room {
        private final BlockingQueue<WebSocketConnection> members = new LinkedBlockingQueue<>();
        private final List<WebSocketConnection> reading = new ArrayList<>();
        private final List<WebSocketConnection> deaf = new ArrayList<>();
        private int refused;

        void join(WebSocketConnection ws) throws IOException {
            members.add(ws);
            Message message = ws.receive();
            while (!(message instanceof Message.Close)) {
                message = ws.receive();
            }
        }

        /** Who joined last. */
        void admit(boolean reads) throws InterruptedException {
            WebSocketConnection ws = members.poll(10, TimeUnit.SECONDS);
            assertTrue(ws != null, "no handler was started");
            (reads ? reading : deaf).add(ws);
        }

        /** The usual broadcast: a peer that falls too far behind is closed. */
        void broadcast(int number) {
            byte[] message = Numbered.message(29, number, MESSAGE);
            for (WebSocketConnection each : deaf) {
                if (each.trySend(message) != SendResult.ACCEPTED && each.isOpen()) {
                    each.abort();
                }
            }
            for (WebSocketConnection each : reading) {
                refused += each.trySend(message) == SendResult.ACCEPTED ? 0 : 1;
            }
        }

        String outcome() {
            return refused + " refused, " + reading.stream().filter(ws -> !ws.isOpen()).count() + " closed";
        }
    }

    /**
     * A server with a small heap and a room in it; it broadcasts for each number on its input, and prints the outcome so far.
     */
    static final class SmallRoom {
        private SmallRoom() {}

        /** The arguments: how many join who do not read, and how many after them who do. */
        public static void main(String[] arguments) throws Exception {
            Room room = new Room();
            PrintStream out = System.out;
            try (WebSocketServer server = WebSocketServer.builder().handler(room::join).sendBufferSize(65_536)
                    .shutdownGrace(Duration.ZERO).start(); Scanner in = new Scanner(System.in)) {
                out.println(server.port());
                for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
                    room.admit(false);
                    out.println("joined");
                }
                for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                    room.admit(true);
                    out.println("joined");
                }
                while (in.hasNextInt()) {
                    room.broadcast(in.nextInt());
                    out.println(room.outcome());
                }
            }
        }
    }

    @Test
    void attack29_broadcastMustNotRefuseThoseWhoRead() throws Exception {
        int deaf = 40;
        int reading = 20;
        List<String> command = TestProcess.java(List.of("-Xmx96m"), SmallRoom.class, "" + deaf, "" + reading);
        List<RawPeer> peers = new ArrayList<>();
        try (TestProcess started = TestProcess.start(
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT), PROCESS_LIMIT);
                BufferedReader output = started.process().inputReader(StandardCharsets.UTF_8);
                PrintStream input = new PrintStream(started.process().getOutputStream(), true,
                        StandardCharsets.UTF_8)) {
            int port = Integer.parseInt(output.readLine());
            for (int i = 0; i < deaf + reading; i++) {
                peers.add(RawPeer.connect(port).upgraded());
                assertEquals("joined", output.readLine());
            }
            for (int number = 0; number < 400; number++) {
                input.println(number);
                assertEquals("0 refused, 0 closed", output.readLine(), "message " + number);
                for (RawPeer peer : peers.subList(deaf, peers.size())) {
                    assertNumbered(number, peer);
                }
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    private static void assertNumbered(int number, RawPeer peer) throws IOException {
        WireFrame frame = WireFrame.read(peer.input());
        assertTrue(frame != null && !frame.isClose(), () -> "ended before message " + number + ": " + frame);
        assertEquals(number, Numbered.number(frame.payload()));
    }

    /** The budget is filled by messages that wait, and by messages that are partly received. */
    @ParameterizedTest
    @EnumSource
    void attack29_peersThatKeepUpMustNeverBeRefused(AttackTransport wire) throws Exception {
        Room room = new Room();
        List<RawPeer> peers = new ArrayList<>();
        WebSocketServerBuilder settings = wire.server(room::join).sendBufferSize(65_536).maxBufferedSize(4 << 20);
        try (WebSocketServer server = settings.start(); RawPeer reading = RawPeer.open(server)) {
            room.admit(true);
            for (int i = 0; i < 20; i++) {
                peers.add(RawPeer.connect(server, new SlowSocket(16_384)).upgraded());
                room.admit(false);
            }
            for (int i = 0; i < 10; i++) {
                RawPeer half = RawPeer.open(server);
                peers.add(half);
                room.admit(true);
                room.reading.removeLast();
                half.bytes(RawPeer.frame(0x02, new byte[116_000]));
            }
            for (int number = 0; number < 300; number++) {
                room.broadcast(number);
                assertEquals("0 refused, 0 closed", room.outcome(), "message " + number);
                assertNumbered(number, reading);
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    /**
     * There is room for the memory that each holds, some 44 KiB outside the heap, but not for a buffer of the usual size in
     * addition.
     */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack29_halfCompressedMessagesMustNotCloseOthers(TransportKind kind) throws Exception {
        byte[] begun = compressedStart();
        byte[] message = Numbered.message(29, 1, 20_000);
        List<RawPeer> peers = new ArrayList<>();
        WebSocketServerBuilder settings = Handlers.echoServer().transport(kind).shutdownGrace(Duration.ZERO)
                .maxBufferedSize(16 << 20);
        try (WebSocketServer server = settings.start(); RawPeer healthy = RawPeer.open(server)) {
            for (int i = 0; i < 330; i++) {
                RawPeer half = RawPeer.open(server, DEFLATE);
                peers.add(half);
                String answer = half.bytes(RawPeer.frame(0x42, begun)).hex("8980 00000000").readFrame();
                assertTrue(answer.equals("8a00 ") || answer.contains(" 03f5"), "a pong, or 1013: " + answer);
                healthy.bytes(RawPeer.frame(0x82, message));
                assertNumbered(1, healthy);
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    /** The bytes that they have not read are already in the network, which has room for the Close frame after them. */
    @ParameterizedTest
    @EnumSource
    void attack29_evictedPeersMustGetACloseFrame(AttackTransport wire) throws Exception {
        int backlog = 3;
        BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
        WebSocketServerBuilder settings = wire.server(ws -> {
            for (int number = 0; number < backlog; number++) {
                ws.send(Numbered.message(29, number, MESSAGE));
            }
            opened.add(ws);
            ws.receive();
        }).sendBufferSize(65_536).maxBufferedSize(4 << 20);
        List<RawPeer> peers = new ArrayList<>();
        try (WebSocketServer server = settings.start()) {
            for (int i = 0; i < 8; i++) {
                peers.add(RawPeer.open(server).bytes(RawPeer.frame(0x02, new byte[116_000])));
            }
            for (int i = 0; i < peers.size(); i++) {
                Connection each = (Connection) opened.poll(10, TimeUnit.SECONDS);
                Await.until("it holds half a message", () -> each.heldBytes() > 0 && Eviction.isStuck(each));
            }
            var budget = ServerInsight.budget(server);
            if (budget.take(budget.limit())) {
                budget.giveBack(budget.limit());
            }
            Await.until("their bytes are freed", () -> budget.taken() == 0);
            for (RawPeer peer : peers) {
                for (int number = 0; number < backlog; number++) {
                    assertNumbered(number, peer);
                }
                WireFrame last = WireFrame.read(peer.input());
                assertTrue(last != null && last.isClose(), () -> "no Close frame: " + last);
                assertEquals(1013, last.closeCode());
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    /** The first few hundred bytes of a compressed message. */
    private static byte[] compressedStart() {
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        try {
            byte[] target = new byte[1000];
            deflater.setInput(Numbered.message(1, 1, 300));
            return Arrays.copyOf(target, deflater.deflate(target, 0, target.length, Deflater.SYNC_FLUSH));
        } finally {
            deflater.end();
        }
    }
}
