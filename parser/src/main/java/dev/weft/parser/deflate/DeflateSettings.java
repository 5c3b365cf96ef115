package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.NegotiatedDeflate.MAX_WINDOW_BITS;

/**
 * Settings of permessage-deflate for this end, client or server. What both ends of a connection agreed on is its
 * {@link NegotiatedDeflate}.
 *
 * @param outgoingContextTakeover whether outgoing messages may refer back to earlier ones, if the peer allows it; true by
 *                                default. Costs {@code outgoingHistorySize} bytes for each connection; makes 216 bytes of JSON
 *                                65 rather than 145
 * @param incomingContextTakeover the same for incoming messages; true by default. Costs at most 2 to the power of the agreed
 *                                window bits, in bytes, for each connection
 * @param outgoingMaxWindowBits   how far outgoing messages may refer back, as a power of two, 8 to 15; 15 by default. A smaller
 *                                value costs time and size, since long messages are then cut into pieces of half a window; the
 *                                peer can ask for one to save its own memory
 * @param incomingMaxWindowBits   the same for incoming messages; 12 by default. Bounds the memory that context takeover costs:
 *                                a peer that does not support the limit is asked not to take its context over
 * @param outgoingHistorySize     bytes of earlier messages that are kept for a connection to refer back to, 0 to 32,768; 2,048
 *                                by default. Each KiB also costs 2 µs in each message of a connection that is not busy; a busy
 *                                one refers back as far as its window, at no such cost
 * @param level                   effort of the compressor, 1 to 9; 1 by default: 6 makes long messages a fifth smaller, and
 *                                takes twice the time or more
 * @param minMessageSize          the length in bytes under which {@link #compresses} returns false; 128 by default. Without
 *                                context takeover less than 128 shrink by a tenth at best
 * @param maxIdleDeflaters        compressors that are kept between messages, for all connections together; 32 by default. Each
 *                                takes about 200 KiB, outside the heap
 * @param maxIdleInflaters        decompressors that are kept between messages, for all connections together; 32 by default.
 *                                Each takes about 40 KiB, outside the heap
 */
public record DeflateSettings(boolean outgoingContextTakeover, boolean incomingContextTakeover,
        int outgoingMaxWindowBits, int incomingMaxWindowBits, int outgoingHistorySize, int level, int minMessageSize,
        int maxIdleDeflaters, int maxIdleInflaters) {

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public DeflateSettings {
        NegotiatedDeflate.requireWindowBits("outgoingMaxWindowBits", outgoingMaxWindowBits);
        NegotiatedDeflate.requireWindowBits("incomingMaxWindowBits", incomingMaxWindowBits);
        require("outgoingHistorySize", outgoingHistorySize, 0, 1 << MAX_WINDOW_BITS);
        require("level", level, 1, 9);
        require("minMessageSize", minMessageSize, 0, Integer.MAX_VALUE);
        require("maxIdleDeflaters", maxIdleDeflaters, 1, Integer.MAX_VALUE);
        require("maxIdleInflaters", maxIdleInflaters, 1, Integer.MAX_VALUE);
    }

    private static void require(String setting, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(setting + " must be " + min + " to " + max + ", not " + value);
        }
    }

    /** The defaults. */
    public static DeflateSettings defaults() {
        return builder().build();
    }

    /** A builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Whether a message of this length is worth compressing.
     *
     * @param length in bytes, or -1 if it is not known yet; such a message is compressed
     */
    public boolean compresses(int length) {
        return length < 0 || length >= minMessageSize;
    }

    /** Collects settings. One thread. */
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

        /** Sets {@link DeflateSettings#outgoingContextTakeover}. */
        public Builder outgoingContextTakeover(boolean takeover) {
            outgoingContextTakeover = takeover;
            return this;
        }

        /** Sets {@link DeflateSettings#incomingContextTakeover}. */
        public Builder incomingContextTakeover(boolean takeover) {
            incomingContextTakeover = takeover;
            return this;
        }

        /** Sets {@link DeflateSettings#outgoingMaxWindowBits}. */
        public Builder outgoingMaxWindowBits(int bits) {
            outgoingMaxWindowBits = bits;
            return this;
        }

        /** Sets {@link DeflateSettings#incomingMaxWindowBits}. */
        public Builder incomingMaxWindowBits(int bits) {
            incomingMaxWindowBits = bits;
            return this;
        }

        /** Sets {@link DeflateSettings#outgoingHistorySize}. */
        public Builder outgoingHistorySize(int bytes) {
            outgoingHistorySize = bytes;
            return this;
        }

        /** Sets {@link DeflateSettings#level}. */
        public Builder level(int effort) {
            level = effort;
            return this;
        }

        /** Sets {@link DeflateSettings#minMessageSize}. */
        public Builder minMessageSize(int bytes) {
            minMessageSize = bytes;
            return this;
        }

        /** Sets {@link DeflateSettings#maxIdleDeflaters}. */
        public Builder maxIdleDeflaters(int count) {
            maxIdleDeflaters = count;
            return this;
        }

        /** Sets {@link DeflateSettings#maxIdleInflaters}. */
        public Builder maxIdleInflaters(int count) {
            maxIdleInflaters = count;
            return this;
        }

        /**
         * The settings.
         *
         * @throws IllegalArgumentException if one is out of its range
         */
        public DeflateSettings build() {
            return new DeflateSettings(outgoingContextTakeover, incomingContextTakeover, outgoingMaxWindowBits,
                    incomingMaxWindowBits, outgoingHistorySize, level, minMessageSize, maxIdleDeflaters,
                    maxIdleInflaters);
        }
    }
}
