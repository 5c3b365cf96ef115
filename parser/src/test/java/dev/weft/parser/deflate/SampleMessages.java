package dev.weft.parser.deflate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.ProtocolViolationException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/** Messages for tests, and the loops that compress and decompress them. */
final class SampleMessages {
    /** The size classes; long messages are rare, to keep the tests short. */
    private static final int[] SIZES = {0, 1, 16, 125, 126, 216, 1024};
    private static final int[] LONG_SIZES = {4096, 1 << 16, 1 << 17};
    private static final String[] WORDS = {"price", "volume", "AAPL", "bid", "ask", "time", "sequence", "trade", "ü€😀",
            "quantity", "status", "open", "closed", "null", "true", "identifier"};

    private SampleMessages() {}

    /** Message number n of a sequence. */
    static byte[] numbered(int n, Random random) {
        boolean isLong = n % 167 == 166;
        int size = isLong ? LONG_SIZES[n / 167 % LONG_SIZES.length] : SIZES[random.nextInt(SIZES.length)];
        return random.nextInt(3) == 0 ? random(size, random) : text(size, random);
    }

    static byte[] random(int size, Random random) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Text that resembles JSON. */
    static byte[] text(int size, Random random) {
        StringBuilder text = new StringBuilder("{");
        while (text.length() < size) {
            text.append('"').append(WORDS[random.nextInt(WORDS.length)]).append("\":").append(random.nextInt(10_000))
                    .append(',');
        }
        return Arrays.copyOf(text.toString().getBytes(UTF_8), size);
    }

    static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    /** Compresses a message that is passed in one piece. */
    static byte[] deflated(MessageDeflater deflater, byte[] message) {
        deflater.input(message, 0, message.length, true);
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        drain(deflater, payload, 1000);
        return payload.toByteArray();
    }

    /** Compresses a message that is passed in pieces, and whose output is taken in pieces. */
    static byte[] deflated(MessageDeflater deflater, byte[] message, Random random) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        int at = 0;
        boolean last;
        do {
            int to = random.nextInt(4) == 0 ? message.length : at + random.nextInt(message.length - at + 1);
            last = to == message.length && random.nextBoolean();
            deflater.input(message, at, to, last);
            drain(deflater, payload, 1 + random.nextInt(5000));
            at = to;
        } while (!last);
        return payload.toByteArray();
    }

    private static void drain(MessageDeflater deflater, ByteArrayOutputStream payload, int room) {
        byte[] target = new byte[room + 2];
        int count;
        do {
            count = deflater.output(target, 1, 1 + room);
            payload.write(target, 1, count);
        } while (count == room);
    }

    /** Decompresses a payload that is passed in one piece. */
    static byte[] inflated(MessageInflater inflater, byte[] payload) throws ProtocolViolationException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        inflater.input(payload, 0, payload.length, true);
        drain(inflater, message, 1000);
        return message.toByteArray();
    }

    /** Decompresses a payload that is passed in pieces, and whose output is taken in pieces. */
    static byte[] inflated(MessageInflater inflater, byte[] payload, Random random) throws ProtocolViolationException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        int at = 0;
        boolean last;
        do {
            int to = random.nextInt(4) == 0 ? payload.length : at + random.nextInt(payload.length - at + 1);
            last = to == payload.length && random.nextBoolean();
            inflater.input(payload, at, to, last);
            drain(inflater, message, 1 + random.nextInt(5000));
            at = to;
        } while (!last);
        return message.toByteArray();
    }

    static void drain(MessageInflater inflater, ByteArrayOutputStream message, int room)
            throws ProtocolViolationException {
        byte[] target = new byte[room + 2];
        int count;
        do {
            count = inflater.output(target, 1, 1 + room);
            message.write(target, 1, count);
        } while (count == room);
    }
}
