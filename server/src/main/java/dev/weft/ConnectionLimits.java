package dev.weft;

import dev.weft.internal.Bounds;
import java.util.List;

/**
 * What one connection may use. Every limit is finite; a peer that sends more than it may is closed with 1009 (RFC 6455
 * §7.4.1). Immutable: a method that sets a limit returns a copy, and throws {@link IllegalArgumentException} if the value is
 * out of bounds; the message names the limit, the value and the bounds.
 */
public final class ConnectionLimits {
    /** 1 MiB, 1 TiB, 131,072 frames, 1 MiB, 16 KiB. */
    public static final ConnectionLimits DEFAULT = new ConnectionLimits(1 << 20, 1L << 40, 131_072, 1 << 20, 16_384);

    /** The largest message that fits an array on every JVM. */
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;
    private static final int LEAST_READ_AHEAD = 128;
    private static final int MOST_READ_AHEAD = 16 << 20;

    private final int maxMessageSize;
    private final long maxStreamedMessageSize;
    private final int maxFramesPerMessage;
    private final int maxQueuedSize;
    private final int readAheadSize;

    private ConnectionLimits(int maxMessageSize, long maxStreamedMessageSize, int maxFramesPerMessage,
            int maxQueuedSize, int readAheadSize) {
        this.maxMessageSize = maxMessageSize;
        this.maxStreamedMessageSize = maxStreamedMessageSize;
        this.maxFramesPerMessage = maxFramesPerMessage;
        this.maxQueuedSize = maxQueuedSize;
        this.readAheadSize = readAheadSize;
    }

    /**
     * The most bytes of a message that is received whole or as a view. One costs about as much memory at the most, or up to
     * eight times as much if this is none of the buffers' sizes: {@code readBufferSize} times 1, 8 and 64, up to 1 MiB.
     */
    public int maxMessageSize() {
        return maxMessageSize;
    }

    /** The most bytes of a message that is received as a stream; costs no memory. */
    public long maxStreamedMessageSize() {
        return maxStreamedMessageSize;
    }

    /** The most frames that a message may be cut into; bounds the work that empty ones cause. */
    public int maxFramesPerMessage() {
        return maxFramesPerMessage;
    }

    /**
     * The most bytes of messages that may wait for the peer to read after {@link WebSocketConnection#trySend(String)}, each
     * counted with 64 bytes more; one alone may be larger. No connection may have more than a 32nd of the server's
     * {@code maxBufferedSize}, or 64 KiB if that is more.
     */
    public int maxQueuedSize() {
        return maxQueuedSize;
    }

    /**
     * The most bytes that are read while nobody receives, so that control frames among them are served; what follows them
     * waits outside. 128 bytes are also what remains when the server's {@code maxBufferedSize} is used up.
     */
    public int readAheadSize() {
        return readAheadSize;
    }

    /** Sets {@link #maxMessageSize()}: 1 to 2,147,483,639 bytes. */
    public ConnectionLimits maxMessageSize(int size) {
        Bounds.check("maxMessageSize", size, 1, LARGEST_ARRAY);
        return new ConnectionLimits(size, maxStreamedMessageSize, maxFramesPerMessage, maxQueuedSize, readAheadSize);
    }

    /** Sets {@link #maxStreamedMessageSize()}: at least 1 byte. */
    public ConnectionLimits maxStreamedMessageSize(long size) {
        Bounds.check("maxStreamedMessageSize", size, 1, Long.MAX_VALUE);
        return new ConnectionLimits(maxMessageSize, size, maxFramesPerMessage, maxQueuedSize, readAheadSize);
    }

    /** Sets {@link #maxFramesPerMessage()}: at least 1. */
    public ConnectionLimits maxFramesPerMessage(int count) {
        Bounds.check("maxFramesPerMessage", count, 1, Integer.MAX_VALUE);
        return new ConnectionLimits(maxMessageSize, maxStreamedMessageSize, count, maxQueuedSize, readAheadSize);
    }

    /** Sets {@link #maxQueuedSize()}: 0 bytes, with which one message may wait, or more. */
    public ConnectionLimits maxQueuedSize(int size) {
        Bounds.check("maxQueuedSize", size, 0, Integer.MAX_VALUE);
        return new ConnectionLimits(maxMessageSize, maxStreamedMessageSize, maxFramesPerMessage, size, readAheadSize);
    }

    /** Sets {@link #readAheadSize()}: 128 bytes to 16 MiB. */
    public ConnectionLimits readAheadSize(int size) {
        Bounds.check("readAheadSize", size, LEAST_READ_AHEAD, MOST_READ_AHEAD);
        return new ConnectionLimits(maxMessageSize, maxStreamedMessageSize, maxFramesPerMessage, maxQueuedSize, size);
    }

    private List<Object> values() {
        return List.of(maxMessageSize, maxStreamedMessageSize, maxFramesPerMessage, maxQueuedSize, readAheadSize);
    }

    /** Whether all values are the same. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ConnectionLimits those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "ConnectionLimits" + values();
    }
}
