package dev.weft.internal.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

    private final Outbox outbox = new Outbox(new SendServices(
            ConnectionLimits.builder().maxQueuedSize(4 * SIZE).overflowPolicy(OverflowPolicy.DROP_OLDEST).build(),
            new CoarseClock(), new BufferPool(1 << 14, new BufferBudget(1 << 24)),
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

    private void empty() {
        outbox.list().takeOver();
        for (OutboxEntry next = outbox.list().claim(); next != null; next = outbox.list().claim()) {
            outbox.remove(next);
        }
    }
}
