package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.internal.transport.Transport;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/** The other end of a connection under test: writes literal bytes and frames, and reads exact ones. */
public final class TestPeer {
    /** A frame that the connection sent. */
    public record Frame(int firstByte, byte[] payload) {
        /** The payload as text. */
        public String text() {
            return new String(payload, UTF_8);
        }
    }

    private static final int KEY = 0x37fa213d;

    private final Transport transport;
    private final boolean masks;
    private final AtomicLong sent = new AtomicLong();

    TestPeer(Transport transport, boolean masks) {
        this.transport = transport;
        this.masks = masks;
    }

    /** Bytes from hex, in which blanks mean nothing. */
    public static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }

    /** Bytes as hex. */
    public static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /** A client's frame, masked. */
    public static byte[] frame(int firstByte, byte[] payload) {
        return frame(firstByte, payload, true);
    }

    /** A client's text message in one frame. */
    public static byte[] text(String text) {
        return frame(0x81, text.getBytes(UTF_8));
    }

    /** A client's binary message in one frame. */
    public static byte[] binary(byte[] payload) {
        return frame(0x82, payload);
    }

    private static byte[] frame(int firstByte, byte[] payload, boolean masked) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        int mask = masked ? 0x80 : 0;
        frame.put((byte) firstByte);
        if (payload.length < 126) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (mask | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | 127)).putLong(payload.length);
        }
        if (masked) {
            frame.putInt(KEY);
        }
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ (masked ? KEY >>> 24 - 8 * (i & 3) : 0)));
        }
        byte[] bytes = new byte[frame.flip().remaining()];
        frame.get(bytes);
        return bytes;
    }

    /** Writes literal bytes. */
    public TestPeer send(String hex) throws IOException {
        return send(hex(hex));
    }

    /** Writes bytes. */
    public TestPeer send(byte[] bytes) throws IOException {
        return send(bytes, 0, bytes.length);
    }

    /** Writes some bytes. */
    public TestPeer send(byte[] bytes, int from, int to) throws IOException {
        sent.addAndGet(to - from);
        transport.write(ByteBuffer.wrap(bytes, from, to - from));
        return this;
    }

    /** Writes a frame, masked if this is a client. */
    public TestPeer sendFrame(int firstByte, byte[] payload) throws IOException {
        return send(frame(firstByte, payload, masks));
    }

    /** Writes a text message in one frame. */
    public TestPeer sendText(String text) throws IOException {
        return sendFrame(0x81, text.getBytes(UTF_8));
    }

    /** Writes a Close frame with this code. */
    public TestPeer sendClose(int code) throws IOException {
        return sendFrame(0x88, new byte[]{(byte) (code >>> 8), (byte) code});
    }

    /** How many bytes were written. */
    long sent() {
        return sent.get();
    }

    /** Reads this number of bytes. */
    public byte[] read(int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (transport.read(bytes) < 0) {
                throw new EOFException("after " + hex(java.util.Arrays.copyOf(bytes.array(), bytes.position())));
            }
        }
        return bytes.array();
    }

    /** Reads as many bytes as these and compares. */
    public TestPeer expect(String hex) throws IOException {
        byte[] expected = hex(hex);
        assertEquals(hex(expected), hex(read(expected.length)));
        return this;
    }

    /** Reads a server's frame. */
    public Frame readFrame() throws IOException {
        byte[] head = read(2);
        int length = head[1];
        if (length == 126) {
            length = ByteBuffer.wrap(read(2)).getShort() & 0xffff;
        } else if (length == 127) {
            length = (int) ByteBuffer.wrap(read(8)).getLong();
        }
        return new Frame(head[0] & 0xff, read(length));
    }

    /** Reads a server's frame and compares. */
    public TestPeer expectFrame(int firstByte, byte[] payload) throws IOException {
        Frame frame = readFrame();
        assertEquals(Integer.toHexString(firstByte), Integer.toHexString(frame.firstByte()), "first byte");
        assertArrayEquals(payload, frame.payload());
        return this;
    }

    /** Reads a text message in one frame. */
    public TestPeer expectText(String text) throws IOException {
        return expectFrame(0x81, text.getBytes(UTF_8));
    }

    /** Reads a Close frame with this code and any reason, and the end after it. */
    public void expectCloseAndEnd(int code) throws IOException {
        Frame frame = readFrame();
        assertEquals("88", Integer.toHexString(frame.firstByte()), "first byte");
        assertEquals(code, ByteBuffer.wrap(frame.payload()).getShort());
        expectEnd();
    }

    /** Expects the end, with no byte before it. */
    public void expectEnd() throws IOException {
        assertEquals("", hex(readToEnd()), "nothing more");
    }

    /** Reads all remaining bytes. */
    public byte[] readToEnd() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer piece = ByteBuffer.allocate(4096);
        while (transport.read(piece.clear()) >= 0) {
            all.write(piece.array(), 0, piece.position());
        }
        return all.toByteArray();
    }

    /** Wants that the connection was cut off, not ended. */
    public void expectReset() {
        assertThrows(IOException.class, this::readToEnd);
    }

    /** Says that nothing more will be sent. */
    public TestPeer shutdownOutput() throws IOException {
        transport.shutdownOutput();
        return this;
    }

    /** Closes the transport. */
    public void close() {
        transport.close();
    }
}
