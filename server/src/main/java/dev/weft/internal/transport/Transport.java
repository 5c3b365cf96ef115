package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * The interface between a connection and the network. Reads and writes block the calling thread. One thread at a time reads or
 * waits to read, and one writes; these may be two. All buffers have arrays.
 */
public interface Transport {
    /** A builder of virtual threads that serve this connection, scheduled where its socket is watched. */
    default Thread.Builder.OfVirtual threadBuilder() {
        return Thread.ofVirtual();
    }

    /**
     * The place where this connection's threads run: the number of its loop, which may change; -1 if they may run anywhere.
     * Used to keep memory near them. From any thread.
     */
    default int place() {
        return -1;
    }

    /**
     * Waits until the peer has begun the handshake of the transport: until its first byte, or its end, has arrived. Needs no
     * memory. May be called before {@link #handshake()}, on the same thread; {@link #close()} ends the wait.
     *
     * @throws IOException if the wire is dead, or has ended
     */
    default void awaitHandshake() throws IOException {}

    /**
     * Performs the handshake of the transport, such as that of TLS. Must be called before everything else, on the thread that
     * reads. Waits; {@link #close()} ends the wait. A transport without a handshake does nothing.
     *
     * @throws javax.net.ssl.SSLException if it failed; the peer has been sent the reason
     * @throws IOException                if the wire is dead
     */
    default void handshake() throws IOException {}

    /** Sets an option of the socket, if there is one and it has this option. Does not wait. */
    default <T> void setOption(SocketOption<T> option, T value) throws IOException {}

    /** Closes after a failed handshake so that the peer still receives the reason, like {@link LingeringClose#close}. Waits. */
    default void closeAfterFailedHandshake() {
        LingeringClose.close(this);
    }

    /** The TLS session, once the handshake is done; empty if the transport does not encrypt. */
    default Optional<SSLSession> tlsSession() {
        return Optional.empty();
    }

    /**
     * Waits for bytes and reads what has arrived, up to the buffer's room.
     *
     * @return the number of bytes, at least one, or -1 at the end of the bytes
     * @throws java.io.InterruptedIOException if the thread was interrupted before anything arrived; nothing is lost, and the
     *                                        transport can be read again (but see {@link SocketTransport})
     * @throws IOException                    if the wire is dead, or {@link #close()} was called
     */
    default int read(ByteBuffer target) throws IOException {
        return read(target, TimeLimit.NONE);
    }

    /**
     * Waits for bytes like {@link #read(ByteBuffer)}, but no longer than the limit. Bytes that have already arrived are read
     * even if the limit has passed.
     *
     * @return the number of bytes; 0 if none arrived in time; -1 at the end of the bytes
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    int read(ByteBuffer target, TimeLimit limit) throws IOException;

    /**
     * Reads what has already arrived, up to the buffer's room; returns 0 if there is nothing, otherwise the same as {@link
     * #read(ByteBuffer)}. Does not block.
     */
    int readNow(ByteBuffer target) throws IOException;

    /**
     * Reads the bytes that have already arrived, like {@link #readNow}, but always finds the end too. Call it only if no other
     * thread uses the transport. Does not wait, except to send an answer that TLS itself requires.
     */
    default int poll(ByteBuffer target) throws IOException {
        return readNow(target);
    }

    /**
     * Waits, without needing a buffer, until there is something to read. May return although there is nothing.
     *
     * @return false, at once, if this transport can wait only inside {@link #read(ByteBuffer)}
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    default boolean awaitReadable() throws IOException {
        return awaitReadable(TimeLimit.NONE);
    }

    /**
     * Waits like {@link #awaitReadable()}, but no longer than the limit; only a {@link #readNow} afterwards shows whether there
     * is something to read. Does not wait if the limit has passed.
     *
     * @return false, at once, if this transport can wait only inside {@link #read(ByteBuffer, TimeLimit)}
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    boolean awaitReadable(TimeLimit limit) throws IOException;

    /**
     * Moves bytes that have arrived, but were not read, out of a buffer that connections share: the thread that reads is about
     * to wait for something other than its peer. For that thread; does not wait.
     */
    default void keepArrived() {}

    /** Called when bytes or their end arrive while no thread waits for them. */
    @FunctionalInterface
    interface UnreadListener {
        /** Called when bytes, or their end, may be ready to read. From any thread; must not wait. */
        void unread();
    }

    /**
     * Sets the listener for unread bytes; calls it at once if there are unread bytes that were not reported. A transport that
     * detects bytes only by reading never calls it.
     */
    default void onUnread(UnreadListener listener) {}

    /**
     * Requests one call of the listener when bytes or their end arrive that no thread waits for. Called by the thread that
     * reads, after it has found nothing to read. Does not wait.
     */
    default void reportUnread() {}

    /**
     * Whether the listener will be called for all bytes that are unread now, even without {@link #reportUnread()}. For the
     * thread that reads.
     */
    default boolean willReportUnread() {
        return true;
    }

    /**
     * Whether bytes have been received that the reading thread has not read: then the peer is not late. From any thread; does
     * not wait.
     *
     * @return also false if this transport cannot find out
     */
    default boolean hasUnread() {
        return false;
    }

    /**
     * Writes all remaining bytes of the buffer, with one system call if the network takes them at once. Otherwise waits until
     * it does.
     *
     * @throws java.io.InterruptedIOException if the thread was interrupted while it waited. If this transport
     *                                        {@linkplain #writesWithoutWaiting() writes without waiting}, the buffer's position
     *                                        shows what was written, and a later write may continue from there
     * @throws IOException                    if the wire is dead, or {@link #close()} was called
     */
    void write(ByteBuffer source) throws IOException;

    /** Writes all remaining bytes of both buffers, the first one's first, otherwise like {@link #write(ByteBuffer)}. */
    void write(ByteBuffer first, ByteBuffer second) throws IOException;

    /**
     * Whether {@link #writeNow} can write bytes: it never does on a transport that cannot write without waiting. Never changes.
     */
    boolean writesWithoutWaiting();

    /** Writes as many of the buffer's remaining bytes as the network takes at once. Does not wait. */
    void writeNow(ByteBuffer source) throws IOException;

    /**
     * Writes as many of both buffers' remaining bytes as the network takes at once: nothing of the second one before all of the
     * first one, even if the peer makes room meanwhile. Does not wait.
     */
    void writeNow(ByteBuffer first, ByteBuffer second) throws IOException;

    /**
     * A number that changes when the network takes bytes from a write that had to wait; it distinguishes a slow peer from one
     * that does not read. It wraps around, and stays 0 if a waiting write cannot be watched.
     */
    byte writeProgress();

    /**
     * Makes a waiting write try the network again. The network takes bytes before it reports that it has room: Linux reports
     * that only when a third of its buffer is free. From any thread; does not wait.
     */
    void retryWrite();

    /** Signals to the peer that no more bytes will be sent. */
    void shutdownOutput() throws IOException;

    /**
     * Sends what must precede {@link #close()} if all bytes have been written, as far as the network takes it at once: the
     * close_notify of TLS. Does not wait.
     *
     * @return false if this transport could only send it by {@link #shutdownOutput()}, which may wait
     */
    default boolean announceClose() {
        return true;
    }

    /** Closes the transport at once: a waiting read or write fails. From any thread, any number of times; does not block. */
    void close();

    /**
     * The socket's channel may be closed elsewhere too, so direct system calls must not be made with its descriptor. Call this
     * before the transport is used. A ring needs the descriptor in any case.
     */
    default void keepToChannel() {}

    /** The address of this end. */
    SocketAddress localAddress();

    /** The address of the other end, or of the client that a proxy at the other end serves. */
    SocketAddress remoteAddress();

    /** Replaces the address of the other end by that of the client that it serves. For the thread that reads. */
    default void remoteAddress(SocketAddress client) {
        throw new UnsupportedOperationException();
    }

    // Rates. A transport without rates does nothing.

    /** Whether rates apply: only then must messages be announced to this transport. Never changes. */
    default boolean hasRates() {
        return false;
    }

    /**
     * Waits until another message may be received, but no longer than the limit. For the thread that receives, before it reads.
     *
     * @return false if the limit has passed
     * @throws IOException as {@link #read(ByteBuffer)}
     */
    default boolean awaitMessage(TimeLimit limit) throws IOException {
        return true;
    }

    /** Takes back an {@link #awaitMessage} after which no message was received. Does not wait. */
    default void noMessage() {}

    /** Counts a ping that was received. Does not wait. */
    default void countPing() {}

    /** Counts bytes that were decompressed. Does not wait. */
    default void countInflated(int bytes) {}

    /** Counts messages that were written. Does not wait. */
    default void countSent(int messages) {}

    /** Whether the peer had to wait for a rate since the last call: then it is not late. For the sweeper. */
    default boolean delayedPeer() {
        return false;
    }

    /** Continues the waits that are over at this time of the clock. For the sweeper. Does not wait. */
    default void tick() {}

    /** From now on no rate applies: the connection is being closed, and must not wait for that. For any thread. */
    default void liftRates() {}

    /** What precedes the {@link #handshake()}: the transport without encryption. */
    default Transport unencrypted() {
        return this;
    }
}
