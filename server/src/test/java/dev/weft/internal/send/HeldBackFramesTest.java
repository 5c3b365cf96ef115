package dev.weft.internal.send;

import static dev.weft.internal.connection.ConnectionFixture.TIMEOUTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.connection.ConnectionFixture;
import dev.weft.internal.connection.TestPeer;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class HeldBackFramesTest {
    private final AtomicInteger started = new AtomicInteger();
    private final ShortTimer timer = new ShortTimer(starting -> {
        started.incrementAndGet();
        starting.run();
    }, Failures.toHandler("timer"));
    private final BufferBudget budget = new BufferBudget(1 << 20);
    private final SendServices services = ConnectionFixture.services(new BufferPool(1 << 10, budget), timer).sending();

    private FrameSender sender(MemoryTransport transport, ClosingHandshake closing) {
        return new FrameSender(transport, new FrameWriter(Role.SERVER), null, closing,
                new Deadlines(services.clock(), TIMEOUTS), services);
    }

    @AfterEach
    void stop() {
        timer.stop();
    }

    @Test
    void heldBackFramesOfAnyNumberOfSendersMustBeFlushed() throws Exception {
        MemoryTransport[][] pairs = new MemoryTransport[50][];
        FrameSender[] senders = new FrameSender[pairs.length];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = MemoryTransport.pair(64);
            senders[i] = sender(pairs[i][0], new ClosingHandshake());
        }
        for (int round = 0; round < 3; round++) {
            for (FrameSender sender : senders) {
                sender.send(Opcode.TEXT, new byte[]{'a'}, 0, 1, null, true);
            }
            if (round == 0) {
                // Before the timer is started nothing goes, so it is the timer that sends.
                assertEquals(0, pairs[0][1].readNow(ByteBuffer.allocate(1)));
                timer.start();
            }
            for (MemoryTransport[] pair : pairs) {
                ByteBuffer frame = ByteBuffer.allocate(3);
                while (frame.hasRemaining()) {
                    pair[1].read(frame);
                }
                assertEquals("810161", TestPeer.hex(frame.array()));
            }
        }
        ConnectionFixture.awaitUntil(() -> budget.taken() == 0);
    }

    /** A handler whose next message has arrived may have sent to all connections of a room. */
    @Test
    void heldBackFramesOfManySendersMustNotStartAThreadForEach() throws Exception {
        MemoryTransport[][] pairs = new MemoryTransport[1000][];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = MemoryTransport.pair(64);
            sender(pairs[i][0], new ClosingHandshake()).send(Opcode.TEXT, new byte[]{'a'}, 0, 1, null, true);
        }
        timer.start();
        for (MemoryTransport[] pair : pairs) {
            pair[1].read(ByteBuffer.allocate(3));
        }
        assertTrue(started.get() < 20, "threads: " + started);
    }

    @Test
    void deadWireMustEndTheConnectionAndItsReader() throws Exception {
        MemoryTransport[] pair = MemoryTransport.pair(64);
        ClosingHandshake closing = new ClosingHandshake();
        FrameSender sender = sender(pair[0], closing);
        timer.start();
        // The peer's end of the input is gone, which a reader does not see.
        pair[0].shutdownOutput();
        Thread reader = Thread.startVirtualThread(
                () -> assertThrows(IOException.class, () -> pair[0].read(ByteBuffer.allocate(1))));
        sender.send(Opcode.TEXT, new byte[1], 0, 1, null, true);
        reader.join();
        assertEquals(ClosingHandshake.State.BROKEN, closing.state());
        assertTrue(closing.known().failure().isPresent());
        ConnectionFixture.awaitUntil(() -> budget.taken() == 0);
    }

    @Test
    void heldBackFramesMustBeFlushedWithoutAThread() throws Exception {
        ShortTimer full = new ShortTimer(task -> {
            throw new OutOfMemoryError("test");
        }, new Failures("timer", (what, count, latest) -> {}));
        SendServices withoutThreads = ConnectionFixture.services(new BufferPool(1 << 10, budget), full).sending();
        MemoryTransport[][] pairs = new MemoryTransport[150][];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = MemoryTransport.pair(64);
            new FrameSender(pairs[i][0], new FrameWriter(Role.SERVER), null, new ClosingHandshake(),
                    new Deadlines(withoutThreads.clock(), TIMEOUTS), withoutThreads)
                    .send(Opcode.TEXT, new byte[]{'a'}, 0, 1, null, true);
        }
        full.start();
        try {
            for (MemoryTransport[] pair : pairs) {
                pair[1].read(ByteBuffer.allocate(3));
            }
        } finally {
            full.stop();
        }
    }
}
