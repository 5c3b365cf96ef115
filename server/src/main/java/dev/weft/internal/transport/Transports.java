package dev.weft.internal.transport;

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

    /** For when all transports are closed. */
    @Override
    void close();

    /** The JDK's blocking channels. */
    static Transports blocking() {
        return new Blocking();
    }

    /**
     * Pollers of our own, and threads that park.
     *
     * @param pinned whether a virtual thread that blocks in a selector holds its carrier
     */
    static Transports parking(String name, boolean pinned) throws IOException {
        return new Parking(new Poller(name, pinned));
    }

    /**
     * TLS above others.
     *
     * @param engines makes an engine for each connection
     */
    static Transports tls(Transports below, Supplier<SSLEngine> engines, TlsBuffers buffers) {
        return new Tls(below, engines, buffers);
    }

    /** Has nothing to share. */
    record Blocking() implements Transports {
        @Override
        public Transport over(SocketChannel channel) throws IOException {
            return new SocketTransport(channel);
        }

        @Override
        public void start(Runnable start) {
            start.run();
        }

        @Override
        public void close() {}
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
        public void close() {
            below.close();
        }
    }
}
