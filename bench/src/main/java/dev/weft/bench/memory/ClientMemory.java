package dev.weft.bench.memory;

import dev.weft.bench.peers.Peers;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The heap of client connections and of the server connections at their other ends, each in their own process. Prints bytes for
 * each connection, and which classes they are of. The connections are idle after one echo; the heap is counted after a garbage
 * collection.
 */
final class ClientMemory {
    private static final int FIRST = 500;
    private static final int OPEN_SECONDS = 300;
    private static final int MOST_CLASSES = 12;
    private static final List<String> JVM = Stream
            .concat(Stream.of("-XX:+UseSerialGC", "-Xmx1g"), Peers.loopOptions().stream()).toList();

    private ClientMemory() {}

    /** Argument: the number of connections. */
    public static void main(String[] args) throws Exception {
        int connections = Integer.parseInt(args[0]);
        try (ChildJvm server = new ChildJvm(JVM, Peers.WEFT.main().getName(), List.of());
                ChildJvm client = new ChildJvm(JVM, ManyClients.class.getName(), List.of(
                        Integer.toString(server.port()), Integer.toString(FIRST), Integer.toString(connections)))) {
            client.await("open ", OPEN_SECONDS);
            HeapHistogram clientBefore = HeapHistogram.of(client.pid());
            HeapHistogram serverBefore = HeapHistogram.of(server.pid());
            client.tell();
            client.await("open ", OPEN_SECONDS);
            print("client", clientBefore, HeapHistogram.of(client.pid()), connections);
            print("server", serverBefore, HeapHistogram.of(server.pid()), connections);
        }
    }

    private static void print(String end, HeapHistogram before, HeapHistogram after, int connections) {
        System.out.printf(Locale.ROOT, "%s: %.0f bytes of heap for each of %,d connections%n", end,
                (double) (after.total() - before.total()) / connections, connections);
        after.perConnection(before, connections).entrySet().stream().limit(MOST_CLASSES).forEach(
                entry -> System.out.printf(Locale.ROOT, "  %8.1f  %s%n", entry.getValue(), entry.getKey()));
    }
}
