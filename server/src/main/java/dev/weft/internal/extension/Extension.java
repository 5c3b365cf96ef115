package dev.weft.internal.extension;

import dev.weft.parser.ProtocolViolationException;

/**
 * A negotiated extension (RFC 6455 §9) that transforms whole messages. It claims RSV bits; a message whose first frame has
 * them goes through {@link #decoder()}, and a message that this end wants transformed goes through {@link #encoder()}.
 */
public interface Extension {
    /** The RSV bits that mark the first frame of a transformed message. */
    int rsv();

    /**
     * Whether a message that goes is to be transformed.
     *
     * @param length its bytes, or -1 for a streamed message
     */
    boolean transforms(int length);

    /** For the messages that come; used by the connection's thread. */
    Transform decoder();

    /** Bytes that the decoder holds now, within a message, wherever they are. */
    int decoderSize();

    /** For the messages that go; used under the connection's sending lock. */
    Transform encoder();

    /**
     * Bytes of one message in, bytes out, both in as many pieces as they come. It is asked for output until it has
     * none; only then it gets further input.
     */
    interface Transform extends AutoCloseable {
        /**
         * Gives it the next bytes of the message.
         *
         * @param last whether the message ends with them
         */
        void input(byte[] array, int from, int to, boolean last) throws ProtocolViolationException;

        /**
         * Takes bytes from it.
         *
         * @return how many were put into the target; fewer than there is room for when there are no more for now
         */
        int output(byte[] target, int from, int to) throws ProtocolViolationException;

        /** Gives back what it borrowed; the connection is over. */
        @Override
        void close();
    }
}
