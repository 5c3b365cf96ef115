package dev.weft.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Accepts connections one after another, on a thread of its own, and outlives every failure to do so: when descriptors
 * or memory run out it waits, longer each time, and goes on. The thread keeps the JVM alive until the acceptor is stopped.
 */
final class Acceptor {
    /** Waits for the next connection. */
    @FunctionalInterface
    interface Source {
        SocketChannel accept() throws IOException;
    }

    private static final long SHORTEST_WAIT_MILLIS = 10;
    private static final long LONGEST_WAIT_MILLIS = 1000;

    private final Source source;
    private final Consumer<SocketChannel> admission;
    private final Logger logger;
    private final Thread thread;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /**
     * An acceptor that is not yet started.
     *
     * @param admission takes an accepted channel; must not block
     */
    Acceptor(String name, Source source, Consumer<SocketChannel> admission, Logger logger) {
        this.source = source;
        this.admission = admission;
        this.logger = logger;
        this.thread = Thread.ofPlatform().name(name).daemon(false).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Ends accepting at the next failure, which the caller brings about by closing the source. */
    void stop() {
        stopped.countDown();
    }

    /**
     * Waits for the end of the thread, behind which nothing is admitted any more.
     *
     * @return whether it ended in time
     */
    boolean awaitEnd(Duration longest) throws InterruptedException {
        return thread.join(longest);
    }

    private void run() {
        long wait = 0;
        while (stopped.getCount() > 0) {
            try {
                admission.accept(source.accept());
                wait = 0;
            } catch (Throwable e) {
                // Errors too: without descriptors or memory, classes cannot be loaded either.
                wait = Math.clamp(2 * wait, SHORTEST_WAIT_MILLIS, LONGEST_WAIT_MILLIS);
                pause(wait, e);
            }
        }
    }

    private void pause(long millis, Throwable cause) {
        try {
            if (stopped.getCount() > 0) {
                logger.log(Level.WARNING, "cannot accept connections, trying again in {0} ms: {1}", millis, cause);
                stopped.await(millis, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            // Nobody but stop() ends this thread.
        }
    }
}
