package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.LogCapture;
import dev.weft.server.RawPeer;
import dev.weft.server.ServerInsight;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks 10 and 16, as far as they concern TLS, over the wire, during the echoes of a bystander that also uses TLS. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsAttacksTest {
    private static final Duration SHORT = Duration.ofMillis(400);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private static WebSocketServerBuilder server() {
        return Handlers.echoServer().tls(TestKeys.context());
    }

    /** Of a client: its first record, which is its hello. */
    private static byte[] hello() throws IOException {
        SSLEngine engine = TestKeys.context().createSSLEngine("localhost", 1);
        engine.setUseClientMode(true);
        ByteBuffer record = ByteBuffer.allocate(20_000);
        engine.beginHandshake();
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            engine.wrap(ByteBuffer.allocate(0), record);
        }
        return Arrays.copyOf(record.array(), record.position());
    }

    /** The same bytes, each in its own record. */
    private static byte[] inRecordsOfOneByte(byte[] record) {
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        for (int i = 5; i < record.length; i++) {
            records.writeBytes(new byte[]{record[0], record[1], record[2], 0, 1, record[i]});
        }
        return records.toByteArray();
    }

    /** Asserts that one line reports each connection whose TLS handshake failed, and that no line contains the peer's text. */
    private void assertLogged(int failures) {
        Await.until("all are told of", () -> failedHandshakes() == failures);
        log.lines(Level.FINE).forEach(line -> assertTrue(line.chars().allMatch(c -> c >= ' ' && c <= '~'), line));
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    private long failedHandshakes() {
        return log.lines(Level.FINE).stream().filter(line -> line.contains("refused, TLS_FAILED (")).count();
    }

    // 16: no TLS at all

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack16_garbageInsteadOfAHello(TransportKind transport) throws Exception {
        Map<String, byte[]> garbage = new LinkedHashMap<>();
        for (int seed = 0; seed < 20; seed++) {
            byte[] random = new byte[1000];
            new Random(seed).nextBytes(random);
            garbage.put("random " + seed, random);
            byte[] asHandshake = random.clone();
            System.arraycopy(RawPeer.bytes("16 0301 03e3"), 0, asHandshake, 0, 5);
            garbage.put("random handshake " + seed, asHandshake);
        }
        garbage.put("plain HTTP", RawPeer.request().getBytes(StandardCharsets.US_ASCII));
        garbage.put("terminal codes", "\u001b[2J\r\nforged line\r\n".getBytes(StandardCharsets.US_ASCII));
        garbage.put("a mebibyte of zeros", new byte[1 << 20]);
        garbage.put("a mebibyte of letters", "GET /".repeat(1 << 18).getBytes(StandardCharsets.US_ASCII));
        garbage.put("an alert", RawPeer.bytes("15 0301 0002 0228"));
        garbage.put("data before a handshake", RawPeer.bytes("17 0303 0005 0102030405"));
        garbage.put("change_cipher_spec alone", RawPeer.bytes("14 0303 0001 02"));
        garbage.put("a finished", RawPeer.bytes("16 0301 0004 14000000"));
        garbage.put("a record of SSL 2", RawPeer.bytes("802e 0100 0200 1500 0000 10"));
        byte[] broken = hello();
        broken[50] ^= 0x55;
        Arrays.fill(broken, 100, broken.length, (byte) 0xff);
        garbage.put("a broken hello", broken);
        Bystander.beside(server().transport(transport), server -> {
            for (Map.Entry<String, byte[]> one : garbage.entrySet()) {
                try (RawPeer peer = RawPeer.connect(server.port())) {
                    byte[] answer = peer.bytes(one.getValue()).halfClose().readToEnd();
                    // An alert of seven bytes, or nothing; and no reset, which would make the read fail.
                    assertTrue(answer.length == 0 || answer.length == 7 && answer[0] == 0x15,
                            one.getKey() + ": " + Arrays.toString(answer));
                }
            }
        });
        assertLogged(garbage.size());
    }

    /** The JDK's engine accepts records of up to 33,088 bytes, which some old peers sent, but refuses their content. */
    @ParameterizedTest
    @ValueSource(strings = {"16 0301 4200", "16 0301 8000", "16 0301 8200", "16 0301 ffff", "17 0303 ffff"})
    void attack16_recordsThatAreTooLarge(String header) throws Exception {
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.connect(server.port())) {
                assertTrue(peer.hex(header).bytes(new byte[0x8000]).readToEnd().length <= 7);
            }
        });
        assertLogged(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"8200", "ffff"})
    void attack16_recordsThatAreTooLargeAreRefusedByTheirLength(String length) throws Exception {
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.connect(server.port())) {
                assertTrue(peer.hex("16 0301" + length).readToEnd().length <= 7);
            }
        });
        assertLogged(1);
    }

    // 16: TLS in small pieces

    @Test
    void attack16_aHelloInRecordsOfOneByteWorks() throws Exception {
        byte[] hello = hello();
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.connect(server.port())) {
                peer.bytes(inRecordsOfOneByte(hello));
                // A server's hello.
                assertEquals(0x16, peer.socket().getInputStream().read());
            }
        });
    }

    @Test
    void attack16_aHelloThatNeverEndsInRecordsOfOneByte() throws Exception {
        byte[] endless = new byte[30_000];
        Arrays.fill(endless, (byte) 3);
        System.arraycopy(RawPeer.bytes("16 0301 7530 01 007ff0"), 0, endless, 0, 9);
        Bystander.beside(server(), server -> {
            long before = Bystander.allocated();
            for (int i = 0; i < 10; i++) {
                try (RawPeer peer = RawPeer.connect(server.port())) {
                    byte[] answer = peer.bytes(inRecordsOfOneByte(endless)).readToEnd();
                    assertTrue(answer.length <= 30, Arrays.toString(answer));
                }
            }
            // Copying the received bytes with each of 30,000 records would take 450 MB for each hello.
            assertTrue(Bystander.allocated() - before < 100 << 20, Bystander.allocated() - before + " bytes");
        });
        assertLogged(10);
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack16_aHelloInSegmentsOfOneByteWorks(TransportKind transport) throws Exception {
        Bystander.beside(server().transport(transport), server -> {
            try (RawPeer peer = RawPeer.connect(server.port())) {
                for (byte b : hello()) {
                    peer.bytes(new byte[]{b});
                }
                assertEquals(0x16, peer.socket().getInputStream().read());
            }
        });
    }

    // 16: after the handshake

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack16_renegotiation(TransportKind transport) throws Exception {
        Bystander.beside(server().transport(transport), server -> {
            try (RawPeer peer = RawPeer.connect(server.port()).secured("TLSv1.2").upgraded()) {
                Bystander.assertEchoes(peer, "before");
                assertEquals("TLSv1.2", ((SSLSocket) peer.socket()).getSession().getProtocol());
                // With the JDK's sockets this is a renegotiation, and reading takes part in it.
                ((SSLSocket) peer.socket()).startHandshake();
                assertThrows(IOException.class, () -> peer.bytes(RawPeer.textFrame("after")).readFrame());
            }
            Await.until("the log tells of the renegotiation", () -> log.lines(Level.FINE).stream()
                    .anyMatch(line -> line.contains("refused: TLS renegotiation")));
        });
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void attack16_requestsForNewKeysWithoutEnd() throws Exception {
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.open(server)) {
                SSLSocket socket = (SSLSocket) peer.socket();
                assertThrows(IOException.class, () -> {
                    for (int i = 0; i < 100_000; i++) {
                        // With the JDK's sockets and TLS 1.3 this is a KeyUpdate.
                        socket.startHandshake();
                    }
                });
            }
            Await.until("the log tells", () -> log.lines(Level.FINE).stream()
                    .anyMatch(line -> line.contains("refused: over 32 TLS records")));
        });
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void attack16_peersThatVanishAnywhere() throws Exception {
        byte[] hello = hello();
        Bystander.beside(server(), server -> {
            for (int length = 0; length <= hello.length; length += 7) {
                try (RawPeer peer = RawPeer.connect(server.port())) {
                    peer.bytes(Arrays.copyOf(hello, length));
                    if (length % 2 == 0) {
                        peer.socket().setSoLinger(true, 0);
                    }
                }
            }
        });
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    // 10: slow peers

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack10_slowAtEveryStageOfTls(TransportKind transport) throws Exception {
        byte[] hello = hello();
        Bystander.beside(server().transport(transport).handshakeTimeout(SHORT), server -> {
            Map<String, RawPeer> peers = new LinkedHashMap<>();
            for (int length : new int[]{0, 1, 4, 5, 6, 200, hello.length - 1}) {
                peers.put("hello of " + length, RawPeer.connect(server.port()).bytes(Arrays.copyOf(hello, length)));
            }
            RawPeer whole = RawPeer.connect(server.port()).bytes(hello);
            // The server's flight arrives, and is not answered.
            whole.readByte();
            peers.put("hello alone", whole);
            RawPeer dribbling = RawPeer.connect(server.port()).hex("16 0301 4000 01 003ff0");
            peers.put("dribbling", dribbling);
            dribble(dribbling);
            for (Map.Entry<String, RawPeer> slow : peers.entrySet()) {
                try (RawPeer peer = slow.getValue()) {
                    assertEnds(peer, slow.getKey());
                }
            }
        });
        assertEquals(9, log.lines(Level.FINE).stream()
                .filter(line -> line.contains("refused, HEAD_TOO_SLOW (closed before the request head)")).count());
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void attack10_slowRequestsOverTlsMustGet408() throws Exception {
        Bystander.beside(server().handshakeTimeout(SHORT), server -> {
            for (String start : List.of("", "GET /chat HTTP/1.1\r\nHo")) {
                try (RawPeer peer = RawPeer.connect(server).text(start)) {
                    assertEquals(408, peer.readAnswer().status(), start);
                }
            }
        });
    }

    // 33: half handshakes

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack33_halfHandshakesAreBoundedCountedAndGivenUp(TransportKind transport) throws Exception {
        int most = 16;
        byte[] hello = hello();
        Bystander.beside(server().transport(transport).maxTlsHandshakes(most).handshakeTimeout(Duration.ofMinutes(5)),
                server -> {
                    List<RawPeer> peers = new ArrayList<>();
                    for (int i = 0; i < 300; i++) {
                        peers.add(RawPeer.connect(server.port()).bytes(hello));
                    }
                    Await.until("the others wait", () -> ServerInsight.waitingForTls(server) == 300 - most);
                    assertEquals(most, ServerInsight.tlsHandshakes(server));
                    long counted = ServerInsight.budget(server).taken();
                    assertTrue(counted >= (long) most * ServerInsight.TLS_HANDSHAKE_SIZE, counted + " are counted");
                    for (RawPeer peer : peers) {
                        peer.close();
                    }
                    Await.until("all are given up", () -> server.connectionCount() == 1);
                    assertEquals(0, ServerInsight.tlsHandshakes(server));
                });
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void attack33_handshakesThatWaitTooLongAreClosed() throws Exception {
        Bystander.beside(server().maxTlsHandshakes(1).handshakeTimeout(SHORT), server -> {
            try (RawPeer first = RawPeer.connect(server.port()); RawPeer second = RawPeer.connect(server.port())) {
                assertEnds(first, "the first");
                assertEnds(second, "the second");
            }
        });
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void attack33_handshakesBeyondTheBudgetAreClosedAtOnce() throws Exception {
        try (WebSocketServer server = server().maxBufferedSize(2 * ServerInsight.TLS_HANDSHAKE_SIZE - 1)
                .handshakeTimeout(Duration.ofMinutes(5)).start();
                RawPeer half = RawPeer.connect(server.port()).bytes(hello())) {
            Await.until("it is counted",
                    () -> ServerInsight.budget(server).taken() >= ServerInsight.TLS_HANDSHAKE_SIZE);
            try (RawPeer beyond = RawPeer.connect(server.port()).bytes(hello())) {
                assertEnds(beyond, "what is beyond the budget");
            }
            half.leave();
            Await.until("there is room", () -> ServerInsight.budget(server).taken() == 0);
            try (RawPeer peer = RawPeer.open(server)) {
                Bystander.assertEchoes(peer, "Hello");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack33_silentConnectionsCostNothing(TransportKind transport) throws Exception {
        byte[] hello = hello();
        String text = "x".repeat(60 << 10);
        try (WebSocketServer server = server().transport(transport).maxBufferedSize(1 << 20).maxTlsHandshakes(20)
                .handshakeTimeout(Duration.ofMinutes(5)).shutdownGrace(Duration.ZERO).start();
                RawPeer established = RawPeer.open(server)) {
            List<RawPeer> silent = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                silent.add(RawPeer.connect(server.port()));
            }
            Await.until("all are accepted", () -> server.connectionCount() == 51);
            for (int i = 0; i < 10; i++) {
                established.bytes(RawPeer.textFrame(text));
                assertEquals("817ef000 " + "78".repeat(text.length()), established.readFrame());
                RawPeer.open(server).close();
            }
            Await.until("nothing is held", () -> ServerInsight.budget(server).taken() == 0);
            assertEquals(0, ServerInsight.tlsHandshakes(server));
            assertEquals(0, ServerInsight.waitingForTls(server));
            for (RawPeer peer : silent) {
                // Its handshake may begin at any time.
                peer.bytes(hello).readByte();
                peer.close();
            }
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    /** While it waits for its turn, a peer is not late; so each of these would have the whole deadline after that. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack33_handshakesOfOneByteDoNotKeepOthersWaiting(TransportKind transport) throws Exception {
        int most = 4;
        try (WebSocketServer server = server().transport(transport).maxTlsHandshakes(most).shutdownGrace(Duration.ZERO)
                .handshakeTimeout(Duration.ofSeconds(4)).messageTimeout(Duration.ofMillis(200)).start()) {
            List<RawPeer> peers = new ArrayList<>();
            for (int i = 0; i < 2 * most; i++) {
                peers.add(RawPeer.connect(server.port()).hex("16"));
            }
            Await.until("some wait", () -> ServerInsight.waitingForTls(server) == most);
            try (RawPeer peer = RawPeer.open(server)) {
                Bystander.assertEchoes(peer, "Hello");
            }
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    /** Sends one byte after another until the server ends the connection. */
    private static void dribble(RawPeer peer) {
        try {
            while (true) {
                peer.hex("03");
                LockSupport.parkNanos(1_000_000);
            }
        } catch (IOException e) {
            // The connection has ended; how it ended does not matter.
        }
    }

    /** In good order or with a reset: the server has read nothing that it would have to answer. */
    private static void assertEnds(RawPeer peer, String what) {
        try {
            peer.readToEnd();
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError(what + " was not closed", e);
        } catch (IOException e) {
            // A reset.
        }
    }
}
