package dev.weft.internal.extension;

import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.deflate.SharedMessage;

/**
 * A negotiated extension (RFC 6455 §9) that transforms whole messages. It claims RSV bits. {@link #decoder()} decodes an
 * incoming message whose first frame has these bits; {@link #encoder()} encodes an outgoing message that this end wants to
 * transform.
 */
public interface Extension {
    /** The RSV bits that mark the first frame of a transformed message. */
    int rsv();

    /**
     * Whether an outgoing message should be transformed.
     *
     * @param length the message's length in bytes, or -1 for a streamed message
     */
    boolean transforms(int length);

    /** The decoder of incoming messages; used by the thread that receives. */
    Transform decoder();

    /** The number of bytes that the decoder holds now, within a message, on or off the heap. */
    int decoderSize();

    /** The encoder of outgoing messages; used with the connection's sending lock held. */
    Transform encoder();

    /**
     * Whether {@link #share} has to transform the message itself, which takes as long as the encoder would. Used with the
     * connection's sending lock held.
     */
    default boolean isNew(SharedMessage message) {
        return false;
    }

    /**
     * Transforms a message for several connections, or reuses the result that another connection has already produced. Called
     * with the connection's sending lock held, directly before the message is sent.
     *
     * @return the transformed message, which must not be changed; or the message's own bytes, to be sent untransformed
     */
    default byte[] share(SharedMessage message) {
        return message.bytes();
    }

    /** See {@link dev.weft.internal.Prefetch}: what {@link #share} needs. For any thread. */
    default int prefetch() {
        return 0;
    }

    /**
     * Transforms the bytes of one message, in any number of pieces. The caller takes output until there is none, and only then
     * passes further input.
     */
    interface Transform extends AutoCloseable {
        /**
         * Passes the next bytes of the message.
         *
         * @param last whether the message ends with them
         */
        void input(byte[] array, int from, int to, boolean last) throws ProtocolViolationException;

        /**
         * Takes output bytes.
         *
         * @return the number of bytes that were put into the target; less than its room if there is no more output for now
         */
        int output(byte[] target, int from, int to) throws ProtocolViolationException;

        /** Returns everything that it borrowed. Called when the connection has ended. */
        @Override
        void close();
    }
}
