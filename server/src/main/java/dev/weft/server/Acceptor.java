package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Accepts connections one after another, on its own thread, and outlives every failure to do so: when descriptors
 * or memory run out it waits, longer each time, and continues. The thread keeps the JVM alive until the acceptor is stopped.
 */
final class Acceptor {
    /** Waits for the next connection. */
    @FunctionalInterface
    interface Source {
        SocketChannel accept() throws IOException;
    }

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    private final Source source;
    private final Consumer<SocketChannel> admission;
    private final ServiceThread thread;

    /**
     * An acceptor that is not yet started.
     *
     * @param admission takes an accepted channel; must not block
     * @param failures  has the name of the thread
     */
    Acceptor(Source source, Consumer<SocketChannel> admission, Failures failures) {
        this.source = source;
        this.admission = admission;
        this.thread = new ServiceThread(failures.what(), this::acceptOne, failures, LONGEST_PAUSE, false);
    }

    void start() {
        thread.start();
    }

    /** Ends accepting at the next failure, which the caller brings about by closing the source. */
    void stop() {
        thread.stop();
    }

    /**
     * Waits for the end of the thread, after which nothing is admitted any more.
     *
     * @return whether it ended in time
     */
    boolean awaitEnd(Duration longest) throws InterruptedException {
        return thread.join(longest);
    }

    ServiceThread thread() {
        return thread;
    }

    private void acceptOne() throws IOException {
        admission.accept(source.accept());
    }
}
