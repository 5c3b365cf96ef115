package dev.weft;

import dev.weft.internal.Bounds;
import java.util.List;

/**
 * What one connection may use. Every limit is finite; a peer that sends more than it may is closed with 1009 (RFC 6455
 * §7.4.1). Immutable; no method waits.
 */
public final class ConnectionLimits {
    /** 1 MiB, 1 TiB, 131,072 frames, 1 MiB, 16 KiB. */
    public static final ConnectionLimits DEFAULT = builder().build();

    private final int maxMessageSize;
    private final long maxStreamedMessageSize;
    private final int maxFramesPerMessage;
    private final int maxQueuedSize;
    private final int readAheadSize;

    private ConnectionLimits(Builder builder) {
        this.maxMessageSize = builder.maxMessageSize;
        this.maxStreamedMessageSize = builder.maxStreamedMessageSize;
        this.maxFramesPerMessage = builder.maxFramesPerMessage;
        this.maxQueuedSize = builder.maxQueuedSize;
        this.readAheadSize = builder.readAheadSize;
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

    /** A builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder that begins with these limits. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxMessageSize = maxMessageSize;
        builder.maxStreamedMessageSize = maxStreamedMessageSize;
        builder.maxFramesPerMessage = maxFramesPerMessage;
        builder.maxQueuedSize = maxQueuedSize;
        builder.readAheadSize = readAheadSize;
        return builder;
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

    /**
     * Collects limits. A value out of bounds is refused when it is set, by an {@link IllegalArgumentException} that names the
     * limit, the value and the bounds. Not for use by two threads at once.
     */
    public static final class Builder {
        /** The largest message that fits an array on every JVM. */
        private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;
        private static final int LEAST_READ_AHEAD = 128;
        private static final int MOST_READ_AHEAD = 16 << 20;

        private int maxMessageSize = 1 << 20;
        private long maxStreamedMessageSize = 1L << 40;
        private int maxFramesPerMessage = 131_072;
        private int maxQueuedSize = 1 << 20;
        private int readAheadSize = 16_384;

        private Builder() {}

        /** Sets {@link ConnectionLimits#maxMessageSize()}: 1 to 2,147,483,639 bytes. Default 1 MiB. */
        public Builder maxMessageSize(int size) {
            Bounds.check("maxMessageSize", size, 1, LARGEST_ARRAY);
            maxMessageSize = size;
            return this;
        }

        /** Sets {@link ConnectionLimits#maxStreamedMessageSize()}: at least 1 byte. Default 1 TiB. */
        public Builder maxStreamedMessageSize(long size) {
            Bounds.check("maxStreamedMessageSize", size, 1, Long.MAX_VALUE);
            maxStreamedMessageSize = size;
            return this;
        }

        /** Sets {@link ConnectionLimits#maxFramesPerMessage()}: at least 1. Default 131,072. */
        public Builder maxFramesPerMessage(int count) {
            Bounds.check("maxFramesPerMessage", count, 1, Integer.MAX_VALUE);
            maxFramesPerMessage = count;
            return this;
        }

        /**
         * Sets {@link ConnectionLimits#maxQueuedSize()}: 0 bytes, with which one message may wait, or more. Default 1 MiB.
         */
        public Builder maxQueuedSize(int size) {
            Bounds.check("maxQueuedSize", size, 0, Integer.MAX_VALUE);
            maxQueuedSize = size;
            return this;
        }

        /** Sets {@link ConnectionLimits#readAheadSize()}: 128 bytes to 16 MiB. Default 16 KiB. */
        public Builder readAheadSize(int size) {
            Bounds.check("readAheadSize", size, LEAST_READ_AHEAD, MOST_READ_AHEAD);
            readAheadSize = size;
            return this;
        }

        /** The limits. */
        public ConnectionLimits build() {
            return new ConnectionLimits(this);
        }
    }
}
