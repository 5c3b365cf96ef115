package dev.weft.internal.transport;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * Encrypts bytes and writes the records, in the order in which they were encrypted: one lock covers both. For any
 * thread.
 * <p>
 * The peer may ask for an answer of TLS itself (such as to a KeyUpdate) while a writer holds the lock and waits for the
 * peer to read. The thread that reads never waits for that lock, else a peer that writes before it reads, and we, would
 * wait for each other: it sends the answer if the lock is free ({@link #answer()}), and otherwise leaves it in the engine,
 * which puts it before the next bytes that anyone encrypts. RFC 8446 §4.6.3 asks for no more.
 */
final class TlsOutput {
    private static final ByteBuffer[] NOTHING = {};
    /** Bytes of a record while the budget is spent: what waits for a slow peer then is not counted, so it is little. */
    private static final int SPARING = 1024;

    private final Transport below;
    private final SSLEngine engine;
    private final TlsBuffers buffers;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean ended;
    /** Changed under the lock. */
    private volatile int writes;

    TlsOutput(Transport below, SSLEngine engine, TlsBuffers buffers) {
        this.below = below;
        this.engine = engine;
        this.buffers = buffers;
    }

    /** Writes all that remains in the sources: records that fit one buffer leave in one write. */
    void write(ByteBuffer... sources) throws IOException {
        lock.lock();
        try {
            send(sources);
        } finally {
            lock.unlock();
        }
    }

    /** Writes what the engine owes the peer. May wait for another thread's write. */
    void flush() throws IOException {
        write(NOTHING);
    }

    /** Writes what the engine owes the peer, unless another thread is writing. */
    void answer() throws IOException {
        if (lock.tryLock()) {
            try {
                send(NOTHING);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Writes the alert of an engine that failed, if it has one and no other thread is writing. */
    void alert() {
        try {
            answer();
        } catch (SSLException e) {
            // An engine may tell of its failure once more before it yields the alert.
            try {
                answer();
            } catch (IOException f) {
                // The failure itself is what counts.
            }
        } catch (IOException e) {
            // As above.
        }
    }

    /** Writes close_notify, unless it went, and shuts down the output. */
    void end() throws IOException {
        lock.lock();
        try {
            if (!ended) {
                ended = true;
                engine.closeOutbound();
                send(NOTHING);
            }
            below.shutdownOutput();
        } finally {
            lock.unlock();
        }
    }

    /** Whether close_notify went, or is about to. */
    boolean isEnded() {
        return ended;
    }

    /** How many writes of bytes are done; with each, the engine has yielded what it owed the peer. Wraps around. */
    int writes() {
        return writes;
    }

    private void send(ByteBuffer[] sources) throws IOException {
        boolean more = true;
        while (more) {
            ByteBuffer pooled = buffers.borrow();
            try {
                more = pooled == null ? sendSparingly(sources) : send(sources, pooled);
            } finally {
                if (pooled != null) {
                    buffers.giveBack(pooled);
                }
            }
        }
        if (sources.length > 0) {
            writes++;
        }
    }

    /** Fills the buffer with records, and writes it: true if there is more. */
    private boolean send(ByteBuffer[] sources, ByteBuffer records) throws IOException {
        SSLEngineResult result;
        do {
            result = engine.wrap(sources, records);
        } while (isWorthMore(result, sources));
        boolean progress = records.position() > 0;
        if (progress) {
            writeWhole(records.flip());
        }
        return check(result, sources, progress);
    }

    private boolean sendSparingly(ByteBuffer[] sources) throws IOException {
        ByteBuffer source = firstRemaining(sources);
        ByteBuffer piece = source == null ? ByteBuffer.allocate(0) : source.duplicate();
        piece.limit(Math.min(piece.limit(), piece.position() + SPARING));
        SSLEngineResult[] result = {null};
        ByteBuffer record = buffers.unbudgeted(room -> result[0] = engine.wrap(piece, room));
        if (source != null) {
            source.position(piece.position());
        }
        boolean progress = record.hasRemaining();
        if (progress) {
            writeWhole(record);
        }
        return isWorthMore(result[0], sources) || check(result[0], sources, progress);
    }

    /** A record that is cut is the end of the connection: nothing may follow half of one. */
    private void writeWhole(ByteBuffer records) throws IOException {
        try {
            below.write(records);
        } catch (InterruptedIOException e) {
            below.close();
            throw e;
        }
    }

    /** Whether the engine got on, and has more to encrypt. */
    private static boolean isWorthMore(SSLEngineResult result, ByteBuffer[] sources) {
        return result.getStatus() == Status.OK && (result.bytesProduced() > 0 || result.bytesConsumed() > 0)
                && (result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP || firstRemaining(sources) != null);
    }

    /**
     * What is to be thought of the last result behind which the engine did not go on.
     *
     * @return whether it goes on with an empty buffer
     */
    private static boolean check(SSLEngineResult result, ByteBuffer[] sources, boolean progress) throws SSLException {
        boolean remaining = firstRemaining(sources) != null;
        return switch (result.getStatus()) {
            case BUFFER_OVERFLOW -> {
                if (!progress) {
                    throw new SSLException("a TLS record needs a larger buffer than was foretold");
                }
                yield true;
            }
            case CLOSED -> {
                if (remaining) {
                    throw new SSLException("TLS output has ended");
                }
                yield false;
            }
            default -> {
                boolean finished = result.getHandshakeStatus() == HandshakeStatus.FINISHED;
                if (remaining && !finished) {
                    throw new SSLException("TLS is not ready for data: " + result.getHandshakeStatus());
                }
                // An engine may tell of a handshake's end instead of encrypting, once.
                yield remaining;
            }
        };
    }

    private static ByteBuffer firstRemaining(ByteBuffer[] sources) {
        for (ByteBuffer source : sources) {
            if (source.hasRemaining()) {
                return source;
            }
        }
        return null;
    }
}
