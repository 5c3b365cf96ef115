package dev.weft.bench.parser;

import java.io.IOException;
import java.util.zip.Checksum;
import okhttp3.internal.ws.WebSocketReader;
import okio.Buffer;
import okio.ByteString;
import okio.Okio;
import okio.Source;
import okio.Timeout;

/**
 * The reader of okhttp, a pull parser, in the role of its mock server. It joins frames to messages; here each frame is one
 * message.
 */
final class OkHttpDecoder extends Decoder {
    private final WebSocketReader reader;

    OkHttpDecoder(FrameStream stream, Checksum check) {
        super(stream, check);
        reader = new WebSocketReader(false, Okio.buffer(new Regions(stream)), new Sink(), false, false);
    }

    @Override
    protected void decodeDue() throws IOException {
        while (due > 0) {
            reader.processNextFrame();
        }
    }

    /** Returns at most the requested number of bytes of a region at a time. */
    private static final class Regions implements Source {
        private final FrameStream stream;
        private int from;
        private int to;

        Regions(FrameStream stream) {
            this.stream = stream;
        }

        @Override
        public long read(Buffer sink, long limit) {
            if (from == to) {
                int length = stream.next();
                from = stream.offset();
                to = from + length;
            }
            int count = (int) Math.min(limit, to - from);
            sink.write(stream.bytes(), from, count);
            from += count;
            return count;
        }

        @Override
        public Timeout timeout() {
            return Timeout.NONE;
        }

        @Override
        public void close() {}
    }

    /** Receives messages; the stream has no other frames. */
    private final class Sink implements WebSocketReader.FrameCallback {
        @Override
        public void onReadMessage(ByteString payload) {
            payloadBytes += payload.size();
            due--;
            if (check != null) {
                check.update(payload.toByteArray());
            }
        }

        @Override
        public void onReadMessage(String text) {
            throw new IllegalStateException("text");
        }

        @Override
        public void onReadPing(ByteString payload) {
            throw new IllegalStateException("ping");
        }

        @Override
        public void onReadPong(ByteString payload) {
            throw new IllegalStateException("pong");
        }

        @Override
        public void onReadClose(int code, String reason) {
            throw new IllegalStateException("close");
        }
    }
}
