package dev.weft.bench.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The memory of a server's process at one moment.
 *
 * @param live   the heap in use after a collection
 * @param rss    the resident bytes
 * @param kernel the memory that the kernel holds for sockets
 */
record Footprint(HeapHistogram live, long rss, KernelMemory kernel) {
    /** Time for threads to park and for borrowed buffers to be returned. */
    private static final int SETTLE_MILLIS = 500;

    /** Measures twice before there are connections: the first measurement itself allocates memory that remains. */
    static Footprint rehearsed(long pid) throws IOException, InterruptedException {
        of(pid);
        return of(pid);
    }

    /** Measures a JVM. */
    static Footprint of(long pid) throws IOException, InterruptedException {
        TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
        HeapHistogram live = HeapHistogram.of(pid);
        return new Footprint(live, rss(Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps_rollup"))),
                KernelMemory.now());
    }

    /** Reads the line "Rss: 1234 kB". */
    static long rss(List<String> smaps) throws IOException {
        for (String line : smaps) {
            if (line.startsWith("Rss:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("no Rss");
    }

    /** The cost of each of these connections, given the earlier footprint without them. */
    Cost since(Footprint before, int connections) {
        return new Cost(connections, (double) (live.total() - before.live.total()) / connections,
                (double) (rss - before.rss) / connections,
                (double) (kernel.total() - before.kernel.total()) / connections, kernel.isComplete(),
                live.perConnection(before.live, connections));
    }

    /**
     * Bytes per connection.
     *
     * @param connections the number of connections
     * @param live        bytes of heap
     * @param rss         resident bytes
     * @param kernel      bytes in the kernel, for both ends
     * @param wholeKernel whether {@code kernel} includes the kernel's objects, and not only its buffers
     * @param classes     the live bytes by class, the largest changes first
     */
    record Cost(int connections, double live, double rss, double kernel, boolean wholeKernel,
            Map<String, Double> classes) {
        private static final int SHOWN_CLASSES = 15;

        /** A line, and the largest classes below it. */
        String table() {
            StringBuilder text = new StringBuilder(String.format(
                    "%d idle connections: %.0f bytes of live heap and %.0f of RSS each; %s for both ends %.0f%n",
                    connections, live, rss, wholeKernel ? "kernel" : "kernel buffers", kernel));
            classes.entrySet().stream().limit(SHOWN_CLASSES)
                    .forEach(entry -> text.append(String.format("%8.1f  %s%n", entry.getValue(), entry.getKey())));
            return text.toString();
        }
    }
}
