package dev.weft.bench.parser;

import dev.weft.parser.FrameParser;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import java.util.zip.Checksum;

/** {@link FrameParser}, which delivers a payload in place, in one piece for each read that it is split across. */
final class WeftDecoder extends Decoder {
    private final FrameParser parser = new FrameParser(Role.SERVER, 1 << 20);
    private final byte[] buffer;

    WeftDecoder(FrameStream stream, Checksum check) {
        super(stream, check);
        buffer = new byte[stream.largestRegion()];
    }

    @Override
    protected void decodeDue() throws ProtocolViolationException {
        while (due > 0) {
            switch (parser.next()) {
                case FRAME -> {
                    take();
                    due--;
                }
                case FRAME_START -> {}
                case PAYLOAD -> take();
                case FRAME_END -> due--;
                case NEED_INPUT -> parser.feed(buffer, 0, stream.next(buffer));
            }
        }
    }

    private void take() {
        payloadBytes += parser.payloadLength();
        if (check != null) {
            check.update(parser.array(), parser.payloadOffset(), parser.payloadLength());
        }
    }
}
