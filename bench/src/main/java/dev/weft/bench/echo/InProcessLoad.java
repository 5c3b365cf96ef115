package dev.weft.bench.echo;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.time.Duration;

/** A load on an echo server, run in steps, for a program that counts what the server does meanwhile. Not thread-safe. */
public final class InProcessLoad implements AutoCloseable {
    private static final long DRAIN_NANOS = 30_000_000_000L;

    private final LoadLoop loop;
    private final int window;
    private boolean begun;

    /**
     * Opens connections.
     *
     * @param window the number of messages that each has in flight; with 0 they stay idle
     */
    public InProcessLoad(int port, int connections, int payload, int window) throws IOException {
        this.loop = new LoadLoop(port);
        this.window = window;
        loop.connect(connections, "/", Messages.echoed(Opcode.BINARY, payload, Math.max(1, window)));
        loop.onAnswer((client, count, now) -> client.send(count, now));
    }

    /** Keeps messages in flight for this time; returns the number that were answered. */
    public long run(Duration time) throws IOException {
        long before = loop.answered();
        if (!begun) {
            begun = true;
            for (LoadClient client : loop.clients()) {
                client.send(window, System.nanoTime());
            }
        }
        loop.runUntil(System.nanoTime() + time.toNanos());
        return loop.answered() - before;
    }

    /** Waits for the missing replies. */
    public void drain() throws IOException {
        loop.drain(DRAIN_NANOS);
    }

    @Override
    public void close() throws IOException {
        loop.close();
    }

    /**
     * For this duration, repeatedly opens connections, echoes one message over each and closes them, {@code atATime} at a time.
     *
     * @return the number of connections
     */
    public static long visit(int port, int atATime, int payload, Duration time) throws IOException {
        return new ConnectRate(atATime, payload).visit(port, time.toNanos());
    }
}
