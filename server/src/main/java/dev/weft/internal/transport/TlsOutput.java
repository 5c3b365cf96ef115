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
 * Encrypts bytes and writes the records, in the order in which they were encrypted: one lock covers both. For any thread.
 * <p>
 * The peer may ask for an answer of TLS itself (such as to a KeyUpdate) while a writer holds the lock and waits for the peer to
 * read. The thread that reads never waits for that lock: otherwise this end and a peer that writes before it reads would wait
 * for each other. It sends the answer if the lock is free ({@link #answer()}); if not, it leaves the answer in the engine,
 * which puts it before the next bytes that are encrypted. RFC 8446 §4.6.3 requires no more.
 */
final class TlsOutput {
    private static final ByteBuffer[] NOTHING = {};
    /** The size of a record in bytes while the budget is spent: small, because it is not counted. */
    private static final int SPARING = 1024;

    private final Transport below;
    private final SSLEngine engine;
    private final TlsBuffers buffers;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean ended;
    /** Changed with the lock held. */
    private volatile int writes;

    TlsOutput(Transport below, SSLEngine engine, TlsBuffers buffers) {
        this.below = below;
        this.engine = engine;
        this.buffers = buffers;
    }

    /** Writes all remaining bytes of the sources. Records that fit in one buffer are sent in one write. */
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
            // An engine may throw its failure once more before it produces the alert.
            try {
                answer();
            } catch (IOException f) {
                // The failure itself is what counts.
            }
        } catch (IOException e) {
            // Nothing to do, for the same reason.
        }
    }

    /** Writes close_notify, unless it was sent before, and shuts down the output. */
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

    /**
     * Writes close_notify, unless it was sent before, or another thread is writing, or the network does not take it at once.
     * Does not wait.
     *
     * @return false if the transport below cannot write without waiting
     */
    boolean endNow() {
        if (!below.writesWithoutWaiting()) {
            return false;
        }
        if (lock.tryLock()) {
            try {
                if (!ended) {
                    ended = true;
                    engine.closeOutbound();
                    below.writeNow(buffers.unbudgeted(room -> engine.wrap(NOTHING, room)));
                }
            } catch (IOException e) {
                // The wire is dead, so nobody waits for this.
            } finally {
                lock.unlock();
            }
        }
        return true;
    }

    /** Whether close_notify was sent, or is about to be. */
    boolean isEnded() {
        return ended;
    }

    /** The number of completed writes of bytes; with each, the engine has produced what it owed the peer. Wraps around. */
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

    /** Fills the buffer with records, and writes it; returns true if there is more. */
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

    /** Writes whole records. If a record is cut off, the connection ends, because nothing may follow a part of a record. */
    private void writeWhole(ByteBuffer records) throws IOException {
        try {
            below.write(records);
        } catch (InterruptedIOException e) {
            below.close();
            throw e;
        }
    }

    /** Whether the engine has made progress, and has more to encrypt. */
    private static boolean isWorthMore(SSLEngineResult result, ByteBuffer[] sources) {
        return result.getStatus() == Status.OK && (result.bytesProduced() > 0 || result.bytesConsumed() > 0)
                && (result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP || firstRemaining(sources) != null);
    }

    /**
     * Interprets the last result of an engine that made no progress.
     *
     * @return whether the engine continues with an empty buffer
     */
    private static boolean check(SSLEngineResult result, ByteBuffer[] sources, boolean progress) throws SSLException {
        boolean remaining = firstRemaining(sources) != null;
        return switch (result.getStatus()) {
            case BUFFER_OVERFLOW -> {
                if (!progress) {
                    throw new SSLException("a TLS record needs a larger buffer than the TLS session promised");
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
                // Once, an engine may report the end of a handshake instead of encrypting.
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
