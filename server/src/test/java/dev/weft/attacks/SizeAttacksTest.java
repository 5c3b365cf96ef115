package dev.weft.attacks;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.IncomingMessage;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.RawPeer;
import dev.weft.server.ServerInsight;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks 1 to 8, over the wire: peers that try to use up the server's memory and time. A bystander must not be affected. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SizeAttacksTest {
    private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
    private static final int MESSAGE = 1 << 20;
    /** More bytes than an attack costs that is refused in time, and far fewer than one that is not. */
    private static final long GENEROUS = 96 << 20;

    /** Tells of each binary message its length alone; texts come back. */
    private static void measure(WebSocketConnection ws) throws IOException {
        MessageView view = ws.receiveView();
        while (view != null) {
            if (view.type() == MessageType.TEXT) {
                ws.send(view);
            } else {
                ws.send("" + view.length());
            }
            view = ws.receiveView();
        }
    }

    /** Messages of 1 MiB, and room for four of them. */
    private static WebSocketServerBuilder server() {
        return WebSocketServer.builder().handler(SizeAttacksTest::measure).maxMessageSize(MESSAGE)
                .maxBufferedSize(4 * MESSAGE);
    }

    /** The same, and what clients compress may refer to their earlier messages. */
    private static WebSocketServerBuilder serverWithTakeover() {
        return server().deflate(DeflateSettings.builder().incomingMaxWindowBits(15).build());
    }

    /** The reply of a measuring server to a message of this length. */
    private static String measured(int length) {
        byte[] text = ("" + length).getBytes(US_ASCII);
        return "810" + text.length + " " + HexFormat.of().formatHex(text);
    }

    /** Compressed as one message's payload (RFC 7692 §7.2.1), with nothing before it to refer to. */
    private static byte[] compressed(byte[] message) {
        byte[] flushed = flushed(message);
        return Arrays.copyOf(flushed, flushed.length - 4);
    }

    /** The same with the last four bytes, so that more may follow. */
    private static byte[] flushed(byte[] bytes) {
        try (Codec codec = new Codec()) {
            return codec.flushed(bytes);
        }
    }

    /** A compressor whose native memory is freed. */
    private record Codec(Deflater deflater) implements AutoCloseable {
        Codec() {
            this(new Deflater(Deflater.BEST_COMPRESSION, true));
        }

        byte[] flushed(byte[] bytes) {
            byte[] target = new byte[bytes.length + bytes.length / 100 + 100];
            deflater.setInput(bytes);
            return Arrays.copyOf(target, deflater.deflate(target, 0, target.length, Deflater.SYNC_FLUSH));
        }

        @Override
        public void close() {
            deflater.end();
        }
    }

    /** This number of MiB of zeros, about one KiB each: blocks that refer back to the ones before them. */
    private static byte[] zeros(int mebibytes) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (Codec codec = new Codec()) {
            byte[] mebibyte = new byte[1 << 20];
            all.writeBytes(codec.flushed(mebibyte));
            byte[] next = codec.flushed(mebibyte);
            for (int i = 1; i < mebibytes; i++) {
                all.writeBytes(next);
            }
        }
        return Arrays.copyOf(all.toByteArray(), all.size() - 4);
    }

    private static byte[] repeated(byte[] bytes, int count) {
        byte[] all = new byte[bytes.length * count];
        for (int i = 0; i < count; i++) {
            System.arraycopy(bytes, 0, all, i * bytes.length, bytes.length);
        }
        return all;
    }

    /** The payload in pieces of this length, as one message in fragments. */
    private static byte[] fragmented(int firstByte, byte[] payload, int length) {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int at = 0; at < payload.length; at += length) {
            int end = Math.min(at + length, payload.length);
            int fin = end == payload.length ? 0x80 : 0;
            frames.writeBytes(
                    RawPeer.frame(fin | (at == 0 ? firstByte & 0x7f : 0), Arrays.copyOfRange(payload, at, end)));
        }
        return frames.toByteArray();
    }

    /** Sends these bytes on a separate connection, and reads the close code. */
    private static int closeCodeFor(WebSocketServer server, byte[]... all) throws IOException {
        try (RawPeer peer = RawPeer.open(server, DEFLATE)) {
            for (byte[] bytes : all) {
                peer.bytes(bytes);
            }
            return peer.halfClose().readCloseAndEnd();
        }
    }

    private interface Action {
        void run() throws Exception;
    }

    private static void assertAllocatesLittle(Action action) throws Exception {
        long before = Bystander.allocated();
        action.run();
        long taken = Bystander.allocated() - before;
        assertTrue(taken < GENEROUS, "allocated " + taken);
    }

    // 1: small messages that become large

    @Test
    void attack01_aSmallFrameThatInflatesToAGibibyte() throws Exception {
        byte[] bomb = RawPeer.frame(0xc2, zeros(1024));
        assertTrue(bomb.length < 2 * MESSAGE, "it is small");
        Bystander.beside(server(), server -> assertAllocatesLittle(
                () -> assertEquals(1009, closeCodeFor(server, bomb))));
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 4096})
    void attack01_aBombSpreadOverFragments(int length) throws Exception {
        byte[] bomb = fragmented(0xc2, zeros(1024), length);
        Bystander.beside(server(), server -> assertAllocatesLittle(
                () -> assertEquals(1009, closeCodeFor(server, bomb))));
    }

    @Test
    void attack01_aBombSpreadOverContextTakeover() throws Exception {
        Bystander.beside(serverWithTakeover(), server -> {
            try (RawPeer peer = RawPeer.open(server, DEFLATE); Codec codec = new Codec()) {
                for (int i = 0; i < 100; i++) {
                    byte[] flushed = codec.flushed(new byte[MESSAGE]);
                    peer.bytes(RawPeer.frame(0xc2, Arrays.copyOf(flushed, flushed.length - 4)));
                    assertEquals(measured(MESSAGE), peer.readFrame(), "message " + i);
                    long held = ServerInsight.budget(server).taken();
                    assertTrue(held <= 3 * MESSAGE, "nothing adds up: " + held);
                }
                byte[] flushed = codec.flushed(new byte[MESSAGE + 1]);
                peer.bytes(RawPeer.frame(0xc2, Arrays.copyOf(flushed, flushed.length - 4)));
                assertEquals(1009, peer.halfClose().readCloseAndEnd());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "00 0000ffff", // stored, of no bytes
            "02 08 20 80 00", // four with fixed codes and nothing but their ends, then the end of a byte
            "0300"}) // the same with BFINAL, after which the next stream begins
    void attack01_blocksWithoutOutput(String block) throws Exception {
        byte[] bytes = RawPeer.bytes(block);
        byte[] blocks = repeated(bytes, (10 << 20) / bytes.length);
        Bystander.beside(serverWithTakeover(), server -> {
            try (RawPeer peer = RawPeer.open(server, DEFLATE)) {
                // A history that every new stream is to be given.
                byte[] history = new byte[40_000];
                new Random(1).nextBytes(history);
                peer.bytes(RawPeer.frame(0xc2, compressed(history)));
                assertEquals(measured(history.length), peer.readFrame());
                assertAllocatesLittle(() -> assertEquals(1009,
                        peer.bytes(RawPeer.frame(0xc2, blocks)).halfClose().readCloseAndEnd()));
            }
        });
    }

    // 2: exactly the limit, and one more

    @ParameterizedTest
    @ValueSource(ints = {1000, 15_000, MESSAGE})
    void attack02_exactlyTheLimitPassesAndOneMoreFails(int limit) throws Exception {
        assertLimited(server().maxMessageSize(limit), limit);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 15_000, MESSAGE})
    void attack02_exactlyTheLimitOfAStreamPassesAndOneMoreFails(int limit) throws Exception {
        assertLimited(server().maxMessageSize(100).maxStreamedMessageSize(limit)
                .handler(SizeAttacksTest::measureStreams), limit);
    }

    /** Tells of each binary message its length alone; texts come back. */
    private static void measureStreams(WebSocketConnection ws) throws IOException {
        for (IncomingMessage message = ws.receiveStream(); message != null; message = ws.receiveStream()) {
            byte[] all = message.inputStream().readAllBytes();
            ws.send(message.type() == MessageType.TEXT ? new String(all, StandardCharsets.UTF_8) : "" + all.length);
        }
    }

    private static void assertLimited(WebSocketServerBuilder settings, int limit) throws Exception {
        byte[] most = new byte[limit];
        new Random(2).nextBytes(most);
        byte[] more = Arrays.copyOf(most, limit + 1);
        Bystander.beside(settings, server -> {
            try (RawPeer peer = RawPeer.open(server, DEFLATE)) {
                for (byte[] good : List.of(most, new byte[limit])) {
                    for (byte[] message : inEachForm(good)) {
                        assertEquals(measured(limit), peer.bytes(message).readFrame());
                    }
                }
            }
            for (byte[] bad : List.of(more, new byte[limit + 1])) {
                for (byte[] message : inEachForm(bad)) {
                    assertEquals(1009, closeCodeFor(server, message));
                }
            }
        });
    }

    private static List<byte[]> inEachForm(byte[] message) {
        return List.of(RawPeer.frame(0x82, message), fragmented(0x82, message, message.length / 100),
                RawPeer.frame(0xc2, compressed(message)),
                fragmented(0xc2, compressed(message), 1 + message.length / 1000));
    }

    // 3: fragments without end

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000})
    void attack03_continuationsWithoutEnd(int length) throws Exception {
        byte[] many = repeated(RawPeer.frame(0, new byte[length]), 20_000_000 / (1000 + 20 * (8 + length)));
        for (int first : new int[]{0x02, 0x42}) {
            Bystander.beside(server(), server -> assertAllocatesLittle(() -> {
                try (RawPeer peer = RawPeer.open(server, DEFLATE)) {
                    FutureTask<Void> endless = new FutureTask<>(() -> {
                        // A compressed message continues with blocks without bytes.
                        peer.bytes(RawPeer.frame(first, first == 0x42 ? flushed(new byte[10]) : new byte[10]));
                        while (true) {
                            peer.bytes(length == 0 || first == 0x02
                                    ? many
                                    : repeated(RawPeer.frame(0,
                                            repeated(RawPeer.bytes("00 0000ffff"), length / 5)), 100));
                        }
                    });
                    Thread.ofVirtual().start(endless);
                    assertEquals(1009, peer.readCloseAndEnd());
                    peer.leave();
                    Await.until("the peer's writes fail", endless::isDone);
                }
            }));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void attack03_aMillionTinyFragments(int length) throws Exception {
        byte[] fragments = repeated(RawPeer.frame(0, new byte[length]), 1_000_000);
        Bystander.beside(server(), server -> assertAllocatesLittle(() -> {
            assertEquals(1009, closeCodeFor(server, RawPeer.frame(0x02, new byte[length]), fragments));
            assertEquals(1009, closeCodeFor(server, RawPeer.frame(0x42, new byte[]{}), repeated(
                    RawPeer.frame(0, new byte[]{}), 1_000_000)));
        }));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void attack03_whatIsLegalPasses(int length) throws Exception {
        byte[] fragment = new byte[length];
        byte[] fragments = repeated(RawPeer.frame(0, fragment), 65_535);
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.open(server)) {
                peer.bytes(RawPeer.frame(0x02, fragment)).bytes(fragments).bytes(RawPeer.frame(0x80, fragment));
                assertEquals(measured(65_537 * length), peer.readFrame());
            }
        });
    }

    // 4: small segments

    @Test
    void attack04_aLongMessageInSegmentsOfOneByte() throws Exception {
        byte[] frame = RawPeer.frame(0x02, new byte[1 << 18]);
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.open(server)) {
                OutputStream out = peer.socket().getOutputStream();
                long before = Bystander.retained();
                for (int i = 0; i < frame.length; i++) {
                    out.write(frame, i, 1);
                }
                assertEquals("8a00 ", peer.hex("8980 00000000").readFrame());
                // The message is in one lent buffer. BuffersTest checks more precisely that nothing is kept for single reads:
                // here, several segments may arrive in one read.
                long taken = ServerInsight.budget(server).taken();
                assertTrue(taken <= 3 << 19, "" + taken);
                long retained = Bystander.retained() - before;
                assertTrue(retained < taken + (3 << 20), "retains " + retained);
                assertEquals(measured(1 << 18), peer.hex("8080 00000000").readFrame());
            }
        });
    }

    // 5: declared lengths

    @ParameterizedTest
    @ValueSource(strings = {
            "1009 000000007fffffff", "1009 0000000080000000", "1009 7fffffffffffffff",
            "1002 8000000000000000", "1002 ffffffffffffffff", "1002 000000000000ffff", "1002 0000000000000000"})
    void attack05_hostileLengths(String codeAndLength) throws Exception {
        int code = Integer.parseInt(codeAndLength.substring(0, 4));
        byte[] header = RawPeer.bytes("82ff" + codeAndLength.substring(5) + "00000000");
        // Within a fragmented message too, whose length so far must not make the sum overflow.
        byte[] continuation = header.clone();
        continuation[0] = (byte) 0x80;
        Bystander.beside(server(), server -> assertAllocatesLittle(() -> {
            assertEquals(code, closeCodeFor(server, header));
            assertEquals(code, closeCodeFor(server, RawPeer.bytes("0281 00000000 61"), continuation));
        }));
    }

    @Test
    void attack05_lengthsInMoreBytesThanTheyNeed() throws Exception {
        Bystander.beside(server(), server -> {
            assertEquals(1002, closeCodeFor(server, RawPeer.bytes("82fe 007d 00000000")));
            assertEquals(1002, closeCodeFor(server, RawPeer.bytes("82fe 0000 00000000")));
        });
    }

    @Test
    void attack05_aDeclaredLengthReservesNothing() throws Exception {
        // One message within the limit, and a compressed one, whose declared length says little: both wait for bytes that never
        // arrive.
        WebSocketServerBuilder settings = server().maxMessageSize(Integer.MAX_VALUE - 8);
        Bystander.beside(settings, server -> assertAllocatesLittle(() -> {
            for (String header : List.of("82ff 000000007ffffff7 00000000", "c2ff 000000ff00000000 00000000")) {
                try (RawPeer peer = RawPeer.open(server, DEFLATE)) {
                    peer.hex(header).bytes(repeated(RawPeer.bytes("00 0000ffff"), 1000)).halfClose();
                    assertEquals(0, peer.readToEnd().length);
                }
            }
        }));
    }

    // 6: many in the middle of large messages

    @Test
    void attack06_manyInTheMiddleOfALargeMessage() throws Exception {
        byte[] half = RawPeer.frame(0x02, new byte[MESSAGE / 8]);
        Bystander.beside(server(), server -> {
            Deque<RawPeer> holding = new ArrayDeque<>();
            List<RawPeer> peers = new ArrayList<>();
            try {
                long before = Bystander.retained();
                for (int i = 0; i < 300; i++) {
                    RawPeer peer = RawPeer.open(server);
                    peers.add(peer);
                    String answer = peer.bytes(half).hex("8980 00000000").readFrame();
                    if (answer.equals("8a00 ")) {
                        holding.add(peer);
                    } else {
                        assertTrue(answer.startsWith("88") && answer.contains(" 03f5"), "1013: " + answer);
                    }
                }
                long retained = Bystander.retained() - before;
                assertTrue(retained < 16 * MESSAGE, "retains " + retained);
                // Connections for which there was room continue; but one without progress for a while may have been evicted for
                // another.
                int whole = 0;
                for (RawPeer peer : holding) {
                    String answer = peer.hex("8080 00000000").readFrame();
                    if (answer.equals(measured(MESSAGE / 8))) {
                        whole++;
                    } else {
                        assertTrue(answer.startsWith("88") && answer.contains(" 03f5"), "1013: " + answer);
                    }
                }
                long held = (long) whole * MESSAGE / 8;
                assertTrue(held >= MESSAGE && held <= 4 * MESSAGE, "the budget is used, and kept to: " + held);
            } finally {
                for (RawPeer peer : peers) {
                    peer.leave();
                }
            }
            Await.until("the budget is whole again", () -> ServerInsight.budget(server).taken() < MESSAGE / 8);
            try (RawPeer peer = RawPeer.open(server)) {
                assertEquals(measured(MESSAGE), peer.bytes(RawPeer.frame(0x82, new byte[MESSAGE])).readFrame());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"PARKING", "BLOCKING"})
    void attack06_aBudgetThatIsSpentToTheLastByte(TransportKind transport) throws Exception {
        Bystander.beside(server().transport(transport), server -> {
            var budget = ServerInsight.budget(server);
            // As with peers whose messages grow until nothing is left.
            long[] spent = {0};
            Await.until("it is spent", () -> {
                long left = budget.limit() - budget.taken();
                spent[0] += left > 0 && budget.take(left) ? left : 0;
                return spent[0] == budget.limit();
            });
            try {
                for (int i = 0; i < 20; i++) {
                    try (RawPeer peer = RawPeer.open(server)) {
                        Bystander.assertEchoes(peer, "no room needed");
                        peer.bytes(RawPeer.frame(0x82, new byte[1000])).halfClose();
                        assertEquals(1013, peer.readCloseAndEnd());
                    }
                }
            } finally {
                budget.giveBack(spent[0]);
            }
        });
    }

    // 7: control frames

    @Test
    void attack07_aMillionUnsolicitedPongs() throws Exception {
        byte[] pongs = repeated(RawPeer.bytes("8a81 00000000 61"), 10_000);
        Bystander.beside(server(), server -> {
            try (RawPeer peer = RawPeer.open(server)) {
                long before = Bystander.retained();
                assertAllocatesLittle(() -> {
                    for (int i = 0; i < 100; i++) {
                        peer.bytes(pongs);
                    }
                    // The first bytes that come are this answer's.
                    Bystander.assertEchoes(peer, "Hello");
                });
                long retained = Bystander.retained() - before;
                assertTrue(retained < 8 << 20, "retains " + retained);
            }
        });
    }

    @Test
    void attack07_aPingFloodFromAPeerThatDoesNotRead() throws Exception {
        byte[] pings = repeated(RawPeer.frame(0x89, new byte[125]), 1000);
        BlockingQueue<WebSocketConnection> ended = new LinkedBlockingQueue<>();
        WebSocketServerBuilder settings = server().sendBufferSize(8192).writeTimeout(Duration.ofSeconds(2))
                .handler(ws -> {
                    try {
                        measure(ws);
                    } finally {
                        ended.add(ws);
                    }
                });
        Bystander.beside(settings, server -> assertAllocatesLittle(() -> {
            try (RawPeer peer = RawPeer.open(server)) {
                IOException cut = null;
                while (cut == null) {
                    try {
                        peer.bytes(pings);
                    } catch (IOException e) {
                        cut = e;
                    }
                }
                WebSocketConnection ws = ended.poll(10, TimeUnit.SECONDS);
                Await.until("the end is final", () -> ws.closeStatus().flatMap(CloseStatus::failure).isPresent());
                assertInstanceOf(TimeoutException.class, ws.closeStatus().flatMap(CloseStatus::failure).orElseThrow());
            }
        }));
    }

    /** While the handler's own sends are stuck, receiving continues, and only the newest ping needs an answer. */
    @Test
    void attack07_aPingFloodWhileAnotherThreadsSendIsStuck() throws Exception {
        byte[] pings = repeated(RawPeer.frame(0x89, new byte[125]), 1000);
        byte[] large = new byte[32 << 20];
        CountDownLatch allRead = new CountDownLatch(1);
        WebSocketServerBuilder settings = server().sendBufferSize(8192).handler(ws -> {
            MessageView view = ws.receiveView();
            while (view != null) {
                if (view.type() == MessageType.TEXT) {
                    ws.send(view);
                } else if (view.length() == 1) {
                    Thread.startVirtualThread(() -> assertDoesNotThrow(() -> ws.send(large)));
                } else {
                    allRead.countDown();
                }
                view = ws.receiveView();
            }
        });
        Bystander.beside(settings, server -> {
            try (RawPeer peer = RawPeer.open(server)) {
                peer.bytes(RawPeer.frame(0x82, new byte[1]));
                InputStream in = peer.socket().getInputStream();
                // From here on that thread is in the middle of its frame.
                assertArrayEquals(RawPeer.bytes("827f 0000000002000000"), in.readNBytes(10));
                long before = Bystander.retained();
                for (int i = 0; i < 200; i++) {
                    peer.bytes(pings);
                }
                peer.hex("8983 00000000 6e6577").bytes(RawPeer.frame(0x82, new byte[2]));
                assertTrue(allRead.await(10, TimeUnit.SECONDS), "receiving goes on");
                long retained = Bystander.retained() - before;
                assertTrue(retained < 8 << 20, "retains " + retained);
                in.skipNBytes(large.length);
                int pongs = 1;
                while (!peer.readFrame().equals("8a03 6e6577")) {
                    pongs++;
                }
                assertTrue(pongs <= 16, pongs + " pongs");
                Bystander.assertEchoes(peer, "nothing else was owed");
            }
        });
    }

    // 8: buffers that change hands

    @Test
    void attack08_bytesMustNotReachAnotherConnection() throws Exception {
        // Compressed messages come, but none goes.
        WebSocketServerBuilder settings = WebSocketServer.builder().handler(SizeAttacksTest::echoLate)
                .readBufferSize(2048).deflate(DeflateSettings.builder().minMessageSize(MESSAGE).build());
        Bystander.beside(settings, server -> {
            List<FutureTask<Void>> peers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Random random = new Random(i);
                peers.add(new FutureTask<>(() -> {
                    for (int round = 0; round < 60; round++) {
                        echoAndReset(server, random);
                    }
                    return null;
                }));
            }
            peers.forEach(Thread::startVirtualThread);
            for (FutureTask<Void> peer : peers) {
                peer.get();
            }
        });
    }

    /** Lets other threads run first while it has its view of a message. */
    private static void echoLate(WebSocketConnection ws) throws IOException {
        MessageView view = ws.receiveView();
        while (view != null) {
            Thread.yield();
            ws.send(view);
            view = ws.receiveView();
        }
    }

    /**
     * Sends messages that no other connection sends, each of which must come back; then some without waiting for the echoes,
     * and a reset.
     */
    private static void echoAndReset(WebSocketServer server, Random random) throws IOException {
        try (RawPeer peer = RawPeer.open(server, DEFLATE)) {
            for (int i = random.nextInt(6); i > 0; i--) {
                byte[] payload = new byte[126 + random.nextInt(random.nextBoolean() ? 1000 : 20_000)];
                random.nextBytes(payload);
                byte[] expected = echo(payload);
                peer.bytes(random.nextBoolean()
                        ? RawPeer.frame(0x82, payload)
                        : RawPeer.frame(0xc2, compressed(payload)));
                assertArrayEquals(expected, peer.socket().getInputStream().readNBytes(expected.length));
            }
            byte[] cut = new byte[3000];
            random.nextBytes(cut);
            if (random.nextBoolean()) {
                byte[] frame = RawPeer.frame(0x82, cut);
                peer.bytes(frame).bytes(Arrays.copyOf(frame, random.nextInt(frame.length)));
            } else {
                // The decompressor is in the middle of its work.
                peer.bytes(RawPeer.frame(0x42, Arrays.copyOf(compressed(cut), 1000)));
                assertEquals("8a00 ", peer.hex("8980 00000000").readFrame());
            }
            peer.socket().setSoLinger(true, 0);
        }
    }

    @Test
    void attack08_repliesThatAreStuckStayTheirOwn() throws Exception {
        Random random = new Random(8);
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        ByteArrayOutputStream replies = new ByteArrayOutputStream();
        while (replies.size() < 1 << 20) {
            // Some are copied next to their header, others are written from their own array.
            byte[] payload = new byte[126 + random.nextInt(random.nextBoolean() ? 1000 : 10_000)];
            random.nextBytes(payload);
            messages.writeBytes(RawPeer.frame(0x82, payload));
            replies.writeBytes(echo(payload));
        }
        Bystander.beside(Handlers.echoServer().sendBufferSize(4096), server -> {
            try (RawPeer stuck = RawPeer.open(server)) {
                FutureTask<Void> sending = new FutureTask<>(() -> {
                    stuck.bytes(messages.toByteArray());
                    return null;
                });
                Thread.startVirtualThread(sending);
                // Replies come, and fill what the network holds while others come and go.
                InputStream in = stuck.socket().getInputStream();
                byte[] first = in.readNBytes(1);
                for (int i = 0; i < 200; i++) {
                    try (RawPeer other = RawPeer.open(server)) {
                        Bystander.assertEchoes(other, "other " + i);
                    }
                }
                byte[] rest = in.readNBytes(replies.size() - 1);
                sending.get();
                assertArrayEquals(replies.toByteArray(),
                        ByteBuffer.allocate(replies.size()).put(first).put(rest).array());
            }
        });
    }

    /** The frame that the server sends back. */
    private static byte[] echo(byte[] payload) {
        return ByteBuffer.allocate(4 + payload.length).put((byte) 0x82).put((byte) 126)
                .putShort((short) payload.length).put(payload).array();
    }
}
