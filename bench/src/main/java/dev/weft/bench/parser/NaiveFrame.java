package dev.weft.bench.parser;

import dev.weft.parser.Role;
import java.nio.ByteBuffer;

/** A naive implementation of writing a frame. */
final class NaiveFrame {
    private NaiveFrame() {}

    /** Writes a whole binary frame to a new buffer. */
    static ByteBuffer write(Role role, byte[] payload, int key) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14);
        int mask = role == Role.CLIENT ? 0x80 : 0;
        frame.put((byte) 0x82);
        if (payload.length < 126) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (mask | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | 127)).putLong(payload.length);
        }
        if (mask == 0) {
            return frame.put(payload).flip();
        }
        frame.putInt(Integer.reverseBytes(key));
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ key >> 8 * (i & 3)));
        }
        return frame.flip();
    }
}
