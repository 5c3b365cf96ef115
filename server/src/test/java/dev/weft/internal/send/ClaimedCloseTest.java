package dev.weft.internal.send;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseReason;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.connection.ConnectionFixture;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Role;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A Close frame that one thread has claimed, while another ends the connection. */
@Timeout(20)
class ClaimedCloseTest {
    private static final byte[] CLOSE_1011 = {(byte) 0x88, 2, 0x03, (byte) 0xf3};

    private final ClosingHandshake closing = new ClosingHandshake();
    private final MemoryTransport[] pair = MemoryTransport.pair(64);
    private final SendServices services = ConnectionFixture.services(new BufferPool(1 << 10, new BufferBudget(1 << 20)),
            new ShortTimer(Runnable::run, Failures.toHandler("never started"))).sending();
    private final FrameSender sender = new FrameSender(pair[0], new FrameWriter(Role.SERVER), null, closing,
            new Deadlines(services.clock(), ConnectionFixture.TIMEOUTS), services);

    @Test
    void drainMustSendACloseFrameThatWasOnlyClaimed() throws Exception {
        assertTrue(closing.claim(new CloseReason(1011, "")));
        sender.drainAndWait();
        assertArrayEquals(CLOSE_1011, sent());
    }

    @Test
    void theClaimerMustNotSendItASecondTime() throws Exception {
        assertTrue(closing.claim(new CloseReason(1011, "")));
        sender.drainAndWait();
        sender.close();
        sender.drainAndWait();
        assertArrayEquals(CLOSE_1011, sent());
    }

    @Test
    void drainMustSendNoUnclaimedCloseFrame() throws Exception {
        sender.drainAndWait();
        assertEquals(0, sent().length);
    }

    private byte[] sent() throws Exception {
        ByteBuffer all = ByteBuffer.allocate(64);
        pair[1].readNow(all);
        return Arrays.copyOf(all.array(), all.position());
    }
}
