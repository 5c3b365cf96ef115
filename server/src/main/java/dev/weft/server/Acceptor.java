package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import dev.weft.internal.transport.AcceptingSocket;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Accepts connections one after another, and survives every failure to do so. When descriptors or memory run out, it
 * waits, longer each time, and continues. Its thread keeps the JVM alive until the acceptor is stopped. Where there are
 * loops, one of them accepts, and the thread only takes over after a failure; otherwise the thread accepts.
 */
final class Acceptor {
    /** Waits for the next connection. */
    @FunctionalInterface
    interface Source {
        SocketChannel accept() throws IOException;
    }

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    private final ServiceThread thread;
    /** {@code null} if the thread accepts. */
    private final AcceptingSocket onLoop;

    /**
     * An acceptor that is not started yet, and accepts on its thread.
     *
     * @param admission takes an accepted channel; must not block
     * @param failures  provides the name of the thread
     */
    Acceptor(Source source, Consumer<SocketChannel> admission, Failures failures) {
        this.onLoop = null;
        this.thread = thread(() -> admission.accept(source.accept()), failures);
    }

    /** As {@link #Acceptor(Source, Consumer, Failures)}, but a loop accepts. */
    Acceptor(AcceptingSocket socket, Failures failures) {
        this.onLoop = socket;
        this.thread = thread(() -> {
            if (!socket.help()) {
                LockSupport.park(socket);
            }
        }, failures);
    }

    private static ServiceThread thread(ServiceThread.Step step, Failures failures) {
        return new ServiceThread(failures.what(), step, failures, LONGEST_PAUSE, false);
    }

    void start() throws IOException {
        thread.start();
        if (onLoop != null) {
            onLoop.start(thread::wake);
        }
    }

    /** Stops accepting at the next failure, which the caller causes by closing the source. */
    void stop() {
        thread.stop();
    }

    /** Call this when the source has been closed. */
    void sourceClosed() {
        if (onLoop != null) {
            onLoop.release();
        }
    }

    /**
     * Waits, after the source was closed, until no more connections are admitted.
     *
     * @return whether that was in time
     */
    boolean awaitEnd(Duration longest) throws InterruptedException {
        return thread.join(longest) && (onLoop == null || onLoop.awaitRelease(longest));
    }

    ServiceThread thread() {
        return thread;
    }
}
