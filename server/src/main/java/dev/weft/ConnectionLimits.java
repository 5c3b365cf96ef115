package dev.weft;

import dev.weft.internal.Bounds;
import java.util.List;
import java.util.Objects;

/**
 * Limits on the resources that one connection may use. Every limit is finite. If a peer sends more than a limit allows,
 * the connection is closed with 1009 (RFC 6455 §7.4.1), or with 1008 for {@link #maxCompressionRatio()}. Immutable; no method
 * waits.
 */
public final class ConnectionLimits {
    /**
     * The highest ratio that DEFLATE can reach: two bits stand for up to 258 bytes (RFC 1951 §3.2.5). As a limit, it refuses
     * nothing and costs nothing.
     */
    public static final int HIGHEST_COMPRESSION_RATIO = 1032;

    /**
     * The default limits, in the order of the methods below: 1 MiB, 1 TiB, 131,072 frames, {@link
     * #HIGHEST_COMPRESSION_RATIO}, 1 MiB, 512 KiB, {@link OverflowPolicy#REFUSE}, 16 KiB.
     */
    public static final ConnectionLimits DEFAULT = builder().build();

    private final int maxMessageSize;
    private final long maxStreamedMessageSize;
    private final int maxFramesPerMessage;
    private final int maxCompressionRatio;
    private final int maxQueuedSize;
    private final int queueLowWaterMark;
    private final OverflowPolicy overflowPolicy;
    private final int readAheadSize;

    private ConnectionLimits(Builder builder) {
        this.maxMessageSize = builder.maxMessageSize;
        this.maxStreamedMessageSize = builder.maxStreamedMessageSize;
        this.maxFramesPerMessage = builder.maxFramesPerMessage;
        this.maxCompressionRatio = builder.maxCompressionRatio;
        this.maxQueuedSize = builder.maxQueuedSize;
        this.queueLowWaterMark = builder.queueLowWaterMark;
        this.overflowPolicy = builder.overflowPolicy;
        this.readAheadSize = builder.readAheadSize;
    }

    /**
     * The maximum number of bytes in a message that is received whole or as a view. Such a message needs at most about
     * the same amount of memory, or up to eight times as much if this limit is not one of the buffer sizes: {@code
     * readBufferSize} times 1, 8 and 64, up to 1 MiB.
     */
    public int maxMessageSize() {
        return maxMessageSize;
    }

    /** The maximum number of bytes in a message that is received as a stream. A higher limit needs no more memory. */
    public long maxStreamedMessageSize() {
        return maxStreamedMessageSize;
    }

    /** The maximum number of frames in a message. It bounds the work that empty frames can cause. */
    public int maxFramesPerMessage() {
        return maxFramesPerMessage;
    }

    /**
     * The maximum number of bytes that each compressed byte of incoming messages may become. A connection begins with
     * an allowance of 64 KiB, and saves up to 64 KiB of what it does not use: so a short message, or a few of them, may
     * be compressed by more. If a peer exceeds the limit, its connection is closed with 1008 (RFC 6455 §7.4.1), and not
     * with 1009, because no single message is too big.
     */
    public int maxCompressionRatio() {
        return maxCompressionRatio;
    }

    /**
     * The maximum number of bytes of messages that {@link WebSocketConnection#trySend(String)} may queue until the peer reads
     * them. Each message counts as its length plus 64 bytes, or 128 if it has a key. A message whose frame has been begun no
     * longer counts. If the queue is empty, one message may exceed the limit. A connection may never queue more than 1/32 of
     * the server's {@code maxBufferedSize}, or 64 KiB if that is more.
     */
    public int maxQueuedSize() {
        return maxQueuedSize;
    }

    /**
     * The number of queued bytes, counted as for {@link #maxQueuedSize()}, at which the queue counts as drained:
     * {@link SendQueue#onDrained}. The effective value is at most half of what the connection may queue.
     */
    public int queueLowWaterMark() {
        return queueLowWaterMark;
    }

    /** What happens to a message that would exceed {@link #maxQueuedSize()}. */
    public OverflowPolicy overflowPolicy() {
        return overflowPolicy;
    }

    /**
     * The maximum number of bytes that are read while no thread receives, so that control frames among them are
     * processed. Any further bytes are not read until a thread receives. If the server's {@code maxBufferedSize} is
     * used up, 128 bytes can still be read.
     */
    public int readAheadSize() {
        return readAheadSize;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these limits. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxMessageSize = maxMessageSize;
        builder.maxStreamedMessageSize = maxStreamedMessageSize;
        builder.maxFramesPerMessage = maxFramesPerMessage;
        builder.maxCompressionRatio = maxCompressionRatio;
        builder.maxQueuedSize = maxQueuedSize;
        builder.queueLowWaterMark = queueLowWaterMark;
        builder.overflowPolicy = overflowPolicy;
        builder.readAheadSize = readAheadSize;
        return builder;
    }

    private List<Object> values() {
        return List.of(maxMessageSize, maxStreamedMessageSize, maxFramesPerMessage, maxCompressionRatio, maxQueuedSize,
                queueLowWaterMark, overflowPolicy, readAheadSize);
    }

    /** Whether all limits are equal. */
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
     * Builds limits. A method that is given a value out of bounds throws an {@link IllegalArgumentException} that names
     * the limit, the value and the bounds. Not thread-safe.
     */
    public static final class Builder {
        /** The largest message that fits an array on every JVM. */
        private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;
        private static final int LEAST_READ_AHEAD = 128;
        private static final int MOST_READ_AHEAD = 16 << 20;

        private int maxMessageSize = 1 << 20;
        private long maxStreamedMessageSize = 1L << 40;
        private int maxFramesPerMessage = 131_072;
        private int maxCompressionRatio = HIGHEST_COMPRESSION_RATIO;
        private int maxQueuedSize = 1 << 20;
        private int queueLowWaterMark = 1 << 19;
        private OverflowPolicy overflowPolicy = OverflowPolicy.REFUSE;
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

        /** Sets {@link ConnectionLimits#maxCompressionRatio()}: 1 to 1,032. Default 1,032, which no message can exceed. */
        public Builder maxCompressionRatio(int ratio) {
            Bounds.check("maxCompressionRatio", ratio, 1, HIGHEST_COMPRESSION_RATIO);
            maxCompressionRatio = ratio;
            return this;
        }

        /**
         * Sets {@link ConnectionLimits#maxQueuedSize()}: 0 bytes or more. With 0, one message may be queued. Default 1
         * MiB.
         */
        public Builder maxQueuedSize(int size) {
            Bounds.check("maxQueuedSize", size, 0, Integer.MAX_VALUE);
            maxQueuedSize = size;
            return this;
        }

        /**
         * Sets {@link ConnectionLimits#queueLowWaterMark()}: 0 bytes or more. With 0, the queue must be empty. Default
         * 512 KiB.
         */
        public Builder queueLowWaterMark(int size) {
            Bounds.check("queueLowWaterMark", size, 0, Integer.MAX_VALUE);
            queueLowWaterMark = size;
            return this;
        }

        /** Sets {@link ConnectionLimits#overflowPolicy()}. Default {@link OverflowPolicy#REFUSE}. */
        public Builder overflowPolicy(OverflowPolicy policy) {
            overflowPolicy = Objects.requireNonNull(policy, "overflowPolicy");
            return this;
        }

        /** Sets {@link ConnectionLimits#readAheadSize()}: 128 bytes to 16 MiB. Default 16 KiB. */
        public Builder readAheadSize(int size) {
            Bounds.check("readAheadSize", size, LEAST_READ_AHEAD, MOST_READ_AHEAD);
            readAheadSize = size;
            return this;
        }

        /** Returns the limits. */
        public ConnectionLimits build() {
            return new ConnectionLimits(this);
        }
    }
}
