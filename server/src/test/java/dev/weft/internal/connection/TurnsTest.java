package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.loop.SteppedThreads;
import dev.weft.internal.time.TurnQuota;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import dev.weft.server.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connection's turn is bounded by the bytes that it works on. All that its peer sends has arrived: it never has to wait. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TurnsTest {
    private static final int LARGE = 4 << 20;
    private static final int LIMIT = 8 << 20;
    private static final int MANY = 10_000;
    /** Of {@link #LARGE}. */
    private static final int TURNS = LARGE / TurnQuota.BYTES;
    private static final byte[] PING = TestPeer.frame(0x89, new byte[0]);
    private static final byte[] CLOSE = TestPeer.frame(0x88, new byte[0]);

    private final SteppedThreads threads = new SteppedThreads();
    private final DeflateSettings settings = DeflateSettings.builder().incomingMaxWindowBits(15).build();
    private final DeflateCodecs codecs = new DeflateCodecs(settings);

    private ConnectionFixture.Setup with() {
        return ConnectionFixture.with().capacity(2 * LARGE).limits(LIMIT, LIMIT, Integer.MAX_VALUE)
                .threads(threads.builder()).withoutTimer();
    }

    private ConnectionFixture.Setup withDeflate() {
        return with().extension(
                new DeflateExtension(new NegotiatedDeflate(false, false, 15, 15), settings, codecs, Role.SERVER));
    }

    /** The number of turns that the handler takes with these bytes of the peer's, after which the peer closes. */
    private int turns(ConnectionFixture.Setup setup, Handler handler, byte[]... sent) throws Exception {
        try (ConnectionFixture test = setup.start(handler)) {
            for (byte[] bytes : sent) {
                test.peer.send(bytes);
            }
            test.peer.send(CLOSE).shutdownOutput();
            int turns = threads.runToTheEnd(test.thread());
            assertEquals(null, test.thrown());
            return turns;
        }
    }

    /** The number of turns that a handler takes which sends, after which the peer closes. */
    private int turnsOfSending(ConnectionFixture.Setup setup, Handler handler) throws Exception {
        AtomicBoolean sent = new AtomicBoolean();
        AtomicInteger turns = new AtomicInteger();
        try (ConnectionFixture test = setup.start(connection -> {
            handler.handle(connection);
            sent.set(true);
        })) {
            Await.until("all is sent", () -> {
                turns.addAndGet(threads.runAll());
                return sent.get() || !test.thread().isAlive();
            });
            test.peer.send(CLOSE).shutdownOutput();
            threads.runToTheEnd(test.thread());
            assertEquals(null, test.thrown());
            return turns.get();
        }
    }

    private static void assertAtLeast(int expected, int turns) {
        assertTrue(turns >= expected, () -> turns + " turns, and not " + expected);
    }

    private static byte[] repeated(byte[] bytes, int count) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            all.writeBytes(bytes);
        }
        return all.toByteArray();
    }

    /** A text message of {@link #LARGE} characters, compressed, as one frame. */
    private static byte[] deflated() {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
        try {
            deflater.setInput("a".repeat(LARGE).getBytes(US_ASCII));
            byte[] target = new byte[1 << 16];
            int length = deflater.deflate(target, 0, target.length, Deflater.SYNC_FLUSH);
            return TestPeer.frame(0xc1, Arrays.copyOf(target, length - 4));
        } finally {
            deflater.end();
        }
    }

    private static void receiveViews(Connection connection) throws IOException {
        while (connection.receiveView() != null) {}
    }

    private static void skipStreams(Connection connection) throws IOException {
        while (connection.receiveStream() != null) {}
    }

    // Receiving

    @Test
    void inflatingMustEndTurns() throws Exception {
        assertAtLeast(TURNS, turns(withDeflate(), TurnsTest::receiveViews, deflated()));
    }

    @Test
    void inflatingIntoOneArrayMustEndTurns() throws Exception {
        byte[] target = new byte[LARGE];
        assertAtLeast(TURNS, turns(withDeflate(), connection -> {
            var stream = connection.receiveStream().inputStream();
            assertEquals(LARGE, stream.readNBytes(target, 0, LARGE));
            receiveViews(connection);
        }, deflated()));
    }

    @Test
    void skippingWhatIsInflatedMustEndTurns() throws Exception {
        assertAtLeast(TURNS, turns(withDeflate(), TurnsTest::skipStreams, deflated()));
    }

    @Test
    void skippingMustEndTurns() throws Exception {
        assertAtLeast(TURNS, turns(with(), TurnsTest::skipStreams, TestPeer.binary(new byte[LARGE])));
    }

    @Test
    void largeMessageMustEndTurns() throws Exception {
        assertAtLeast(TURNS, turns(with(), TurnsTest::receiveViews, TestPeer.binary(new byte[LARGE])));
        byte[] fragment = TestPeer.frame(0x00, new byte[1 << 16]);
        assertAtLeast(TURNS, turns(with(), TurnsTest::receiveViews, TestPeer.frame(0x02, new byte[0]),
                repeated(fragment, LARGE >> 16), TestPeer.frame(0x80, new byte[0])));
    }

    @Test
    void controlFramesThatHaveArrivedMustEndTurns() throws Exception {
        assertAtLeast(MANY * TurnQuota.FRAME / TurnQuota.BYTES,
                turns(with(), TurnsTest::receiveViews, repeated(PING, MANY)));
    }

    @Test
    void smallMessagesThatHaveArrivedMustEndTurns() throws Exception {
        assertAtLeast(MANY * TurnQuota.FRAME / TurnQuota.BYTES,
                turns(with(), TurnsTest::receiveViews, repeated(TestPeer.text("a"), MANY)));
    }

    @Test
    void fewMessagesMustTakeOneTurn() throws Exception {
        byte[] messages = repeated(TestPeer.text("a"), 100);
        assertEquals(1, turns(with(), ConnectionFixture.ECHO_VIEWS, messages));
    }

    /** Each request arrives when the one before it is received, so the thread never waits. */
    @Test
    void repliesToRequestsThatHaveArrivedMustEndTurns() throws Exception {
        byte[] reply = new byte[TurnQuota.BYTES - (TurnQuota.BYTES >> 2)];
        int requests = 20;
        for (boolean parks : new boolean[]{false, true}) {
            ConnectionFixture[] test = {null};
            test[0] = (parks ? with().parks() : with()).start(connection -> {
                for (int i = 0; i < requests; i++) {
                    test[0].peer.sendText("more");
                    assertTrue(connection.receive(Duration.ZERO).isPresent());
                    connection.send(reply);
                }
                test[0].peer.send(CLOSE).shutdownOutput();
            });
            try (ConnectionFixture started = test[0]) {
                int turns = threads.runToTheEnd(started.thread());
                assertEquals(null, started.thrown());
                assertAtLeast(requests * 3 / 4, turns);
            }
        }
    }

    // The end

    @Test
    void droppingMessagesAfterOurCloseMustEndTurns() throws Exception {
        assertAtLeast(TURNS,
                turns(with(), connection -> {}, repeated(TestPeer.binary(new byte[1 << 16]), LARGE >> 16)));
    }

    @Test
    void droppingBytesAfterBothClosesMustEndTurns() throws Exception {
        assertAtLeast(TURNS, turns(with(), TurnsTest::receiveViews, CLOSE, new byte[LARGE]));
    }

    // Sending

    @Test
    void sendingALargeMessageMustEndTurns() throws Exception {
        byte[] large = new byte[LARGE];
        assertAtLeast(TURNS, turnsOfSending(with(), connection -> connection.send(large)));
    }

    @Test
    void sendingManyMessagesMustEndTurns() throws Exception {
        assertAtLeast(MANY * TurnQuota.FRAME / TurnQuota.BYTES, turnsOfSending(with(), connection -> {
            for (int i = 0; i < MANY; i++) {
                connection.send("a");
            }
        }));
    }

    @Test
    void deflatingMustEndTurns() throws Exception {
        byte[] large = new byte[LARGE];
        assertAtLeast(TURNS, turnsOfSending(withDeflate(), connection -> connection.send(large)));
        assertAtLeast(TURNS,
                turnsOfSending(withDeflate(), connection -> connection.sendStream(MessageType.BINARY, stream -> {
                    stream.write(large);
                })));
    }

    @Test
    void checkingALargeTextMustEndTurns() throws Exception {
        byte[] large = "a".repeat(LARGE).getBytes(US_ASCII);
        assertAtLeast(2 * TURNS, turnsOfSending(with(), connection -> {
            try (OutgoingMessage stream = connection.sendStream(MessageType.TEXT)) {
                stream.write(large);
                stream.complete();
            }
        }));
    }

    /** A thread that waits for the lock must not wait for the turns of others too. */
    @Test
    void lockHolderMustNotYieldWhileAnotherWaits() throws Exception {
        try (ConnectionFixture test = with().start(connection -> connection.send(new byte[LARGE]))) {
            assertTrue(threads.runOne());
            assertEquals(1, threads.ready(), "it gave way within its message");
            FutureTask<Void> other = new FutureTask<>(() -> {
                ConnectionFixture.control(test.connection(), Opcode.PING, new byte[0]);
                return null;
            });
            Thread waiting = Thread.ofPlatform().daemon().start(other);
            Await.until("the other waits for the lock", () -> waiting.getState() == Thread.State.WAITING);
            assertTrue(threads.runOne());
            Await.until("the other has sent", other::isDone);
            assertFalse(test.connection().isOpen(), "and the handler has ended in the same turn");
            test.peer.send(CLOSE).shutdownOutput();
            threads.runToTheEnd(test.thread());
        }
    }
}
