package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.NegotiatedDeflate.MAX_WINDOW_BITS;

import dev.weft.parser.internal.Bounds;
import java.util.List;

/**
 * Settings of permessage-deflate for this end, client or server. The parameters that both ends of a connection agree on are a
 * {@link NegotiatedDeflate}. Immutable.
 */
public final class DeflateSettings {
    /** The defaults. */
    public static final DeflateSettings DEFAULT = builder().build();

    private final boolean outgoingContextTakeover;
    private final boolean incomingContextTakeover;
    private final int outgoingMaxWindowBits;
    private final int incomingMaxWindowBits;
    private final int outgoingHistorySize;
    private final int level;
    private final int minMessageSize;
    private final int maxIdleDeflaters;
    private final int maxIdleInflaters;

    private DeflateSettings(Builder builder) {
        this.outgoingContextTakeover = builder.outgoingContextTakeover;
        this.incomingContextTakeover = builder.incomingContextTakeover;
        this.outgoingMaxWindowBits = builder.outgoingMaxWindowBits;
        this.incomingMaxWindowBits = builder.incomingMaxWindowBits;
        this.outgoingHistorySize = builder.outgoingHistorySize;
        this.level = builder.level;
        this.minMessageSize = builder.minMessageSize;
        this.maxIdleDeflaters = builder.maxIdleDeflaters;
        this.maxIdleInflaters = builder.maxIdleInflaters;
    }

    /**
     * Whether outgoing messages may refer back to earlier ones, if the peer allows it; true by default. Costs
     * {@code outgoingHistorySize} bytes for each connection; compresses 216 bytes of JSON to 65 bytes instead of 145.
     */
    public boolean outgoingContextTakeover() {
        return outgoingContextTakeover;
    }

    /**
     * Whether incoming messages may refer back to earlier ones; true by default. Costs at most 2 to the power of the agreed
     * window bits, in bytes, for each connection.
     */
    public boolean incomingContextTakeover() {
        return incomingContextTakeover;
    }

    /**
     * How far outgoing messages may refer back, as a power of two, 8 to 15; 15 by default. A smaller value makes
     * compression slower and messages larger, because long messages are then cut into pieces of half a window. The peer
     * can ask for a smaller value to save its own memory.
     */
    public int outgoingMaxWindowBits() {
        return outgoingMaxWindowBits;
    }

    /**
     * How far incoming messages may refer back, as a power of two, 8 to 15; 12 by default. This bounds the memory that
     * context takeover costs: a peer that does not support the limit is asked not to use context takeover. A server
     * that ignores both requests may still use 15.
     */
    public int incomingMaxWindowBits() {
        return incomingMaxWindowBits;
    }

    /**
     * The number of bytes of earlier messages that are kept for each connection to refer back to, 0 to 32,768; 2,048 by
     * default. Each KiB also costs 2 µs per message on a connection that is not busy. Messages on a busy connection
     * refer back as far as the window, without this cost.
     */
    public int outgoingHistorySize() {
        return outgoingHistorySize;
    }

    /**
     * The compression level, 1 to 9; 1 by default. Level 6 makes long messages a fifth smaller, and takes at least twice
     * the time.
     */
    public int level() {
        return level;
    }

    /**
     * The length in bytes below which {@link #compresses} returns false; 128 by default. Without context takeover, a
     * message of less than 128 bytes shrinks by a tenth at best.
     */
    public int minMessageSize() {
        return minMessageSize;
    }

    /**
     * The maximum number of compressors that are kept between messages, for all connections together; 32 by default. Each takes
     * about 200 KiB, outside the heap.
     */
    public int maxIdleDeflaters() {
        return maxIdleDeflaters;
    }

    /**
     * The maximum number of decompressors that are kept between messages, for all connections together; 32 by default. Each
     * takes about 40 KiB, outside the heap.
     */
    public int maxIdleInflaters() {
        return maxIdleInflaters;
    }

    /**
     * Whether a message of this length is worth compressing.
     *
     * @param length in bytes, or -1 if it is not known yet; such a message is compressed
     */
    public boolean compresses(int length) {
        return length < 0 || length >= minMessageSize;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these settings. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.outgoingContextTakeover = outgoingContextTakeover;
        builder.incomingContextTakeover = incomingContextTakeover;
        builder.outgoingMaxWindowBits = outgoingMaxWindowBits;
        builder.incomingMaxWindowBits = incomingMaxWindowBits;
        builder.outgoingHistorySize = outgoingHistorySize;
        builder.level = level;
        builder.minMessageSize = minMessageSize;
        builder.maxIdleDeflaters = maxIdleDeflaters;
        builder.maxIdleInflaters = maxIdleInflaters;
        return builder;
    }

    private List<Object> values() {
        return List.of(outgoingContextTakeover, incomingContextTakeover, outgoingMaxWindowBits, incomingMaxWindowBits,
                outgoingHistorySize, level, minMessageSize, maxIdleDeflaters, maxIdleInflaters);
    }

    /** Whether all values are the same. */
    @Override
    public boolean equals(Object other) {
        return other instanceof DeflateSettings those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "DeflateSettings" + values();
    }

    /**
     * Collects settings. Setting a value out of bounds throws an {@link IllegalArgumentException} that names the setting,
     * the value and the bounds. Not thread-safe.
     */
    public static final class Builder {
        private boolean outgoingContextTakeover = true;
        private boolean incomingContextTakeover = true;
        private int outgoingMaxWindowBits = MAX_WINDOW_BITS;
        private int incomingMaxWindowBits = 12;
        private int outgoingHistorySize = 2048;
        private int level = 1;
        private int minMessageSize = 128;
        private int maxIdleDeflaters = 32;
        private int maxIdleInflaters = 32;

        private Builder() {}

        /** Sets {@link DeflateSettings#outgoingContextTakeover()}. */
        public Builder outgoingContextTakeover(boolean takeover) {
            outgoingContextTakeover = takeover;
            return this;
        }

        /** Sets {@link DeflateSettings#incomingContextTakeover()}. */
        public Builder incomingContextTakeover(boolean takeover) {
            incomingContextTakeover = takeover;
            return this;
        }

        /** Sets {@link DeflateSettings#outgoingMaxWindowBits()}. */
        public Builder outgoingMaxWindowBits(int bits) {
            NegotiatedDeflate.requireWindowBits("outgoingMaxWindowBits", bits);
            outgoingMaxWindowBits = bits;
            return this;
        }

        /** Sets {@link DeflateSettings#incomingMaxWindowBits()}. */
        public Builder incomingMaxWindowBits(int bits) {
            NegotiatedDeflate.requireWindowBits("incomingMaxWindowBits", bits);
            incomingMaxWindowBits = bits;
            return this;
        }

        /** Sets {@link DeflateSettings#outgoingHistorySize()}. */
        public Builder outgoingHistorySize(int bytes) {
            Bounds.check("outgoingHistorySize", bytes, 0, 1 << MAX_WINDOW_BITS);
            outgoingHistorySize = bytes;
            return this;
        }

        /** Sets {@link DeflateSettings#level()}. */
        public Builder level(int effort) {
            Bounds.check("level", effort, 1, 9);
            level = effort;
            return this;
        }

        /** Sets {@link DeflateSettings#minMessageSize()}. */
        public Builder minMessageSize(int bytes) {
            Bounds.check("minMessageSize", bytes, 0, Integer.MAX_VALUE);
            minMessageSize = bytes;
            return this;
        }

        /** Sets {@link DeflateSettings#maxIdleDeflaters()}. */
        public Builder maxIdleDeflaters(int count) {
            Bounds.check("maxIdleDeflaters", count, 1, Integer.MAX_VALUE);
            maxIdleDeflaters = count;
            return this;
        }

        /** Sets {@link DeflateSettings#maxIdleInflaters()}. */
        public Builder maxIdleInflaters(int count) {
            Bounds.check("maxIdleInflaters", count, 1, Integer.MAX_VALUE);
            maxIdleInflaters = count;
            return this;
        }

        /** The settings. */
        public DeflateSettings build() {
            return new DeflateSettings(this);
        }
    }
}
