package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Receives for which the system has no buffer must be repeated as soon as it has one. */
class IoUringBuffersTest {
    /** The number of buffers of a ring. */
    private static final int COUNT = 1024;

    private final List<Integer> given = new ArrayList<>();
    private final List<String> repeated = new ArrayList<>();
    private final Ring ring = (Ring) Proxy.newProxyInstance(Ring.class.getClassLoader(), new Class<?>[]{Ring.class},
            (proxy, method, arguments) -> switch (method.getName()) {
                case "buffers" -> ByteBuffer.allocate(1);
                case "giveBack" -> {
                    given.add((Integer) arguments[0]);
                    yield null;
                }
                case "publishBuffers" -> null;
                default -> throw new AssertionError(method);
            });
    private final IoUringBuffers buffers = new IoUringBuffers(ring, () -> {});

    private void takeAll() {
        for (int i = 0; i < COUNT; i++) {
            buffers.took();
        }
    }

    @Test
    void receiveMustBeRepeatedIfBuffersCameBackBeforeItsCompletionWasServed() throws IOException {
        takeAll();
        for (int i = 0; i < COUNT; i++) {
            buffers.giveBack(i);
        }
        buffers.returnToRing();
        assertEquals(COUNT, given.size());
        // The system had found no buffer earlier, and its completion is served only now. Nothing will be given back.
        buffers.await(() -> repeated.add("late"));
        assertTrue(buffers.mustReturn());
        buffers.returnToRing();
        assertEquals(List.of("late"), repeated);
        assertFalse(buffers.mustReturn());
    }

    @Test
    void repeatedReceiveThatUsesNoBufferMustNotKeepTheNextOneWaiting() throws IOException {
        takeAll();
        buffers.await(() -> repeated.add("closed"));
        buffers.await(() -> repeated.add("open"));
        assertFalse(buffers.mustReturn());
        buffers.returnToRing();
        assertEquals(List.of(), repeated);
        buffers.giveBack(7);
        assertTrue(buffers.mustReturn());
        buffers.returnToRing();
        assertEquals(List.of("closed"), repeated);
        // The first one has been closed meanwhile, and has used no buffer.
        assertTrue(buffers.mustReturn());
        buffers.returnToRing();
        assertEquals(List.of("closed", "open"), repeated);
    }

    @Test
    void noMoreReceivesMustBeRepeatedThanThereAreBuffers() throws IOException {
        takeAll();
        for (int i = 0; i < 3; i++) {
            String name = "" + i;
            buffers.await(() -> repeated.add(name));
        }
        buffers.giveBack(1);
        buffers.giveBack(2);
        buffers.returnToRing();
        assertEquals(List.of("0", "1"), repeated);
        buffers.took();
        buffers.took();
        assertFalse(buffers.mustReturn());
    }
}
