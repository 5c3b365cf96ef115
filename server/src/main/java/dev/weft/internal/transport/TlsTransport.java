package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;

/**
 * TLS above any other transport, for the client or the server side. {@link #handshake()} must be called first; the engine's
 * long computations run on the calling thread.
 * <p>
 * The peer's close_notify marks the end of the bytes. Without it a read fails, because an attacker may have cut off the bytes.
 * {@link #shutdownOutput()} sends this end's. Renegotiation is refused, and the number of messages of TLS itself is limited.
 * <p>
 * A connection that waits holds no bytes and no buffer, except a small one if the transport below can wait only inside a read.
 * It does hold its engine: about 7 KiB with the JDK's engine (measured with JDK 25), including keys and session.
 */
public final class TlsTransport implements LayeredTransport {
    private static final int IDLE = 0;
    private static final int READING = 1;
    private static final int CLOSED = 2;

    private static final AtomicIntegerFieldUpdater<TlsTransport> STATE = AtomicIntegerFieldUpdater
            .newUpdater(TlsTransport.class, "state");

    private final Transport below;
    private final SSLEngine engine;
    private final TlsInput input;
    private final TlsOutput output;

    /**
     * Ensures that the last user of the input returns its buffers: the thread that reads, or a thread that closes meanwhile.
     */
    private volatile int state = IDLE;

    /**
     * A transport whose TLS handshake has not begun.
     *
     * @param below  owned by this transport from now on
     * @param engine configured for its side, with its parameters
     */
    public TlsTransport(Transport below, SSLEngine engine, TlsBuffers buffers) {
        this.below = below;
        this.engine = engine;
        this.output = new TlsOutput(below, engine, buffers);
        this.input = new TlsInput(below, engine, buffers, output);
    }

    @Override
    public Transport below() {
        return below;
    }

    @Override
    public void awaitHandshake() throws IOException {
        begin();
        try {
            input.awaitFirstByte();
        } finally {
            end();
        }
    }

    @Override
    public void handshake() throws IOException {
        begin();
        try {
            input.handshake();
        } finally {
            end();
        }
    }

    @Override
    public Optional<SSLSession> tlsSession() {
        return Optional.of(engine.getSession());
    }

    /** Drops bytes that still arrive, without decrypting them, so that no reset destroys the alert. */
    @Override
    public void closeAfterFailedHandshake() {
        LingeringClose.close(below);
        close();
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        return read(target, true, limit);
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return read(target, false, TimeLimit.NONE);
    }

    @Override
    public int poll(ByteBuffer target) throws IOException {
        begin();
        try {
            return input.poll(target);
        } finally {
            end();
        }
    }

    private int read(ByteBuffer target, boolean wait, TimeLimit limit) throws IOException {
        begin();
        try {
            return input.read(target, wait, limit);
        } finally {
            end();
        }
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        begin();
        try {
            input.await(limit);
            return true;
        } finally {
            end();
        }
    }

    @Override
    public boolean willReportUnread() {
        return !input.holdsUnread() && below.willReportUnread();
    }

    private void begin() throws AsynchronousCloseException {
        if (!STATE.compareAndSet(this, IDLE, READING)) {
            throw new AsynchronousCloseException();
        }
    }

    private void end() {
        if (!STATE.compareAndSet(this, READING, IDLE)) {
            input.release();
        }
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        output.write(source);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        output.write(first, second);
    }

    @Override
    public boolean writesWithoutWaiting() {
        return false;
    }

    @Override
    public void writeNow(ByteBuffer source) {
        // Writes nothing: if the network took only part of a record, the thread would have to wait for the rest.
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) {
        // Writes nothing, for the same reason.
    }

    /** Waits for a write that has begun. */
    @Override
    public void shutdownOutput() throws IOException {
        output.end();
    }

    @Override
    public boolean announceClose() {
        return output.endNow();
    }

    @Override
    public void close() {
        int was = STATE.getAndSet(this, CLOSED);
        below.close();
        if (was == IDLE) {
            input.release();
        }
    }

    @Override
    public Transport unencrypted() {
        return below;
    }
}
