package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.Message;
import dev.weft.MessageView;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Which connections hold buffers, and when: none that waits, and none that has ended; and no connection sees another's bytes.
 */
@Timeout(30)
class BuffersTest {
    private static final List<Handler> DEPTHS = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
            ConnectionFixture.ECHO_STREAMS);

    @Test
    void aConnectionThatWaitsHoldsNoBuffer() throws Exception {
        for (int i = 0; i < 6; i++) {
            ConnectionFixture.Setup setup = i < 3 ? ConnectionFixture.with() : ConnectionFixture.with().parks();
            try (ConnectionFixture test = setup.start(DEPTHS.get(i % 3))) {
                assertHoldsNothing(test, "idle from the start");
                for (int length : new int[]{0, 10, 122, 123, 1000, 16_000, 40_000}) {
                    byte[] payload = new byte[length];
                    test.peer.sendFrame(0x82, payload).expectFrame(0x82, payload);
                    assertHoldsNothing(test, "after a message of " + length);
                }
                test.peer.sendFrame(0x89, new byte[125]).expectFrame(0x8a, new byte[125]);
                assertHoldsNothing(test, "after a ping");
                byte[] two = Arrays.copyOf(TestPeer.binary(new byte[1000]), 1008 + 5);
                two[1008] = (byte) 0x82;
                two[1009] = (byte) 0xfe;
                two[1010] = 3;
                two[1011] = (byte) 0xe8;
                test.peer.send(two).expectFrame(0x82, new byte[1000]);
                assertHoldsNothing(test, "in the middle of a header");
            }
        }
    }

    private static void assertHoldsNothing(ConnectionFixture test, String when) throws InterruptedException {
        test.awaitReading();
        assertEquals(0, test.budget.taken(), when);
    }

    @Test
    void aConnectionThatWaitsForItsPeerToLeaveHoldsNoBuffer() throws Exception {
        byte[] normal = TestPeer.hex("03e8");
        try (ConnectionFixture test = ConnectionFixture.with().parks().start(ConnectionFixture.ECHO)) {
            test.peer.sendFrame(0x88, normal).expectFrame(0x88, normal);
            assertHoldsNothing(test, "after the closing handshake");
        }
    }

    @Test
    void halfReadMessageMustHoldLittleMoreThanItsReceivedBytes() throws Exception {
        for (int came : new int[]{1, 100, 1100, 5000, 20_000, 200_000, 3_000_000}) {
            try (ConnectionFixture test = ConnectionFixture.with().limits(1 << 30, 1 << 30, 100).capacity(1 << 22)
                    .start(ConnectionFixture.ECHO)) {
                // A declared length reserves nothing.
                test.peer.send("82 ff 0000000020000000 00000000").send(new byte[came]);
                test.awaitReading();
                long held = test.budget.taken();
                assertTrue(held >= came && held <= Math.max(1024, 16 * came), held + " held of " + came);
            }
        }
    }

    @Test
    void inflaterOfAHalfReadMessageMustBeCounted() throws Exception {
        DeflateSettings settings = DeflateSettings.DEFAULT;
        try (DeflateCodecs codecs = new DeflateCodecs(settings)) {
            for (Handler depth : DEPTHS) {
                BufferBudget budget = new BufferBudget(64 << 10);
                try (ConnectionFixture first = deflating(codecs, settings, budget).start(depth);
                        ConnectionFixture second = deflating(codecs, settings, budget).start(depth)) {
                    // RFC 7692 §7.2.3.1: "Hello".
                    first.peer.sendFrame(0x41, TestPeer.hex("f248cd"));
                    first.awaitReading();
                    long held = budget.taken();
                    assertTrue(held >= 40 << 10 && held <= 50 << 10, "held " + held);
                    second.peer.sendFrame(0x41, TestPeer.hex("f248cd")).shutdownOutput().expectCloseAndEnd(1013);
                    second.awaitEnd();
                    assertEquals(held, budget.taken(), "nothing is left of the second");
                    first.peer.sendFrame(0x80, TestPeer.hex("c9c90700")).expectText("Hello");
                    assertHoldsNothing(first, "behind a compressed message");
                }
            }
        }
    }

    private static ConnectionFixture.Setup deflating(DeflateCodecs codecs, DeflateSettings settings,
            BufferBudget budget) {
        NegotiatedDeflate negotiated = new NegotiatedDeflate(false, false, 15, 12);
        return ConnectionFixture.with().budget(budget)
                .extension(new DeflateExtension(negotiated, settings, codecs, Role.SERVER));
    }

    @Test
    void nothingIsKeptForEachRead() throws Exception {
        byte[] payload = new byte[1 << 19];
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.with().readLength(1).capacity(1 << 20).start(depth)) {
                long before = retained();
                test.peer.sendFrame(0x02, payload);
                test.awaitReading();
                // The smallest object for each of the 524,288 bytes would be 10 MiB with the reference to it.
                long kept = retained() - before;
                assertTrue(kept < 6 << 20, "kept " + kept);
            }
        }
    }

    /** The number of reachable bytes on the heap, according to the garbage collector. */
    private static long retained() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    @Test
    void aStreamThatWaitsHoldsNothing() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO_STREAMS)) {
            test.peer.send("02 fe 4e20 00000000").send(new byte[19_000]);
            assertHoldsNothing(test, "in the middle of a streamed frame");
        }
    }

    /** Between two receives, a handler may take hours, and a client may never receive again. */
    @Test
    void connectionMustHoldNothingBetweenReceives() throws Exception {
        DeflateSettings settings = DeflateSettings.DEFAULT;
        try (DeflateCodecs codecs = new DeflateCodecs(settings)) {
            for (Handler depth : List.<Handler>of(Connection::receive,
                    connection -> connection.receive(Duration.ofMinutes(1)),
                    connection -> connection.receiveStream().bytes(),
                    connection -> connection.receiveStream().inputStream().readAllBytes(),
                    connection -> connection.receiveStream().inputStream().readNBytes(6),
                    connection -> connection.receiveStream().inputStream().close())) {
                try (ConnectionFixture test = deflating(codecs, settings, new BufferBudget(1 << 30)).parks()
                        .start(null)) {
                    for (String message : List.of("82 85 00000000 1122334455",
                            "02 82 00000000 1122 80 83 00000000 334455", "c2 87 00000000 f248cdc9c90700",
                            "42 83 00000000 f248cd 80 84 00000000 c9c90700")) {
                        test.peer.send(message);
                        test.onOwner(() -> {
                            depth.handle(test.connection());
                            return null;
                        }).get();
                        assertEquals(0, test.budget.taken(), message);
                        assertEquals(0, test.connection().heldBytes(), message);
                    }
                }
            }
        }
    }

    @Test
    void answeredPingsMustNotBeKept() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().parks().start(null)) {
            // More than may be read ahead, and cut anywhere.
            int pings = 3000;
            byte[] all = new byte[8 * pings];
            for (int i = 0; i < pings; i++) {
                System.arraycopy(TestPeer.frame(0x89, new byte[]{(byte) (i >> 8), (byte) i}), 0, all, 8 * i, 8);
            }
            for (int round = 0; round < 3; round++) {
                // The first ones arrive with a message, in one region; the last ones follow a piece of a ping.
                if (round == 1) {
                    test.peer.send("81 81 00000000 78 89 80 00000000");
                    test.onOwner(() -> test.connection().receive()).get();
                    test.peer.expectFrame(0x8a, new byte[0]);
                }
                test.peer.send(all, 0, 3);
                ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0);
                test.peer.send(all, 3, all.length);
                // §5.5.3: while another thread writes, some may be left out, but not the last one.
                for (int last = -1; last < pings - 1;) {
                    TestPeer.Frame pong = test.peer.readFrame();
                    assertEquals("8a", Integer.toHexString(pong.firstByte()));
                    int number = ByteBuffer.wrap(pong.payload()).getShort();
                    assertTrue(number > last, number + " after " + last);
                    last = number;
                }
                ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0);
            }
            test.peer.sendText("still here");
            assertEquals(new Message.Text("still here"), test.onOwner(() -> test.connection().receive()).get());
        }
    }

    @Test
    void lentMessageMustStayWhilePingsAreAnswered() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 30);
        BufferPool pool = new BufferPool(1 << 10, budget);
        try (ConnectionFixture test = ConnectionFixture.with().parks().budget(budget).pool(pool).start(null)) {
            for (boolean streamed : new boolean[]{false, true}) {
                test.peer.send("81 82 00000000 6162 89 80 00000000");
                InputStream message = test.onOwner(() -> {
                    if (streamed) {
                        return test.connection().receiveStream().inputStream();
                    }
                    MessageView view = test.connection().receiveView();
                    return new ByteArrayInputStream(view.array(), view.offset(), view.length());
                }).get();
                test.peer.expectFrame(0x8a, new byte[0]).sendFrame(0x89, new byte[1])
                        .expectFrame(0x8a, new byte[1]);
                for (int i = 0; i < 100; i++) {
                    Arrays.fill(pool.borrow().array(), (byte) 0xEE);
                }
                assertArrayEquals(new byte[]{'a', 'b'}, test.onOwner(() -> message.readNBytes(2)).get());
            }
        }
    }

    @Test
    void littleThatIsReadAheadMustHoldLittle() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().parks().start(null)) {
            byte[] large = new byte[10_000];
            Arrays.fill(large, (byte) 7);
            for (int round = 0; round < 2; round++) {
                // A ping that is answered shows that everything before it was read ahead.
                test.peer.sendText("little").sendFrame(0x89, new byte[1]).expectFrame(0x8a, new byte[1]);
                ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0);
                assertTrue(test.connection().heldBytes() <= 128);
                test.peer.sendFrame(0x82, large).sendFrame(0x89, new byte[2]).expectFrame(0x8a, new byte[2]);
                assertEquals(new Message.Text("little"), test.onOwner(() -> test.connection().receive()).get());
                Message.Binary received = (Message.Binary) test.onOwner(() -> test.connection().receive()).get();
                assertArrayEquals(large, received.bytes());
            }
            test.peer.sendText("last").sendClose(1000);
            test.peer.readFrame();
            ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0);
            assertEquals(List.of("text:last", "close"), test.receiveAll().get());
        }
    }

    @Test
    void aStreamShowsNothingOnceItsConnectionIsOver() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("82 83 00000000 616263");
            InputStream stream = test.onOwner(() -> test.connection().receiveStream().inputStream()).get();
            test.returns();
            test.peer.shutdownOutput();
            test.awaitEnd();
            // Its buffer may be another connection's by now.
            assertEquals(0, stream.available());
            assertThrows(ConnectionClosedException.class, stream::read);
        }
    }

    @Test
    void aConnectionThatIsOverHoldsNothing() throws Exception {
        byte[] messages = new byte[40 * 508];
        for (int i = 0; i < 40; i++) {
            System.arraycopy(TestPeer.binary(new byte[500]), 0, messages, i * 508, 508);
        }
        for (int end = 0; end < 6; end++) {
            for (boolean large : new boolean[]{false, true}) {
                ConnectionFixture test = ConnectionFixture.start(null);
                if (large) {
                    test.peer.send("82 ff 0000000000020000 00000000").send(new byte[30_000]);
                } else {
                    test.peer.send(messages, 0, 30 * 508 + 300);
                }
                test.onOwner(() -> {
                    if (large) {
                        test.connection().receiveStream().inputStream().read();
                    } else {
                        // Its replies are held back, and more is unread.
                        test.connection().receiveView();
                        test.connection().send("reply");
                    }
                    return null;
                }).get();
                switch (end) {
                    case 0 -> test.returns();
                    case 1 -> test.throwsUp();
                    case 2 -> test.connection().abort();
                    case 3 -> test.transport.fail(new IOException("Connection reset"));
                    case 4 -> test.peer.shutdownOutput();
                    default -> test.connection().close();
                }
                test.returns();
                test.peer.shutdownOutput();
                test.awaitEnd();
                // The guard may have it in hand still.
                ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0);
                test.close();
            }
        }
    }

    @Test
    void connectionThatNeedsMoreThanTheBudgetMustFailWith1013() throws Exception {
        for (Handler depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS)) {
            for (int length : new int[]{500, 20_000}) {
                for (boolean parks : new boolean[]{false, true}) {
                    BufferBudget budget = new BufferBudget(400);
                    ConnectionFixture.Setup setup = ConnectionFixture.with().budget(budget);
                    try (ConnectionFixture test = (parks ? setup.parks() : setup).start(depth)) {
                        // Small ones do without, on the way in and out.
                        test.peer.sendText("small").expectText("small");
                        test.peer.sendFrame(0x82, new byte[length]).shutdownOutput().expectCloseAndEnd(1013);
                        test.awaitEnd();
                        assertEquals(0, budget.taken());
                    }
                }
            }
        }
    }

    @Test
    void othersGoOnWhenTheBudgetIsSpent() throws Exception {
        BufferBudget budget = new BufferBudget(40_000);
        try (ConnectionFixture hoarder = ConnectionFixture.with().budget(budget).start(ConnectionFixture.ECHO);
                ConnectionFixture late = ConnectionFixture.with().budget(budget).start(ConnectionFixture.ECHO);
                ConnectionFixture small = ConnectionFixture.with().budget(budget).start(ConnectionFixture.ECHO)) {
            hoarder.peer.send("82 ff 0000000000020000 00000000").send(new byte[18_000]);
            hoarder.awaitReading();
            late.peer.sendFrame(0x82, new byte[30_000]).shutdownOutput().expectCloseAndEnd(1013);
            small.peer.sendText("still here").expectText("still here");
        }
    }

    @Test
    void noByteOfOneConnectionReachesAnother() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 24);
        BufferPool pool = new BufferPool(1 << 10, budget);
        AtomicBoolean done = new AtomicBoolean();
        // Overwrites the buffers in the pool all the time, which reveals code that uses a buffer after it has returned it.
        FutureTask<Void> poisoner = new FutureTask<>(() -> {
            while (!done.get()) {
                ByteBuffer[] buffers = new ByteBuffer[8];
                for (int i = 0; i < buffers.length; i++) {
                    buffers[i] = pool.borrow();
                    Arrays.fill(buffers[i].array(), (byte) 0xEE);
                }
                for (ByteBuffer buffer : buffers) {
                    pool.giveBack(buffer);
                }
                Thread.yield();
            }
            return null;
        });
        Thread.startVirtualThread(poisoner);
        List<FutureTask<Void>> peers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            int number = i;
            peers.add(new FutureTask<>(() -> {
                converse(number, budget, pool);
                return null;
            }));
        }
        peers.forEach(Thread::startVirtualThread);
        for (FutureTask<Void> each : peers) {
            each.get();
        }
        done.set(true);
        poisoner.get();
        ConnectionFixture.awaitUntil(() -> budget.taken() == 0);
    }

    /** Twenty connections, one after another, each cut off in the middle of something. */
    private static void converse(int number, BufferBudget budget, BufferPool pool) throws Exception {
        Random random = new Random(number);
        for (int i = 0; i < 20; i++) {
            ConnectionFixture.Setup setup = random.nextBoolean()
                    ? ConnectionFixture.with()
                    : ConnectionFixture.with().parks();
            try (ConnectionFixture test = setup.budget(budget).pool(pool).capacity(1 << 15)
                    .start(DEPTHS.get(random.nextInt(3)))) {
                for (int round = random.nextInt(5); round > 0; round--) {
                    byte[][] batch = new byte[1 + random.nextInt(4)][];
                    for (int j = 0; j < batch.length; j++) {
                        batch[j] = new byte[random.nextInt(j == 0 ? 6000 : 700)];
                        Arrays.fill(batch[j], (byte) (number + j));
                        test.peer.sendFrame(0x82, batch[j]);
                    }
                    for (byte[] payload : batch) {
                        TestPeer.Frame frame = test.peer.readFrame();
                        assertEquals(0x82, frame.firstByte());
                        assertArrayEquals(payload, frame.payload());
                    }
                }
                test.peer.send(TestPeer.binary(new byte[3000]), 0, random.nextInt(3000));
            }
        }
    }
}
