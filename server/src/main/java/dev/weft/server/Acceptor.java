package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Accepts connections one after another, on its own thread, and survives every failure to do so. When descriptors or
 * memory run out, it waits, longer each time, and continues. The thread keeps the JVM alive until the acceptor is
 * stopped.
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
     * Creates an acceptor that is not started yet.
     *
     * @param admission takes an accepted channel; must not block
     * @param failures  provides the name of the thread
     */
    Acceptor(Source source, Consumer<SocketChannel> admission, Failures failures) {
        this.source = source;
        this.admission = admission;
        this.thread = new ServiceThread(failures.what(), this::acceptOne, failures, LONGEST_PAUSE, false);
    }

    void start() {
        thread.start();
    }

    /** Stops accepting at the next failure, which the caller causes by closing the source. */
    void stop() {
        thread.stop();
    }

    /**
     * Waits for the end of the thread, after which no more connections are admitted.
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
