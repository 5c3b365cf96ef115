package dev.weft.bench.parser;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.websocket.ClientWsFrame;
import java.util.Arrays;
import java.util.zip.Checksum;

/** Helidon's frame reader, which pulls: each read gives an array of its own, as Helidon's socket does. */
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
            // The context is for its trace log alone.
            BufferData payload = ClientWsFrame.read(null, reader, 1 << 20).payloadData();
            payloadBytes += payload.available();
            due--;
            if (check != null) {
                check.update(payload.readBytes());
            }
        }
    }
}
