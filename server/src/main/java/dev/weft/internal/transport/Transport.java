package dev.weft.internal.transport;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * The seam between a connection and the network. Reads and writes block the calling thread; one thread may read while
 * another writes. All buffers have arrays.
 */
public interface Transport {
    /**
     * Waits for octets and reads what there is, up to the buffer's room.
     *
     * @return how many, at least one, or -1 when no more will come
     * @throws IOException if the wire is dead, or {@link #close()} was called
     */
    int read(ByteBuffer target) throws IOException;

    /** Whether octets are here that a read would return without waiting; false if that is not known. Does not block. */
    boolean canRead() throws IOException;

    /** Writes all that remains in the buffer, with one system call if the network takes it. */
    void write(ByteBuffer source) throws IOException;

    /** Writes all that remains in both buffers, with one system call if the network takes it. */
    void write(ByteBuffer first, ByteBuffer second) throws IOException;

    /** Ends the input: a read that waits, and any later one, returns -1. From any thread; does not block. */
    void shutdownInput() throws IOException;

    /** Tells the peer that no more octets will come. */
    void shutdownOutput() throws IOException;

    /** Ends it all, at once: a read or write that waits fails. From any thread, any number of times; does not block. */
    void close();

    /** The address of this end. */
    SocketAddress localAddress();

    /** The address of the other end. */
    SocketAddress remoteAddress();
}
