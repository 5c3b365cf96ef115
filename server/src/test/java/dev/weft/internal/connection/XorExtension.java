package dev.weft.internal.connection;

import dev.weft.internal.extension.Extension;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.deflate.SharedMessage;
import java.util.concurrent.Callable;

/** A simple extension: XORs the bytes of transformed messages with a running key, which continues from message to message. */
final class XorExtension implements Extension {
    private final Step decoder = new Step();
    private final Step encoder = new Step();

    @Override
    public int rsv() {
        return FrameHeader.RSV2;
    }

    @Override
    public boolean transforms(int length) {
        return length != 0;
    }

    @Override
    public Transform decoder() {
        return decoder;
    }

    @Override
    public int decoderSize() {
        return 0;
    }

    @Override
    public Transform encoder() {
        return encoder;
    }

    /** Messages for several connections are not encoded. */
    @Override
    public byte[] share(SharedMessage message) {
        encoder.begin();
        return message.bytes();
    }

    /** Does something whenever a message is about to be encoded. */
    void onInput(Callable<?> action) {
        encoder.onInput = action;
    }

    /** Makes the end of the decoder fail. */
    void failToClose(Error error) {
        decoder.closeError = error;
    }

    /** Whether the encoder has ended. */
    boolean isClosed() {
        return encoder.isClosed();
    }

    /** The key moves with every byte, so that a lost one spoils all that follows. */
    static final class Step implements Transform {
        private byte[] array;
        private int from;
        private int to;
        private int key = 0x5a;
        private volatile boolean closed;
        private volatile Error closeError;
        private volatile Callable<?> onInput = () -> null;

        private void begin() {
            try {
                onInput.call();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void input(byte[] source, int begin, int end, boolean last) {
            begin();
            if (from != to) {
                throw new IllegalStateException("there is output left");
            }
            array = source;
            from = begin;
            to = end;
        }

        @Override
        public int output(byte[] target, int begin, int end) {
            int count = Math.min(to - from, end - begin);
            for (int i = 0; i < count; i++) {
                target[begin + i] = (byte) (array[from + i] ^ key);
                key = key * 5 + 1 & 0xff;
            }
            from += count;
            return count;
        }

        @Override
        public void close() {
            closed = true;
            if (closeError != null) {
                throw closeError;
            }
        }

        boolean isClosed() {
            return closed;
        }

        /** All at once, as a peer does it. */
        byte[] apply(byte[] bytes) {
            input(bytes, 0, bytes.length, true);
            byte[] result = new byte[bytes.length];
            output(result, 0, result.length);
            return result;
        }
    }
}
