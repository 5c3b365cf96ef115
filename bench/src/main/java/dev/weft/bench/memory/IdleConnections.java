package dev.weft.bench.memory;

import java.io.IOException;

/**
 * Opens connections to a server in another process, echoes one message over each, and reports what an idle connection costs the
 * server: live heap after a collection, broken down by class, and resident memory, both without what the server used before.
 * The kernel's memory for the sockets, both ends together, is a separate figure.
 * <pre>
 * java -cp 'bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*' dev.weft.bench.memory.IdleConnections \
 *     PORT SERVER_PID CONNECTIONS
 * </pre>
 * The counted connections reuse memory that the warm-up connections left resident, so RSS is too low rather than too high;
 * {@link MemorySuite} warms up with fewer. The server must be a JVM that {@code jcmd} of this JDK can ask.
 */
public final class IdleConnections {
    /** Enough that the server's code is compiled and its young generation is resident before counting begins. */
    private static final int WARM_UP_ROUNDS = 4;
    private static final int WARM_UP = 5_000;

    private IdleConnections() {}

    /** Measures once and prints a table. */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 3) {
            System.err.println("usage: IdleConnections PORT SERVER_PID CONNECTIONS");
            System.exit(2);
        }
        int connections = Integer.parseInt(args[2]);
        long pid = Long.parseLong(args[1]);
        try (IdleClient client = new IdleClient(Integer.parseInt(args[0]), false)) {
            client.warmUp(WARM_UP_ROUNDS, WARM_UP);
            Footprint before = Footprint.rehearsed(pid);
            client.open(connections);
            System.out.print(Footprint.of(pid).since(before, connections).table());
        }
    }
}
