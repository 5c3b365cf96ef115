package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;

/** Makes the transports of one server. */
public sealed interface Transports extends AutoCloseable {
    /** A transport over a connected channel in blocking mode, which is its own from here on. Does not block. */
    Transport over(SocketChannel channel) throws IOException;

    /**
     * Runs what starts a thread, perhaps on a thread that makes the new one wait less. Does not block.
     *
     * @param start must not block
     */
    void start(Runnable start);

    /**
     * Whether what wakes the connections' threads has shown since the last call that it goes on; if not, it is asked to.
     * For one thread. Does not block.
     */
    boolean beat();

    /** Whether what wakes the connections' threads has ended, so that they wait for good. */
    boolean isDead();

    /** For when all transports are closed. */
    @Override
    void close();

    /**
     * The JDK's blocking channels.
     *
     * @param failures those of what shows that the JDK wakes threads; has the name of the thread
     */
    static Transports blocking(Failures failures) throws IOException {
        return new Blocking(new Pulse(failures));
    }

    /**
     * Pollers of our own, and threads that park.
     *
     * @param pinned   whether a virtual thread that blocks in a selector holds its carrier
     * @param failures those of the poller; has the name of the thread
     */
    static Transports parking(boolean pinned, Failures failures) throws IOException {
        return new Parking(new Poller(pinned, failures));
    }

    /**
     * TLS above others.
     *
     * @param engines makes an engine for each connection
     */
    static Transports tls(Transports below, Supplier<SSLEngine> engines, TlsBuffers buffers) {
        return new Tls(below, engines, buffers);
    }

    /** Shares what shows that the JDK wakes threads. */
    record Blocking(Pulse pulse) implements Transports {
        @Override
        public Transport over(SocketChannel channel) throws IOException {
            return new SocketTransport(channel);
        }

        @Override
        public void start(Runnable start) {
            start.run();
        }

        @Override
        public boolean beat() {
            return pulse.beat();
        }

        @Override
        public boolean isDead() {
            return pulse.isDead();
        }

        @Override
        public void close() {
            pulse.close();
        }
    }

    /** Shares a poller. */
    record Parking(Poller poller) implements Transports {
        @Override
        public Transport over(SocketChannel channel) throws IOException {
            return poller.register(channel);
        }

        @Override
        public void start(Runnable start) {
            poller.start(start);
        }

        @Override
        public boolean beat() {
            return poller.beat();
        }

        @Override
        public boolean isDead() {
            return poller.isDead();
        }

        @Override
        public void close() {
            poller.stop();
        }
    }

    /** Shares buffers. */
    record Tls(Transports below, Supplier<SSLEngine> engines, TlsBuffers buffers) implements Transports {
        @Override
        public Transport over(SocketChannel channel) throws IOException {
            SSLEngine engine = engines.get();
            return new TlsTransport(below.over(channel), engine, buffers);
        }

        @Override
        public void start(Runnable start) {
            below.start(start);
        }

        @Override
        public boolean beat() {
            return below.beat();
        }

        @Override
        public boolean isDead() {
            return below.isDead();
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
