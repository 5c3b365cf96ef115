package dev.weft.bench.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What a server's process takes at one moment.
 *
 * @param live   its heap after a collection
 * @param rss    its resident bytes
 * @param kernel what the kernel holds for sockets
 */
record Footprint(HeapHistogram live, long rss, KernelMemory kernel) {
    /** For threads to park and borrowed buffers to go back. */
    private static final int SETTLE_MILLIS = 500;

    /** Takes it before there are connections: the first request of this kind leaves things of its own behind. */
    static Footprint rehearsed(long pid) throws IOException, InterruptedException {
        of(pid);
        return of(pid);
    }

    /** Takes it of a JVM. */
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

    /** What each of these connections costs, if it was like that before them. */
    Cost since(Footprint before, int connections) {
        return new Cost(connections, (double) (live.total() - before.live.total()) / connections,
                (double) (rss - before.rss) / connections,
                (double) (kernel.total() - before.kernel.total()) / connections, kernel.isComplete(),
                live.perConnection(before.live, connections));
    }

    /**
     * Bytes per connection.
     *
     * @param connections how many there are
     * @param live        of heap
     * @param rss         resident
     * @param kernel      of the kernel, both ends
     * @param wholeKernel whether the kernel's objects are in that, and not only its buffers
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
