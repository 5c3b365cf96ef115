package dev.weft.attacks;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** A frame as a server sends it (RFC 6455 §5.2): unmasked and without extensions. */
record WireFrame(int firstByte, byte[] payload) {
    private static final int LONGEST = 64 << 20;

    /** Reads one; {@code null} at the end. Fails if the end cuts the frame, or if this is no frame of a server. */
    static WireFrame read(InputStream in) throws IOException {
        int first = in.read();
        if (first < 0) {
            return null;
        }
        int second = byteOf(in);
        long length = second < 126 ? second : second == 126 ? number(in, 2) : number(in, 8);
        if (second > 127 || (first & 0x70) != 0 || length > LONGEST) {
            throw new AssertionError("not a frame: " + Integer.toHexString(first) + " " + Integer.toHexString(second));
        }
        return new WireFrame(first, exactly(in, (int) length));
    }

    boolean isClose() {
        return firstByte == 0x88;
    }

    boolean isPing() {
        return firstByte == 0x89;
    }

    boolean isControl() {
        return (firstByte & 8) != 0;
    }

    boolean isFinal() {
        return (firstByte & 0x80) != 0;
    }

    boolean isContinuation() {
        return (firstByte & 0xf) == 0;
    }

    /** A Close frame's code; 1005 if it has none. */
    int closeCode() {
        return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xffff;
    }

    private static long number(InputStream in, int bytes) throws IOException {
        long number = 0;
        for (int i = 0; i < bytes; i++) {
            number = number << 8 | byteOf(in);
        }
        return number;
    }

    private static int byteOf(InputStream in) throws IOException {
        int next = in.read();
        if (next < 0) {
            throw new EOFException("the end cuts a frame's header");
        }
        return next;
    }

    private static byte[] exactly(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the end cuts a frame's payload");
        }
        return bytes;
    }
}
