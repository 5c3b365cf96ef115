package dev.weft.bench.parser;

import dev.weft.parser.Masking;
import java.util.zip.Checksum;

/**
 * A frame decoder that reads a {@link FrameStream}. It makes each frame's unmasked payload available in the way of its library,
 * and does nothing else; its counts prove that it did so. One decoder is measured per JVM, so that its calls are not
 * megamorphic.
 */
abstract class Decoder implements AutoCloseable {
    /** Receives all payloads in a test; {@code null} in a benchmark. */
    protected final Checksum check;
    protected final FrameStream stream;
    /**
     * The number of frames that are still to be decoded; it can be negative, because a push decoder decodes a whole region at
     * once.
     */
    protected long due;
    /** The total number of bytes of unmasked payload. */
    protected long payloadBytes;

    Decoder(FrameStream stream, Checksum check) {
        this.stream = stream;
        this.check = check;
    }

    /** The decoder of this name. */
    static Decoder of(String name, FrameStream stream, Checksum check) {
        return switch (name) {
            case "copy" -> new Copy(stream, false);
            case "copy+xor" -> new Copy(stream, true);
            case "weft" -> new WeftDecoder(stream, check);
            case "netty-heap" -> new NettyDecoder(stream, check, false);
            case "netty-direct" -> new NettyDecoder(stream, check, true);
            case "jetty" -> new JettyDecoder(stream, check);
            case "java-websocket" -> new JavaWebSocketDecoder(stream, check);
            case "helidon" -> new HelidonDecoder(stream, check);
            case "okhttp" -> new OkHttpDecoder(stream, check);
            default -> throw new IllegalArgumentException("no such decoder: " + name);
        };
    }

    /**
     * Decodes about this number of further frames; frames that it decodes ahead count in the next call.
     *
     * @return a value that depends on the decoded frames
     */
    final long decode(int frames) throws Exception {
        due += frames;
        decodeDue();
        return payloadBytes;
    }

    /** Decodes until no frame is due. */
    protected abstract void decodeDue() throws Exception;

    /** The number of payload bytes that have been unmasked so far. */
    final long payloadBytes() {
        return payloadBytes;
    }

    @Override
    public void close() {}

    /** Not a decoder: only reads, or also does one pass of XOR over all bytes, which is the minimum cost of unmasking. */
    private static final class Copy extends Decoder {
        private final byte[] buffer;
        private final boolean xor;
        private final double framesPerByte;
        private double read;

        Copy(FrameStream stream, boolean xor) {
            super(stream, null);
            this.xor = xor;
            this.buffer = new byte[stream.largestRegion()];
            this.framesPerByte = 1 / stream.frameSize();
        }

        @Override
        protected void decodeDue() {
            while (due > 0) {
                int length = stream.next(buffer);
                if (xor) {
                    Masking.apply(buffer, 0, length, 0x3d21fa37);
                }
                payloadBytes += length;
                read += length * framesPerByte;
                long whole = (long) read;
                read -= whole;
                due -= whole;
            }
        }
    }
}
