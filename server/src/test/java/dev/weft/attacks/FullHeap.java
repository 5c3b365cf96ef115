package dev.weft.attacks;

import dev.weft.server.Handlers;
import dev.weft.server.ServerInsight;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An echo server in its own process, whose heap is filled on demand. It prints its port. Then it repeats these steps until its
 * input ends: it reads a line with a time in milliseconds, fills the heap for that time, and prints its health, how often
 * memory was exhausted, whether the JDK still has carriers, the number of connections, and the number of bytes that are
 * counted and not held.
 */
final class FullHeap {
    private static final int CARRIER_SECONDS = 5;
    private static final int[] SIZES = {1 << 20, 1 << 14, 1 << 10, 16};

    private FullHeap() {}

    /** The arguments are the transport, and the ping interval and message timeout in milliseconds. */
    public static void main(String[] args) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().transport(TransportKind.valueOf(args[0]))
                .pingInterval(Duration.ofMillis(Long.parseLong(args[1])))
                .messageTimeout(Duration.ofMillis(Long.parseLong(args[2])))
                .shutdownGrace(Duration.ZERO).start()) {
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
            System.out.println(server.port());
            String line;
            while ((line = input.readLine()) != null) {
                int failures = fill(Long.parseLong(line));
                String state = null;
                while (state == null) {
                    try {
                        state = state(server, failures);
                    } catch (OutOfMemoryError e) {
                        // Connections have taken what was freed: tries again.
                    }
                }
                System.out.println(state);
            }
        }
    }

    private static String state(WebSocketServer server, int failures) throws InterruptedException {
        String carriers = isCarrierless() ? "carrierless" : "carried";
        return server.health().status() + " " + failures + " " + carriers + " " + server.connectionCount() + " "
                + ServerInsight.bytesOfNone(server);
    }

    /** Whether a virtual thread that is ready does not run, and no carrier is there to run it. */
    private static boolean isCarrierless() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        Thread.ofVirtual().start(ran::countDown);
        return !ran.await(CARRIER_SECONDS, TimeUnit.SECONDS)
                && Thread.getAllStackTraces().keySet().stream().map(Thread::getThreadGroup)
                        .noneMatch(group -> group != null && group.getName().equals("CarrierThreads"));
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
