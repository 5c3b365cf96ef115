package dev.weft.parser;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** RFC 6455 §5 implemented from top to bottom, without regard to speed. {@link FrameParser} is compared with it. */
public final class NaiveFrameParser {
    private final boolean expectMasked;
    private final int claimedRsv;
    private final long maxFrameLength;

    private final List<Frame> frames = new ArrayList<>();
    private byte[] stream;
    private int position;
    private boolean withinMessage;

    public NaiveFrameParser(Role role, long maxFrameLength, int claimedRsv) {
        this.expectMasked = role == Role.SERVER;
        this.maxFrameLength = maxFrameLength;
        this.claimedRsv = claimedRsv;
    }

    public Outcome parse(byte[] bytes) {
        stream = bytes;
        try {
            while (position < stream.length) {
                Outcome cut = frame();
                if (cut != null) {
                    return cut;
                }
            }
            return new Outcome(frames, null, 0, null, true, withinMessage);
        } catch (ArrayIndexOutOfBoundsException headerIsCut) {
            return new Outcome(frames, null, 0, null, false, withinMessage);
        } catch (ProtocolViolationException e) {
            return new Outcome(frames, null, 0, new Outcome.Violation(e.closeCode(), e.section()), false, false);
        }
    }

    private Outcome frame() throws ProtocolViolationException {
        int first = nextByte();
        boolean fin = first >= 128;
        int rsv = first & 0b0111_0000;
        int opcode = first & 0b0000_1111;
        boolean control = opcode >= 8;
        boolean beginsMessage = opcode == 1 || opcode == 2;
        require(rsv == 0 || beginsMessage && (rsv | claimedRsv) == claimedRsv, "5.2");
        require(List.of(0, 1, 2, 8, 9, 10).contains(opcode), "5.2");
        require(fin || !control, "5.5");
        require(opcode != 0 || withinMessage, "5.4");
        require(!beginsMessage || !withinMessage, "5.4");

        int second = nextByte();
        boolean masked = second >= 128;
        require(masked == expectMasked, "5.1");
        int shortLength = second % 128;
        require(!control || shortLength <= 125, "5.5");

        long length = shortLength;
        if (shortLength == 126) {
            length = extendedLength(2);
            require(length > 125, "5.2");
        } else if (shortLength == 127) {
            length = extendedLength(8);
            require(length > 65535, "5.2");
        }
        if (length > maxFrameLength) {
            throw new ProtocolViolationException(1009, "10.4", "");
        }

        int[] key = new int[4];
        for (int i = 0; masked && i < 4; i++) {
            key[i] = nextByte();
        }

        if (!control) {
            withinMessage = !fin;
        }
        int here = (int) Math.min(length, stream.length - position);
        byte[] payload = Arrays.copyOfRange(stream, position, position + here);
        for (int i = 0; i < here; i++) {
            payload[i] = (byte) (payload[i] ^ key[i % 4]);
        }
        position += here;
        Frame frame = new Frame(fin, rsv, opcode, payload);
        if (here < length) {
            return new Outcome(frames, frame, length - here, null, false, withinMessage);
        }
        frames.add(frame);
        return null;
    }

    private int nextByte() {
        return Byte.toUnsignedInt(stream[position++]);
    }

    private long extendedLength(int bytes) throws ProtocolViolationException {
        byte[] digits = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            digits[i] = (byte) nextByte();
        }
        BigInteger length = new BigInteger(1, digits);
        require(length.bitLength() <= 63, "5.2");
        return length.longValueExact();
    }

    private static void require(boolean rule, String section) throws ProtocolViolationException {
        if (!rule) {
            throw new ProtocolViolationException(1002, section, "");
        }
    }
}
