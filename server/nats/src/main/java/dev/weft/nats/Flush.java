package dev.weft.nats;

import io.nats.client.Connection;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Waits until the server has done all that it was sent before, by a ping: it answers in order. All threads that wait at the
 * same time share one ping: with more than a few that are not answered, the client gives up its connection. For any thread.
 */
final class Flush {
    /** One ping. What is not final is guarded by the lock. */
    private static final class Ping {
        boolean over;
        @Nullable
        Exception failure;
    }

    private final Connection connection;
    /** Fair, so that a thread waits for no more than the ping that is under way and its own. */
    private final ReentrantLock lock = new ReentrantLock(true);
    /** Has not been sent yet. Changed with the lock. */
    private volatile Ping next = new Ping();

    Flush(Connection connection) {
        this.connection = connection;
    }

    /** Waits at most twice the timeout of the connection. */
    void await() throws IOException, InterruptedException {
        Ping mine = next;
        lock.lockInterruptibly();
        try {
            if (!mine.over) {
                next = new Ping();
                send(mine);
            }
        } finally {
            lock.unlock();
        }
        if (mine.failure != null) {
            throw new IOException("no answer to a ping: " + mine.failure.getMessage(), mine.failure);
        }
    }

    private void send(Ping ping) throws IOException {
        try {
            connection.RTT();
        } catch (IOException | IllegalStateException e) {
            // A ping that is cancelled, because the connection was lost, is in an illegal state, too.
            if (Thread.currentThread().isInterrupted()) {
                // The next thread that waits for this ping sends it again.
                throw e;
            }
            ping.failure = e;
        }
        ping.over = true;
    }
}
