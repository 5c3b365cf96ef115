package dev.weft.bench.parser;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.Checksum;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.enums.Role;
import org.java_websocket.exceptions.InvalidDataException;
import org.java_websocket.framing.Framedata;

/** Java-WebSocket's draft, which copies each payload to a new array. */
final class JavaWebSocketDecoder extends Decoder {
    private final Draft_6455 draft = new Draft_6455(List.of(), 1 << 20);
    private final ByteBuffer buffer;

    JavaWebSocketDecoder(FrameStream stream, Checksum check) {
        super(stream, check);
        draft.setParseMode(Role.SERVER);
        buffer = ByteBuffer.allocate(stream.largestRegion());
    }

    @Override
    protected void decodeDue() throws InvalidDataException {
        while (due > 0) {
            buffer.clear().limit(stream.next(buffer.array()));
            for (Framedata frame : draft.translateFrame(buffer)) {
                ByteBuffer payload = frame.getPayloadData();
                payloadBytes += payload.remaining();
                due--;
                if (check != null) {
                    check.update(payload);
                }
            }
        }
    }
}
