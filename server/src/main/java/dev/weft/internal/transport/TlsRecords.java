package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLProtocolException;

/**
 * The bytes of TLS records that have been received and not yet decrypted. A connection that waits between records holds no
 * buffer for them; one that waits within a record holds a buffer of about the size of what has been received. If the transport
 * below can wait only inside a read, the connection waits with a small buffer. For the thread that reads.
 */
final class TlsRecords {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Transport below;
    private final TlsBuffers buffers;

    /** The bytes, from its position to its limit; {@link #NOTHING} when there is no buffer. */
    private ByteBuffer bytes = NOTHING;
    /** Whether the engine has seen all these bytes and needs more. */
    private boolean starved = true;
    private boolean waitsInRead;
    private boolean polls;

    TlsRecords(Transport below, TlsBuffers buffers) {
        this.below = below;
        this.buffers = buffers;
    }

    /** Whether there may be a whole record. */
    boolean isReady() {
        return !starved;
    }

    /** The bytes, for the engine to take from the beginning. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Call this after the engine has taken bytes: the buffer is returned if nothing is left in it. */
    void taken(boolean needsMore) {
        starved = needsMore;
        if (!bytes.hasRemaining()) {
            starved = true;
            if (!waitsInRead || !TlsBuffers.isSmall(bytes)) {
                release();
            }
        }
    }

    /**
     * Begins or ends a poll, during which reads that do not wait also find the end. After it, no larger buffer is held than for
     * a wait.
     */
    void poll(boolean begins) {
        polls = begins;
        if (!begins) {
            shrink();
        }
    }

    /** Returns the buffer, whatever it contains. */
    void release() {
        if (bytes != NOTHING) {
            buffers.giveBack(bytes);
            bytes = NOTHING;
        }
    }

    /**
     * Waits for the first byte. Takes only this byte if the transport below can wait only inside a read, so that no buffer but
     * a small one is needed.
     *
     * @throws EOFException like {@link #fetch()}
     */
    void awaitFirstByte() throws IOException {
        if (below.awaitReadable()) {
            return;
        }
        waitsInRead = true;
        bytes = ByteBuffer.allocate(TlsBuffers.SMALL).limit(1);
        int count = below.read(bytes);
        bytes.flip();
        if (count < 0) {
            throw ended();
        }
    }

    private static EOFException ended() {
        return new EOFException("the peer ended the connection without ending TLS (close_notify)");
    }

    /**
     * Waits until more bytes can be read, no longer than the limit; reads them if the transport below can wait only inside a
     * read.
     *
     * @throws EOFException like {@link #fetch()}
     */
    void await(TimeLimit limit) throws IOException {
        if (buffers.isPooled(bytes) && fetch()) {
            return;
        }
        shrink();
        if (!waitsInRead) {
            if (below.awaitReadable(limit)) {
                return;
            }
            waitsInRead = true;
        }
        if (bytes == NOTHING) {
            bytes = ByteBuffer.allocate(TlsBuffers.SMALL).limit(0);
        } else if (bytes.remaining() == bytes.capacity()) {
            move(larger());
        }
        read(limit);
    }

    /**
     * Reads more bytes if any have arrived; returns false if not.
     *
     * @throws EOFException at the end of the bytes
     */
    boolean fetch() throws IOException {
        if (bytes == NOTHING) {
            ByteBuffer pooled = buffers.borrow();
            bytes = (pooled == null ? ByteBuffer.allocate(TlsBuffers.SMALL) : pooled).limit(0);
        } else if (bytes.remaining() == bytes.capacity()) {
            move(larger());
        }
        return read(null);
    }

    /** Waits no longer than the limit, or not at all if the limit is {@code null}. */
    private boolean read(TimeLimit limit) throws IOException {
        bytes.compact();
        int count = -1;
        try {
            count = limit != null ? below.read(bytes, limit) : polls ? below.poll(bytes) : below.readNow(bytes);
            if (count > 0 && !bytes.hasRemaining() && !buffers.isPooled(bytes)) {
                readMore();
            }
        } finally {
            bytes.flip();
            // The buffer is not needed: nothing arrived.
            taken(count <= 0);
        }
        if (count < 0) {
            throw ended();
        }
        return count > 0;
    }

    /** The small buffer is full, so more bytes may have arrived: tries a buffer that holds them all. */
    private void readMore() throws IOException {
        ByteBuffer pooled = buffers.borrow();
        if (pooled != null) {
            pooled.put(bytes.flip());
            buffers.giveBack(bytes);
            bytes = pooled;
            // If this read finds the end, the next one will find it again.
            below.readNow(bytes);
        }
    }

    static IOException noBuffer() {
        return new IOException("no buffer for a TLS record: all connections together hold too much (maxBufferedSize)");
    }

    /** A larger buffer than the one that is full. */
    private ByteBuffer larger() throws IOException {
        if (buffers.isPooled(bytes)) {
            throw new SSLProtocolException("a record of over " + bytes.capacity() + " bytes");
        }
        ByteBuffer larger = buffers.borrow();
        if (larger == null) {
            larger = buffers.sized(2 * bytes.capacity());
        }
        if (larger == null) {
            throw noBuffer();
        }
        return larger;
    }

    /** Exchanges a pooled buffer that holds few bytes for a smaller one before a wait. */
    private void shrink() {
        if (buffers.isPooled(bytes)) {
            ByteBuffer smaller = buffers.sized(bytes.remaining() + 1);
            if (smaller != null) {
                move(smaller);
            }
        }
    }

    private void move(ByteBuffer other) {
        other.clear().put(bytes).flip();
        buffers.giveBack(bytes);
        bytes = other;
    }
}
