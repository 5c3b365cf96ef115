package dev.weft.internal.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionLimits;
import dev.weft.OverflowPolicy;
import dev.weft.SendResult;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.Opcode;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OutboxTest {
    private static final int SIZE = 1000;
    private static final int MESSAGES = 2_000_000;

    private final BufferBudget budget = new BufferBudget(1 << 24);
    private final Outbox outbox = new Outbox(new SendServices(
            ConnectionLimits.builder().maxQueuedSize(4 * SIZE).overflowPolicy(OverflowPolicy.DROP_OLDEST).build(),
            new CoarseClock(), new BufferPool(1 << 14, budget),
            new ShortTimer(Runnable::run, Failures.toHandler("never started")), thread -> false));

    /** Between the attempt to get room and that to drop the oldest message, the consumer may take all of them. */
    @Test
    void messageMustNotBeRefusedWhileTheQueueIsBeingEmptied() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Thread consumer = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                empty();
            }
        });
        try {
            byte[] payload = new byte[SIZE];
            for (int i = 0; i < MESSAGES; i++) {
                SendResult result = outbox.offer(new OutboxEntry(Opcode.BINARY, payload, 0, SIZE, null, null), false,
                        false);
                assertTrue(result.isAccepted(), result + " at message " + i);
            }
        } finally {
            over.set(true);
            consumer.join();
        }
        empty();
        assertEquals(0, outbox.waitingBytes());
    }

    private SendResult offer(int size, Object key) {
        return outbox.offer(new OutboxEntry(Opcode.BINARY, new byte[size], 0, size, null, key), false, false);
    }

    /** To free bytes of another connection may need memory. */
    @Test
    void failedReliefMustLeaveNothingReserved() {
        budget.takeRegardless(budget.limit());
        budget.relief(() -> {
            throw new OutOfMemoryError("test");
        });
        assertThrows(OutOfMemoryError.class, () -> offer(SIZE, null));
        assertEquals(0, outbox.waitingBytes());
        assertEquals(budget.limit(), budget.taken());
    }

    /** A key whose methods are wrong. */
    private static final class FailingKey {
        private boolean fails;

        @Override
        public boolean equals(Object other) {
            return other == this;
        }

        @Override
        public int hashCode() {
            if (fails) {
                throw new IllegalStateException("test");
            }
            return 1;
        }
    }

    @Test
    void messageThatCannotBeDroppedMustLeaveNothingReserved() {
        FailingKey key = new FailingKey();
        assertEquals(SendResult.ACCEPTED, offer(SIZE, null));
        long first = outbox.waitingBytes();
        assertEquals(SendResult.ACCEPTED, offer(2 * SIZE, key));
        long second = outbox.waitingBytes() - first;
        key.fails = true;
        // The first one is dropped.
        assertThrows(IllegalStateException.class, () -> offer(3 * SIZE, null));
        assertEquals(second, outbox.waitingBytes());
        assertEquals(second, budget.taken());
    }

    private void empty() {
        outbox.list().takeOver();
        for (OutboxEntry next = outbox.list().claim(); next != null; next = outbox.list().claim()) {
            outbox.remove(next);
        }
    }
}
