package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.transport.MemoryTransport;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FlushGuardTest {
    private final FlushGuard guard = new FlushGuard("guard", Runnable::run);
    private final BufferBudget budget = new BufferBudget(1 << 20);
    private final ConnectionServices services = TestConnection.services(new BufferPool(1 << 10, budget), guard);

    private Output output(MemoryTransport transport, Closing closing) {
        return new Output(transport, new FrameWriter(Role.SERVER), false, services, closing,
                new Deadlines(services.clock(), services.timeouts()), null);
    }

    @AfterEach
    void stop() {
        guard.stop();
    }

    @Test
    void flushesWhateverIsHeldBackInAnyNumberOfOutputs() throws Exception {
        MemoryTransport[][] pairs = new MemoryTransport[50][];
        Output[] outputs = new Output[pairs.length];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = MemoryTransport.pair(64);
            outputs[i] = output(pairs[i][0], new Closing());
        }
        for (int round = 0; round < 3; round++) {
            for (Output output : outputs) {
                output.message(Opcode.TEXT, new byte[]{'a'}, 0, 1, true);
            }
            if (round == 0) {
                // Before the guard is started nothing goes, so it is the guard that sends.
                assertEquals(pairs.length * 1024, budget.taken());
                guard.start();
            }
            for (MemoryTransport[] pair : pairs) {
                ByteBuffer frame = ByteBuffer.allocate(3);
                while (frame.hasRemaining()) {
                    pair[1].read(frame);
                }
                assertEquals("810161", Peer.hex(frame.array()));
            }
        }
        TestConnection.awaitUntil(() -> budget.taken() == 0);
    }

    @Test
    void aWireThatIsDeadEndsTheConnectionAndItsReader() throws Exception {
        MemoryTransport[] pair = MemoryTransport.pair(64);
        Closing closing = new Closing();
        Output output = output(pair[0], closing);
        guard.start();
        // The peer's end of the input is gone, which a reader does not see.
        pair[0].shutdownOutput();
        Thread reader = Thread.startVirtualThread(
                () -> assertThrows(IOException.class, () -> pair[0].read(ByteBuffer.allocate(1))));
        output.message(Opcode.TEXT, new byte[1], 0, 1, true);
        reader.join();
        assertEquals(Closing.State.BROKEN, closing.state());
        assertTrue(closing.end().cause().isPresent());
        TestConnection.awaitUntil(() -> budget.taken() == 0);
    }
}
