package dev.weft;

import dev.weft.internal.Bounds;

/**
 * What one connection may use. Every limit is finite; a peer that sends more than it may is closed with 1009 (RFC 6455 §7.4.1).
 *
 * @param maxMessageSize         the most bytes of a message that is received whole or as a view; one costs about as much memory
 *                               at the most, or up to eight times as much if this is none of the buffers' sizes:
 *                               {@code readBufferSize} times 1, 8 and 64, up to 1 MiB
 * @param maxStreamedMessageSize the most bytes of a message that is received as a stream; costs no memory
 * @param maxFramesPerMessage    the most frames that a message may be cut into; bounds the work that empty ones cause
 * @param maxQueuedSize          the most bytes of messages that may wait for the peer to read after
 *                               {@link WebSocketConnection#trySend(String)}, each counted with 64 bytes more; one alone may be
 *                               larger. No connection may have more than a 32nd of the server's {@code maxBufferedSize}, or 64
 *                               KiB if that is more
 * @param readAheadSize          the maximum number of bytes that are read while no thread receives, so that control frames
 *                               among them are answered; what follows is not read. At least 128, which is also what remains
 *                               when the server's {@code maxBufferedSize} is used up
 */
public record ConnectionLimits(int maxMessageSize, long maxStreamedMessageSize, int maxFramesPerMessage,
        int maxQueuedSize, int readAheadSize) {
    /** The largest message that fits an array on every JVM. */
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;
    private static final int LEAST_READ_AHEAD = 128;
    private static final int MOST_READ_AHEAD = 16 << 20;

    /**
     * Checks the limits.
     *
     * @throws IllegalArgumentException if one is not positive, or too large for an array
     */
    public ConnectionLimits {
        Bounds.check("maxMessageSize", maxMessageSize, 1, LARGEST_ARRAY);
        Bounds.check("maxStreamedMessageSize", maxStreamedMessageSize, 1, Long.MAX_VALUE);
        Bounds.check("maxFramesPerMessage", maxFramesPerMessage, 1, Integer.MAX_VALUE);
        Bounds.check("maxQueuedSize", maxQueuedSize, 0, Integer.MAX_VALUE);
        Bounds.check("readAheadSize", readAheadSize, LEAST_READ_AHEAD, MOST_READ_AHEAD);
    }
}
