package dev.weft.bench.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FootprintTest {
    private static final List<String> HISTOGRAM = """
            4711:
             num     #instances         #bytes  class name (module)
            -------------------------------------------------------
               1:          1000         168000  java.lang.VirtualThread (java.base@25)
               2:            10           4000  [B (java.base@25)
               3:             1             16  [B
               4:             2             48  dev.weft.internal.connection.Connection
            Total          1013         172064
            """.lines().toList();

    @Test
    void aHistogramIsReadByClass() {
        HeapHistogram histogram = HeapHistogram.parse(HISTOGRAM);
        assertEquals(Map.of("java.lang.VirtualThread", 168_000L, "[B", 4_016L,
                "dev.weft.internal.connection.Connection", 48L), histogram.bytes());
        assertEquals(172_064, histogram.total());
    }

    @Test
    void whatWasThereBeforeIsSubtracted() {
        var before = new Footprint(new HeapHistogram(Map.of("A", 500L, "B", 100L, "gone", 300L)), 10_000,
                new KernelMemory(4_096, 1_000));
        var after = new Footprint(new HeapHistogram(Map.of("A", 700L, "B", 1_100L, "new", 50L)), 15_000,
                new KernelMemory(8_192, 3_000));
        Footprint.Cost cost = after.since(before, 10);
        assertEquals(95, cost.live());
        assertEquals(500, cost.rss());
        assertEquals(609.6, cost.kernel());
        assertEquals(Map.of("A", 20.0, "B", 100.0, "gone", -30.0, "new", 5.0), cost.classes());
        assertEquals(List.of("B", "gone", "A", "new"), List.copyOf(cost.classes().keySet()));
    }

    @Test
    void theBreakdownAddsUpToTheLiveHeap() {
        var before = new HeapHistogram(Map.of("A", 3L, "gone", 7L));
        var after = new HeapHistogram(Map.of("A", 13L, "new", 1L));
        double sum = after.perConnection(before, 4).values().stream().mapToDouble(Double::doubleValue).sum();
        assertEquals((after.total() - before.total()) / 4.0, sum);
    }

    @Test
    void residentMemoryIsReadInBytes() throws IOException {
        assertEquals(123_904, Footprint.rss(List.of("00400000-7ffe ---p 00000000 00:00 0    [rollup]",
                "Rss:                 121 kB", "Pss:                  99 kB")));
        assertThrows(IOException.class, () -> Footprint.rss(List.of("Pss: 99 kB")));
    }

    @Test
    void kernelMemoryIsReadFromPagesAndSlabs() throws IOException {
        assertEquals(217 * 4_096, KernelMemory.buffers(List.of("sockets: used 14",
                "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 217", "UDP: inuse 0 mem 5")));
        assertThrows(IOException.class, () -> KernelMemory.buffers(List.of("UDP: inuse 0 mem 5")));
        assertEquals(20 * 2_624 + 40 * 256, KernelMemory.objects(List.of("slabinfo - version: 2.1",
                "# name            <active_objs> <num_objs> <objsize>",
                "TCP                   20     24   2624   12    8",
                "tw_sock_TCP           9      9    264   12    8", "filp    40   64    256   16    1")));
    }

    @Test
    void kernelObjectsMayBeUnknown() {
        assertFalse(new KernelMemory(10, -1).isComplete());
        assertEquals(10, new KernelMemory(10, -1).total());
        assertTrue(new KernelMemory(10, 0).isComplete());
    }

    @Test
    void theOwnHeapIsSeen() throws IOException, InterruptedException {
        Held[] held = new Held[1_000];
        Arrays.setAll(held, i -> new Held());
        HeapHistogram histogram = HeapHistogram.of(ProcessHandle.current().pid());
        long bytes = histogram.bytes().get(Held.class.getName());
        assertEquals(0, bytes % held.length);
        assertTrue(bytes >= 16L * held.length && bytes <= 64L * held.length, "bytes: " + bytes);
    }

    private static final class Held {
        @SuppressWarnings("unused")
        private long value;
    }
}
