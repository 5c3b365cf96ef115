package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.FrameHeader;
import dev.weft.parser.Opcode;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A frame to send, valid or invalid (RFC 6455 §5.2), or to expect. The suite has its own code to write frames, so that it
 * cannot share a bug with the library under test.
 *
 * @param fin whether FIN is set
 * @param rsv RSV bits, {@link FrameHeader#RSV1} and so on
 * @param opcode 0 to 15
 * @param wronglyMasked whether it is unmasked if a client sends it, and masked if a server does: a violation
 * @param key the four bytes that mask the payload; {@code null} for no certain ones
 * @param form the encoding of the length
 * @param payload the payload
 */
public record Frame(boolean fin, int rsv, int opcode, boolean wronglyMasked, byte[] key, LengthForm form,
        byte[] payload) {
    /** The encoding of the length; every form except {@link #MINIMAL} may be a violation. */
    public enum LengthForm {
        /** The shortest form. */
        MINIMAL,
        /** The form of 16 bits. */
        SIXTEEN,
        /** The form of 64 bits. */
        SIXTY_FOUR
    }

    private static final Random KEYS = new Random(6455);

    /** A text frame. */
    public static Frame text(String text) {
        return text(text.getBytes(UTF_8));
    }

    /** A text frame with these bytes, which do not have to be valid text. */
    public static Frame text(byte[] payload) {
        return of(Opcode.TEXT.code(), payload);
    }

    /** A binary frame. */
    public static Frame binary(byte[] payload) {
        return of(Opcode.BINARY.code(), payload);
    }

    /** A continuation frame. */
    public static Frame continuation(byte[] payload) {
        return of(Opcode.CONTINUATION.code(), payload);
    }

    /** A continuation frame. */
    public static Frame continuation(String text) {
        return continuation(text.getBytes(UTF_8));
    }

    /** A Ping frame. */
    public static Frame ping(byte[] payload) {
        return of(Opcode.PING.code(), payload);
    }

    /** A Ping frame. */
    public static Frame ping(String text) {
        return ping(text.getBytes(UTF_8));
    }

    /** A Pong frame. */
    public static Frame pong(byte[] payload) {
        return of(Opcode.PONG.code(), payload);
    }

    /** A Pong frame. */
    public static Frame pong(String text) {
        return pong(text.getBytes(UTF_8));
    }

    /** A Close frame with this payload, which does not have to be a valid one. */
    public static Frame close(byte[] payload) {
        return of(Opcode.CLOSE.code(), payload);
    }

    /** A Close frame. */
    public static Frame close(int code, String reason) {
        byte[] text = reason.getBytes(UTF_8);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return close(payload);
    }

    /** A whole frame of any opcode. */
    public static Frame of(int opcode, byte[] payload) {
        return new Frame(true, 0, opcode, false, null, LengthForm.MINIMAL, payload);
    }

    /** This frame with FIN clear. */
    public Frame unfinished() {
        return new Frame(false, rsv, opcode, wronglyMasked, key, form, payload);
    }

    /** This frame with these RSV bits. */
    public Frame rsv(int bits) {
        return new Frame(fin, bits, opcode, wronglyMasked, key, form, payload);
    }

    /** This frame, but unmasked if a client sends it, and masked if a server does. */
    public Frame masksWrongly() {
        return new Frame(fin, rsv, opcode, true, key, form, payload);
    }

    /** This frame with this masking key. */
    public Frame key(int a, int b, int c, int d) {
        byte[] bytes = {(byte) a, (byte) b, (byte) c, (byte) d};
        return new Frame(fin, rsv, opcode, wronglyMasked, bytes, form, payload);
    }

    /** This frame with its length in another form. */
    public Frame form(LengthForm other) {
        return new Frame(fin, rsv, opcode, wronglyMasked, key, other, payload);
    }

    /** Whether this is a Close, Ping or Pong frame, or one with a reserved control opcode. */
    public boolean isControl() {
        return (opcode & 0x8) != 0;
    }

    /** Splits this message into one or more fragments of at most {@code size} bytes; RSV bits are set on the first one only. */
    public List<Frame> fragments(int size) {
        List<Frame> frames = new ArrayList<>();
        int at = 0;
        do {
            int end = Math.min(at + size, payload.length);
            byte[] part = Arrays.copyOfRange(payload, at, end);
            Frame frame = frames.isEmpty() ? of(opcode, part).rsv(rsv) : continuation(part);
            frames.add(end < payload.length ? frame.unfinished() : frame);
            at = end;
        } while (at < payload.length);
        return frames;
    }

    /** Splits this message into fragments at these offsets; a repeated offset makes an empty fragment. */
    public Frame[] cutAt(int... offsets) {
        Frame[] frames = new Frame[offsets.length + 1];
        int from = 0;
        for (int i = 0; i < frames.length; i++) {
            boolean last = i == offsets.length;
            int to = last ? payload.length : offsets[i];
            byte[] part = Arrays.copyOfRange(payload, from, to);
            Frame frame = i == 0 ? of(opcode, part).rsv(rsv) : continuation(part);
            frames[i] = last ? frame : frame.unfinished();
            from = to;
        }
        return frames;
    }

    private int lengthBytes() {
        return switch (form) {
            case SIXTEEN -> 2;
            case SIXTY_FOUR -> 8;
            case MINIMAL -> payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
        };
    }

    /** The frame's bytes on the wire, if this side sends it. */
    public byte[] bytes(Side sender) {
        int extended = lengthBytes();
        boolean masked = sender.masks() != wronglyMasked;
        int header = 2 + extended + (masked ? 4 : 0);
        byte[] bytes = new byte[header + payload.length];
        bytes[0] = (byte) ((fin ? FrameHeader.FIN : 0) | rsv | opcode);
        int mask = masked ? FrameHeader.MASK : 0;
        bytes[1] = (byte) (mask | (extended == 0 ? payload.length : extended == 2 ? 126 : 127));
        int p = 2;
        for (int i = extended - 1; i >= 0; i--) {
            bytes[p++] = (byte) (i > 3 ? 0 : payload.length >>> 8 * i);
        }
        System.arraycopy(payload, 0, bytes, header, payload.length);
        if (masked) {
            byte[] used = key == null ? randomKey() : key;
            System.arraycopy(used, 0, bytes, p, 4);
            mask(bytes, header, used);
        }
        return bytes;
    }

    private static byte[] randomKey() {
        byte[] key = new byte[4];
        KEYS.nextBytes(key);
        return key;
    }

    /** Masks or unmasks the bytes from an offset to the end (§5.3). */
    static void mask(byte[] bytes, int from, byte[] key) {
        for (int i = from; i < bytes.length; i++) {
            bytes[i] ^= key[i - from & 3];
        }
    }

    /** The bytes of these frames on the wire, one after the other. */
    public static byte[] bytes(Side sender, List<Frame> frames) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Frame frame : frames) {
            all.writeBytes(frame.bytes(sender));
        }
        return all.toByteArray();
    }

    @Override
    public String toString() {
        return Transcript.describe(fin, rsv, opcode, payload.length, payload);
    }
}
