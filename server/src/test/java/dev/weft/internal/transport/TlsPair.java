package dev.weft.internal.transport;

import dev.weft.TestKeys;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** A server's and a client's end of TLS over an in-memory pair. */
final class TlsPair implements AutoCloseable {
    /** Of the largest record; larger than any buffer that engines ask for. */
    static final int RECORD = 16_709;

    private static final SSLContext CONTEXT = TestKeys.context();

    /** The budget of the server's end. */
    final BufferBudget budget;
    final TlsTransport server;
    final TlsTransport client;
    final SSLEngine serverEngine;
    final SSLEngine clientEngine;
    final MemoryTransport belowServer;
    final MemoryTransport belowClient;

    private TlsPair(String protocol, int capacity, long budget, UnaryOperator<Transport> between) {
        MemoryTransport[] ends = MemoryTransport.pair(capacity);
        this.budget = new BufferBudget(budget);
        belowServer = ends[0];
        belowClient = ends[1];
        serverEngine = engine(protocol, false);
        clientEngine = engine(protocol, true);
        server = new TlsTransport(between.apply(belowServer), serverEngine, new TlsBuffers(RECORD, this.budget));
        client = new TlsTransport(belowClient, clientEngine, new TlsBuffers(RECORD, new BufferBudget(1 << 24)));
    }

    /** Before the handshake. */
    static TlsPair create(String protocol, int capacity, long budget, UnaryOperator<Transport> between) {
        return new TlsPair(protocol, capacity, budget, between);
    }

    /** Behind the handshake. */
    static TlsPair open(String protocol, UnaryOperator<Transport> between) throws Exception {
        return create(protocol, 1 << 16, 1 << 24, between).shakeHands();
    }

    static TlsPair open(String protocol) throws Exception {
        return open(protocol, below -> below);
    }

    TlsPair shakeHands() throws Exception {
        FutureTask<Void> there = start(() -> {
            server.handshake();
            return null;
        });
        client.handshake();
        get(there);
        return this;
    }

    static SSLEngine engine(String protocol, boolean client) {
        SSLEngine engine = CONTEXT.createSSLEngine();
        engine.setUseClientMode(client);
        engine.setEnabledProtocols(new String[]{protocol});
        return engine;
    }

    static <T> FutureTask<T> start(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofVirtual().start(future);
        return future;
    }

    /** The task's result, or what it threw. */
    static <T> T get(FutureTask<T> task) throws Exception {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /** Reads this number of bytes, or up to the end. */
    static byte[] read(Transport from, int length) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(length);
        while (all.hasRemaining() && from.read(all) >= 0) {}
        return java.util.Arrays.copyOf(all.array(), all.position());
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }

    /** Passes everything on; for others to change something about it. */
    static class Passing implements LayeredTransport {
        final Transport below;

        Passing(Transport below) {
            this.below = below;
        }

        @Override
        public Transport below() {
            return below;
        }
    }

    /** Reads in pieces: up to a place in the stream, and the rest; or everything in pieces of one byte. */
    static final class Cutting extends Passing {
        private final long cut;
        private final boolean waitsOutsideReads;
        private long count;
        private ByteBuffer ahead = ByteBuffer.allocate(0);

        /**
         * Cuts.
         *
         * @param cut               where, or -1 behind each byte
         * @param waitsOutsideReads as {@link Transport#awaitReadable()} tells
         */
        Cutting(Transport below, long cut, boolean waitsOutsideReads) {
            super(below);
            this.cut = cut;
            this.waitsOutsideReads = waitsOutsideReads;
        }

        @Override
        public boolean awaitReadable(TimeLimit limit) throws IOException {
            if (waitsOutsideReads && !ahead.hasRemaining()) {
                ByteBuffer one = ByteBuffer.allocate(1);
                if (below.read(one, limit) > 0) {
                    ahead = one.flip();
                }
            }
            return waitsOutsideReads;
        }

        @Override
        public int read(ByteBuffer target, TimeLimit limit) throws IOException {
            return cut(target, limit);
        }

        @Override
        public int readNow(ByteBuffer target) throws IOException {
            return cut(target, null);
        }

        private int cut(ByteBuffer target, TimeLimit limitOfWait) throws IOException {
            int limit = target.limit();
            long room = cut < 0 ? 1 : cut > count ? cut - count : limit;
            target.limit((int) Math.min(limit, target.position() + room));
            int start = target.position();
            int result = 0;
            if (ahead.hasRemaining()) {
                target.put(ahead);
                result = 1;
            }
            if (target.hasRemaining()) {
                int more = limitOfWait != null && result == 0
                        ? below.read(target, limitOfWait)
                        : below.readNow(target);
                result = more < 0 && result == 0 ? -1 : target.position() - start;
            }
            count += Math.max(result, 0);
            target.limit(limit);
            return result;
        }

        /** The number of bytes that were read. */
        long count() {
            return count;
        }
    }
}
