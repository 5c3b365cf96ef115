package dev.weft.attacks;

import dev.weft.server.WebSocketServer;
import dev.weft.server.TransportKind;
import dev.weft.server.Handlers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.Duration;

/**
 * An echo server as a process of its own, whose heap is filled on demand. It prints its port, fills the heap for the time
 * that a line of input says in milliseconds, prints its health, and so on until its input ends.
 */
final class FullHeap {
    private static final int[] SIZES = {1 << 20, 1 << 14, 1 << 10, 16};

    private FullHeap() {}

    /** The arguments are the transport, and the ping interval and message timeout in milliseconds. */
    public static void main(String[] args) throws IOException {
        try (WebSocketServer server = Handlers.echoServer().transport(TransportKind.valueOf(args[0]))
                .pingInterval(Duration.ofMillis(Long.parseLong(args[1])))
                .messageTimeout(Duration.ofMillis(Long.parseLong(args[2])))
                .shutdownGrace(Duration.ZERO).start()) {
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
            System.out.println(server.port());
            String line;
            while ((line = input.readLine()) != null) {
                int failures = fill(Long.parseLong(line));
                System.out.println(server.health().status() + " " + failures);
            }
        }
    }

    /** Returns how often there was no memory. */
    private static int fill(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        Object[] taken = null;
        int failures = 0;
        while (System.nanoTime() < end) {
            for (int size : SIZES) {
                try {
                    while (System.nanoTime() < end) {
                        taken = new Object[]{taken, new byte[size]};
                    }
                } catch (Throwable e) {
                    // Not OutOfMemoryError, a class that might have to be looked up now, for which there is no memory.
                    failures++;
                }
            }
        }
        return taken == null ? 0 : failures;
    }
}
