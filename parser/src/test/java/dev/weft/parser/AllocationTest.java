package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames are parsed and written without allocating, whether compiled or interpreted. */
class AllocationTest {
    private static final int FRAMES = 1_000_000;

    /** The total, not per frame: the JVM itself may allocate occasionally on any thread. */
    private static final long TOLERATED = 16_384;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private interface Work {
        long frames(int count) throws Exception;
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    void parsingAllocatesNothing(Role role) throws Exception {
        byte[] frames = Vectors.encode(role, Vectors.text("a"), Frame.of(false, Opcode.BINARY, Vectors.random(130)),
                Frame.of(true, Opcode.PING, Vectors.random(9)), Frame.of(true, Opcode.CONTINUATION, new byte[0]));
        var parser = new FrameParser(role, 1 << 20);
        byte[] region = new byte[1 << 10];
        int[] next = {0};
        // Regions of 1 KiB: some frames are whole, some are cut in the header and some in the payload.
        assertAllocatesNothing(count -> {
            int parsed = 0;
            while (parsed < count) {
                for (int i = 0; i < region.length; i++) {
                    region[i] = frames[next[0]];
                    next[0] = next[0] + 1 == frames.length ? 0 : next[0] + 1;
                }
                parser.feed(region, 0, region.length);
                FrameParser.Event event;
                while ((event = parser.next()) != FrameParser.Event.NEED_INPUT) {
                    parsed += event == FrameParser.Event.FRAME || event == FrameParser.Event.FRAME_END ? 1 : 0;
                    parsed += parser.opcode() == Opcode.CLOSE ? 1 : 0;
                }
            }
            return parsed;
        });
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    void writingAllocatesNothing(Role role) throws Exception {
        var writer = new FrameWriter(role, () -> 0x3d21fa37);
        byte[] payload = Vectors.random(130);
        byte[] target = new byte[200];
        assertAllocatesNothing(count -> {
            for (int i = 0; i < count; i++) {
                writer.writeFrame(target, 0, true, 0, Opcode.BINARY, payload, 0, i % 131);
            }
            return count;
        });
    }

    private void assertAllocatesNothing(Work work) throws Exception {
        assertTrue(work.frames(100_000) >= 100_000);
        assertEquals(0, threads.getCurrentThreadAllocatedBytes() - threads.getCurrentThreadAllocatedBytes());
        long before = threads.getCurrentThreadAllocatedBytes();
        work.frames(FRAMES);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < TOLERATED, allocated + " bytes for " + FRAMES + " frames");
    }

    @Test
    void theMeasureSeesAnAllocationPerFrame() {
        long before = threads.getCurrentThreadAllocatedBytes();
        byte[][] kept = new byte[1000][];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = new byte[1];
        }
        assertTrue(threads.getCurrentThreadAllocatedBytes() - before >= 16 * kept.length);
    }
}
