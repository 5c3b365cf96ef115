package dev.weft.bench.memory;

import java.io.IOException;

/**
 * Opens connections to a server in another process, has each echo one message, and tells what an idle one costs there:
 * live heap after a collection with its breakdown by class, and resident memory, less what the server took before. What
 * the kernel holds for the sockets, both ends together, is a figure of its own.
 * <pre>
 * java -cp 'bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*' dev.weft.bench.memory.IdleConnections \
 *     PORT SERVER_PID CONNECTIONS
 * </pre>
 * The server must be a JVM that {@code jcmd} of this JDK can ask.
 */
public final class IdleConnections {
    /**
     * Enough handshakes and echoes that the server's code is compiled and its young generation is resident before the
     * count begins; few connections at a time, since what they leave resident is used again by those that count.
     */
    private static final int WARM_UP_ROUNDS = 20;
    private static final int WARM_UP = 250;
    private static final int WARM_UP_ECHOES = 20;

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
            warmUp(client, WARM_UP_ROUNDS);
            Footprint before = Footprint.of(pid);
            client.open(connections);
            System.out.print(Footprint.of(pid).since(before, connections).table());
        }
    }

    /** Has the server do all that is going to be asked of it, and closes the connections. */
    static void warmUp(IdleClient client, int rounds) throws IOException {
        for (int round = 0; round < rounds; round++) {
            client.open(WARM_UP);
            for (int i = 0; i < WARM_UP_ECHOES; i++) {
                client.echo();
            }
            client.close();
        }
    }
}
