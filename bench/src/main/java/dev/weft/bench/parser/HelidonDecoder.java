package dev.weft.bench.parser;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.websocket.ClientWsFrame;
import java.util.Arrays;
import java.util.zip.Checksum;

/** Helidon's frame reader, a pull parser: each read returns a new array, as with Helidon's socket. */
final class HelidonDecoder extends Decoder {
    private final DataReader reader;

    HelidonDecoder(FrameStream stream, Checksum check) {
        super(stream, check);
        reader = new DataReader(() -> {
            int length = stream.next();
            return Arrays.copyOfRange(stream.bytes(), stream.offset(), stream.offset() + length);
        });
    }

    @Override
    protected void decodeDue() {
        while (due > 0) {
            // The context is used only for trace logging.
            BufferData payload = ClientWsFrame.read(null, reader, 1 << 20).payloadData();
            payloadBytes += payload.available();
            due--;
            if (check != null) {
                check.update(payload.readBytes());
            }
        }
    }
}
