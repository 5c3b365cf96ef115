package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * The seam between a connection and the network. Reads and writes block the calling thread. One thread at a time reads
 * or waits to read, and one writes; these may be two. All buffers have arrays.
 */
public interface Transport {
    /** A builder of virtual threads that serve this connection, scheduled where its socket is watched. */
    default Thread.Builder.OfVirtual threadBuilder() {
        return Thread.ofVirtual();
    }

    /**
     * Which of the places where threads run has this connection's: the number of its loop, which may change. -1 where they run
     * anywhere. For memory that is kept near them. From any thread.
     */
    default int place() {
        return -1;
    }

    /**
     * Agrees with the peer on what has to be agreed before bytes pass, such as by TLS; comes before everything else, on the
     * thread that reads. Waits, until {@link #close()} at the most. A plain transport has nothing to agree on.
     *
     * @throws javax.net.ssl.SSLException if it failed; the peer has been sent the reason
     * @throws IOException                if the wire is dead
     */
    default void handshake() throws IOException {}

    /** Closes after a handshake that failed, so that the peer gets the reason; as {@link LingeringClose#close} does. Waits. */
    default void closeAfterFailedHandshake() {
        LingeringClose.close(this);
    }

    /** The TLS session, once the handshake is done; empty if the transport does not encrypt. */
    default Optional<SSLSession> tlsSession() {
        return Optional.empty();
    }

    /**
     * Waits for bytes and reads what there is, up to the buffer's room.
     *
     * @return how many, at least one, or -1 when no more will come
     * @throws java.io.InterruptedIOException if the thread was interrupted before anything came; nothing is lost, and the
     *                                        transport can be read again (but see {@link SocketTransport})
     * @throws IOException                    if the wire is dead, or {@link #close()} was called
     */
    default int read(ByteBuffer target) throws IOException {
        return read(target, TimeLimit.NONE);
    }

    /**
     * Waits for bytes as {@link #read(ByteBuffer)}, but no longer than the limit. What is here already is read even if the
     * limit has passed.
     *
     * @return how many; 0 if none came in time; -1 when no more will come
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    int read(ByteBuffer target, TimeLimit limit) throws IOException;

    /** Reads what is here already, up to the buffer's room: 0 if there is nothing, else as {@link #read(ByteBuffer)}. Does not block. */
    int readNow(ByteBuffer target) throws IOException;

    /**
     * Reads what is here already, as {@link #readNow}, and finds the end too, which that may not. For when no other thread
     * uses the transport. Does not wait, but to answer what TLS asks for itself.
     */
    default int poll(ByteBuffer target) throws IOException {
        return readNow(target);
    }

    /**
     * Waits until there is something to read, so that no buffer is needed meanwhile; even so there may be nothing.
     *
     * @return false, at once, if this transport can wait only inside {@link #read(ByteBuffer)}
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    default boolean awaitReadable() throws IOException {
        return awaitReadable(TimeLimit.NONE);
    }

    /**
     * Waits as {@link #awaitReadable()}, but no longer than the limit, after which a {@link #readNow} still has to find out
     * whether there is something to read. Does not wait if the limit has passed.
     *
     * @return false, at once, if this transport can wait only inside {@link #read(ByteBuffer, TimeLimit)}
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    boolean awaitReadable(TimeLimit limit) throws IOException;

    /** Is told of bytes that have come, or of their end, while no thread waits for them. */
    @FunctionalInterface
    interface UnreadListener {
        /** Bytes, or their end, may be there to read. From any thread; must not wait. */
        void unread();
    }

    /**
     * Who is told of unread bytes from now on; at once if there are some of which nobody was told. A transport that learns of
     * bytes only by reading tells nobody.
     */
    default void onUnread(UnreadListener listener) {}

    /**
     * Has the listener told, once, when bytes or their end come that no thread waits for. Called by the thread that reads,
     * which has found nothing to read. Does not wait.
     */
    default void tellOfUnread() {}

    /**
     * Whether the listener will be told of everything that is unread now without {@link #tellOfUnread()}. Asked by the
     * thread that reads.
     */
    default boolean tellsOfUnread() {
        return true;
    }

    /**
     * Whether bytes have been received that await the thread that reads: then the peer cannot be late. From any thread; does
     * not wait.
     *
     * @return false also if this transport cannot know
     */
    default boolean hasUnread() {
        return false;
    }

    /**
     * Writes all that remains in the buffer, with one system call if the network takes it. Waits while it does not.
     *
     * @throws java.io.InterruptedIOException if the thread was interrupted while it waited. If this transport
     *                                        {@linkplain #writesWithoutWaiting() writes without waiting}, the buffer's
     *                                        position says what was written, and a later write may go on from there
     * @throws IOException                    if the wire is dead, or {@link #close()} was called
     */
    void write(ByteBuffer source) throws IOException;

    /** Writes all that remains in both buffers, otherwise as {@link #write(ByteBuffer)}. */
    void write(ByteBuffer first, ByteBuffer second) throws IOException;

    /** Whether {@link #writeNow} writes anything: a transport that can only wait does not. Never changes. */
    boolean writesWithoutWaiting();

    /** Writes what the network takes at once of what remains in the buffer. Does not wait. */
    void writeNow(ByteBuffer source) throws IOException;

    /** Writes what the network takes at once of what remains in both buffers. Does not wait. */
    void writeNow(ByteBuffer first, ByteBuffer second) throws IOException;

    /**
     * A number that changes when the network takes bytes from a write that had to wait: how a slow peer is told from one
     * that does not read. It wraps around, and stays 0 where a write that waits cannot be watched.
     */
    byte writeProgress();

    /**
     * Has a write that waits try the network again, which takes bytes before it reports that it has room: Linux does so
     * only when a third of its buffer is free. From any thread; does not wait.
     */
    void retryWrite();

    /** Tells the peer that no more bytes will come. */
    void shutdownOutput() throws IOException;

    /** Ends it all, at once: a read or write that waits fails. From any thread, any number of times; does not block. */
    void close();

    /** The address of this end. */
    SocketAddress localAddress();

    /** The address of the other end. */
    SocketAddress remoteAddress();
}
