package dev.weft.nats;

import io.nats.client.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Waits until the server has done all that it was sent before, by a ping: it answers in order. All threads that wait at the
 * same time share one ping: with more than a few that are not answered, the client gives up its connection. For any thread.
 */
final class Flush {
    /** A ping that is still to be sent. */
    private static final class Ping {
        final CompletableFuture<Void> answer = new CompletableFuture<>();
        boolean wanted;
    }

    private final Connection connection;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private Ping next = new Ping();
    private boolean sending;

    Flush(Connection connection) {
        this.connection = connection;
    }

    /** Waits for the ping that is under way, if any, and for the next one, no longer than this. */
    void await(Duration longest) throws IOException, InterruptedException {
        try {
            begin().answer.get(longest.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException("no answer to a ping: " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("no answer to a ping within " + longest.toMillis() + " ms", e);
        }
    }

    private Ping begin() {
        lock.lock();
        try {
            if (!sending) {
                // A thread that nobody interrupts: the client would wait for the answer to a ping that it has not sent.
                Thread.ofVirtual().name("weft-nats-ping").start(this::send);
                sending = true;
            }
            next.wanted = true;
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void send() {
        for (Ping ping = take(); ping != null; ping = take()) {
            try {
                connection.RTT();
                ping.answer.complete(null);
            } catch (Throwable e) {
                ping.answer.completeExceptionally(e);
            }
        }
    }

    private @Nullable Ping take() {
        lock.lock();
        try {
            sending = false;
            if (!next.wanted) {
                return null;
            }
            Ping taken = next;
            next = new Ping();
            sending = true;
            return taken;
        } finally {
            lock.unlock();
        }
    }
}
