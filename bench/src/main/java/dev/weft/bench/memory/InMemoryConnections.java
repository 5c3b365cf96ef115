package dev.weft.bench.memory;

import dev.weft.internal.testing.MemoryTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds connections over the in-memory transport for another process to measure. Prints {@code ready} before there are any,
 * opens them when it reads a line, prints {@code open}, and ends when its standard input ends.
 */
public final class InMemoryConnections {
    /** Enough that the methods on a waiting thread's stack are compiled: their frames are then much smaller. */
    private static final int WARM_UP_ROUNDS = 80;
    private static final int WARM_UP = 250;

    private InMemoryConnections() {}

    /** Arguments: the number of connections, and {@code echo}, or {@code pairs} for the transports alone. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int connections = Integer.parseInt(args[0]);
        var in = new BufferedReader(new InputStreamReader(System.in));
        if (args[1].equals("pairs")) {
            List<MemoryTransport[]> pairs = new ArrayList<>();
            ready(in);
            for (int i = 0; i < connections; i++) {
                pairs.add(InMemoryEcho.pair());
            }
            opened(in, pairs);
        } else {
            InMemoryEcho echo = new InMemoryEcho();
            for (int i = 0; i < WARM_UP_ROUNDS; i++) {
                echo.open(WARM_UP);
                echo.echo();
                echo.closeConnections();
            }
            ready(in);
            echo.open(connections);
            opened(in, echo);
        }
        Runtime.getRuntime().halt(0);
    }

    private static void ready(BufferedReader in) throws IOException {
        System.out.println("ready");
        in.readLine();
    }

    /** Takes an object, so that it is not garbage collected before this point. */
    private static void opened(BufferedReader in, Object held) throws IOException {
        System.out.println("open");
        in.readLine();
        Reference.reachabilityFence(held);
    }
}
