package dev.weft.bench.parser;

import java.nio.ByteBuffer;
import java.util.zip.Checksum;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.internal.Parser;

/**
 * Jetty's parser, followed by the unmasking that its session does. As by default, a frame that is split across reads is
 * delivered in pieces and not joined.
 */
final class JettyDecoder extends Decoder {
    private final Parser parser;
    private final ByteBuffer buffer;

    JettyDecoder(FrameStream stream, Checksum check) {
        super(stream, check);
        var configuration = new Configuration.ConfigurationCustomizer();
        configuration.setMaxFrameSize(1 << 20);
        parser = new Parser(new ArrayByteBufferPool(), configuration);
        buffer = ByteBuffer.allocate(stream.largestRegion());
    }

    @Override
    protected void decodeDue() {
        while (due > 0) {
            buffer.clear().limit(stream.next(buffer.array()));
            while (buffer.hasRemaining()) {
                Frame.Parsed frame = parser.parse(buffer);
                if (frame == null) {
                    break;
                }
                take(frame);
                frame.close();
            }
        }
    }

    private void take(Frame.Parsed frame) {
        frame.demask();
        payloadBytes += frame.getPayloadLength();
        if (frame.isFin()) {
            due--;
        }
        if (check != null && frame.hasPayload()) {
            check.update(frame.getPayload().slice());
        }
    }
}
