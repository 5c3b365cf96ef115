package dev.weft.internal.send;

import static dev.weft.internal.connection.ConnectionFixture.TIMEOUTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseReason;
import dev.weft.SendResult;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.connection.ConnectionFixture;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.CloseCode;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The faults that the stress of the sender has found, each with the order of steps that shows it. */
@Timeout(20)
class FrameSenderTest {
    private static final int LARGE = 2 * FrameBuffer.COPIED;

    private final ShortTimer timer = new ShortTimer(Runnable::run, Failures.toHandler("never started"));
    private final BufferBudget budget = new BufferBudget(1 << 20);
    private final SendServices services = ConnectionFixture.services(new BufferPool(1 << 10, budget), timer).sending();
    private final ReceivedFrames received = new ReceivedFrames(Role.SERVER, 2);
    private final StressedWire wire = new StressedWire(received::take, true, 0);
    private final ClosingHandshake closing = new ClosingHandshake();
    private final FrameSender sender = new FrameSender(wire, new FrameWriter(Role.SERVER), null, closing,
            new Deadlines(services.clock(), TIMEOUTS), services);

    private Thread sendLarge() {
        byte[] message = ReceivedFrames.message(0, 0, LARGE);
        return Thread.startVirtualThread(() -> {
            try {
                sender.send(Opcode.BINARY, message, 0, message.length, null, false);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private void close() {
        CloseReason reason = new CloseReason(CloseCode.NORMAL_CLOSURE, "");
        assertTrue(closing.claim(reason));
        sender.close();
    }

    @Test
    void closeFrameMustBePendingUntilItIsWritten() throws Exception {
        byte[] message = ReceivedFrames.message(0, 0, 1000);
        sender.send(Opcode.BINARY, message, 0, message.length, null, true);
        // Written to make room for the Close frame, which is not.
        wire.give(4 + message.length);
        CloseReason reason = new CloseReason(CloseCode.NORMAL_CLOSURE, "more than the buffer has room for");
        assertTrue(closing.claim(reason));
        sender.close();
        assertTrue(received.hasMessage(0, 0));
        assertTrue(closing.isPending());
        wire.open();
        ConnectionFixture.awaitUntil(() -> !closing.isPending());
        assertTrue(received.isClosed());
    }

    @Test
    void askingForTheCountersMustNotMakeAnOutbox() {
        QueuedMessages queued = sender.queued();
        assertEquals(0, queued.dropped());
        assertEquals(0, queued.replaced());
        assertSame(Outbox.NONE, sender.outbox());
    }

    @Test
    void unacceptedMessageMustNotKeepOtherThreadsBusy() throws Exception {
        Thread other = Thread.ofPlatform().daemon().unstarted(sender::sendWhatWaits);
        boolean[] ended = {false};
        budget.takeRegardless(budget.limit());
        budget.relief(() -> {
            other.start();
            try {
                ended[0] = other.join(Duration.ofSeconds(10));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return 0;
        });
        assertEquals(SendResult.SERVER_FULL, sender.attempt().run(Opcode.BINARY, new byte[LARGE], 0, LARGE, true));
        assertTrue(ended[0]);
    }

    /** The peer has the first message, but the thread that wrote it has not run since. */
    @Test
    void peerThatHasReadEverythingMustNotBeRefusedForASpentBudget() throws Exception {
        CountDownLatch written = new CountDownLatch(1);
        CountDownLatch mayContinue = new CountDownLatch(1);
        StressedWire slow = new StressedWire(bytes -> {
            written.countDown();
            try {
                mayContinue.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }, false, 0);
        slow.open();
        FrameSender other = new FrameSender(slow, new FrameWriter(Role.SERVER), null, closing,
                new Deadlines(services.clock(), TIMEOUTS), services);
        budget.takeRegardless(budget.limit());
        byte[] message = new byte[LARGE];
        assertEquals(SendResult.ACCEPTED, other.attempt().run(Opcode.BINARY, message, 0, LARGE, true));
        written.await();
        assertEquals(SendResult.ACCEPTED, other.attempt().run(Opcode.BINARY, message, 0, LARGE, true));
        assertEquals(SendResult.SERVER_FULL, other.attempt().run(Opcode.BINARY, message, 0, LARGE, true));
        mayContinue.countDown();
        ConnectionFixture.awaitUntil(() -> other.waitingBytes() == 0 && budget.taken() == budget.limit());
    }

    @Test
    void closeFrameMustFollowAPartlyWrittenMessage() throws Exception {
        Thread first = sendLarge();
        ConnectionFixture.awaitUntil(wire::isWriting);
        byte[] second = ReceivedFrames.message(1, 0, LARGE);
        assertEquals(SendResult.ACCEPTED, sender.attempt().run(Opcode.BINARY, second, 0, second.length, false));
        close();
        // For the first and part of the second, which is sent by the first one's thread when it lets the lock go.
        wire.give(LARGE + 100);
        first.join();
        wire.open();
        ConnectionFixture.awaitUntil(received::isClosed);
        assertTrue(received.hasMessage(1, 0));
        ConnectionFixture.awaitUntil(() -> budget.taken() == 0 && !closing.isPending());
    }

    /** Nothing would ever be sent again, and other threads would only queue. */
    @Test
    void connectionMustEndIfNoThreadCanWaitForTheNetwork() {
        ShortTimer full = new ShortTimer(task -> {
            throw new OutOfMemoryError("test");
        }, Failures.toHandler("never started"));
        FrameSender other = new FrameSender(wire, new FrameWriter(Role.SERVER), null, closing,
                new Deadlines(services.clock(), TIMEOUTS),
                ConnectionFixture.services(new BufferPool(1 << 10, budget), full).sending());
        // Whatever else fails on the way.
        closing.onFinal(() -> {
            throw new OutOfMemoryError("test");
        });
        byte[] message = ReceivedFrames.message(0, 0, LARGE);
        try {
            other.attempt().run(Opcode.BINARY, message, 0, message.length, false);
        } catch (OutOfMemoryError e) {
            // It may be reported here.
        }
        assertTrue(wire.isClosed());
        assertEquals(ClosingHandshake.State.BROKEN, closing.state());
    }
}
