package dev.weft.parser.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.MessageInflater;
import dev.weft.parser.deflate.NaiveInflater;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compressed messages: however they are cut, and however much output is requested at once, {@link MessageInflater} must give
 * the same result as {@link NaiveInflater}, keep to the bounds, and throw nothing but violations.
 *
 * <pre>
 * byte 0   bits 0 to 2: the sender's window bits - 8; bit 3: set for no context takeover
 * byte 1   how messages are cut
 * byte 2   how many bytes are asked for at once, less one
 * then      messages, each behind its length in two bytes; the last one may be shorter than that
 * </pre>
 */
public final class InflaterFuzz {
    /** The maximum output of a connection, in bytes. */
    private static final int LIMIT = 1 << 16;
    private static final byte UNTOUCHED = 0x55;

    private static final DeflateCodecs CODECS = new DeflateCodecs(DeflateSettings.DEFAULT);

    private enum End {
        DONE, VIOLATION, LIMIT
    }

    /** The result of a connection: its complete messages, and how it ended. */
    private record Inflated(List<byte[]> messages, End end) {}

    private InflaterFuzz() {}

    /** What a fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 3) {
            return;
        }
        int windowBits = 8 + (data[0] & 7);
        boolean noTakeover = (data[0] & 8) != 0;
        List<byte[]> payloads = payloads(ByteBuffer.wrap(data, 3, data.length - 3));
        NegotiatedDeflate negotiated = new NegotiatedDeflate(false, noTakeover, 15, windowBits);

        Inflated whole = inflated(negotiated, payloads, data[1], false, 4096);
        Inflated cut = inflated(negotiated, payloads, data[1], true, Byte.toUnsignedInt(data[2]) + 1);
        int both = Math.min(whole.messages.size(), cut.messages.size());
        for (int i = 0; i < both; i++) {
            assertArrayEquals(whole.messages.get(i), cut.messages.get(i));
        }
        if (whole.end != End.LIMIT && cut.end != End.LIMIT) {
            assertEquals(whole.end, cut.end);
            assertEquals(whole.messages.size(), cut.messages.size());
            compare(new NaiveInflater(windowBits, !noTakeover), payloads, whole);
        }
    }

    private static List<byte[]> payloads(ByteBuffer data) {
        List<byte[]> payloads = new ArrayList<>();
        while (data.remaining() >= 2) {
            byte[] payload = new byte[Math.min(data.getShort() & 0xffff, data.remaining())];
            data.get(payload);
            payloads.add(payload);
        }
        return payloads;
    }

    private static Inflated inflated(NegotiatedDeflate negotiated, List<byte[]> payloads, byte seed, boolean cut,
            int room) {
        List<byte[]> messages = new ArrayList<>();
        int left = LIMIT;
        try (MessageInflater inflater = CODECS.inflater(negotiated, Role.SERVER)) {
            for (byte[] payload : payloads) {
                int[] cuts = cut ? Cuts.of(seed, payload.length) : new int[]{0, payload.length};
                ByteArrayOutputStream message = new ByteArrayOutputStream();
                for (int i = 1; i < cuts.length; i++) {
                    inflater.input(payload, cuts[i - 1], cuts[i], i == cuts.length - 1);
                    if (!drain(inflater, message, room, left)) {
                        return new Inflated(messages, End.LIMIT);
                    }
                }
                if (cuts.length == 1) {
                    inflater.input(payload, 0, 0, true);
                    drain(inflater, message, room, left);
                }
                left -= message.size();
                messages.add(message.toByteArray());
                assertTrue(inflater.retainedSize() <= (negotiated.clientNoContextTakeover()
                        ? 0
                        : 1 << negotiated.clientMaxWindowBits()));
            }
            return new Inflated(messages, End.DONE);
        } catch (ProtocolViolationException e) {
            assertEquals(1007, e.closeCode());
            return new Inflated(messages, End.VIOLATION);
        }
    }

    /** Takes the available output; returns whether it was within the bound. */
    private static boolean drain(MessageInflater inflater, ByteArrayOutputStream message, int room, int left)
            throws ProtocolViolationException {
        byte[] target = new byte[room + 2];
        int count;
        do {
            Arrays.fill(target, UNTOUCHED);
            count = inflater.output(target, 1, 1 + room);
            assertTrue(count >= 0 && count <= room);
            assertEquals(UNTOUCHED, target[0]);
            assertEquals(UNTOUCHED, target[1 + room]);
            message.write(target, 1, count);
        } while (count == room && message.size() <= left);
        return message.size() <= left;
    }

    /** What the naive inflater accepts must be accepted, with the same result; the naive one has the stricter window. */
    private static void compare(NaiveInflater naive, List<byte[]> payloads, Inflated inflated) {
        for (int i = 0; i < payloads.size(); i++) {
            byte[] expected;
            try {
                expected = naive.message(payloads.get(i));
            } catch (AssertionError | IndexOutOfBoundsException | IllegalArgumentException refused) {
                return;
            }
            assertTrue(i < inflated.messages.size(), "refused: message " + i);
            assertArrayEquals(expected, inflated.messages.get(i));
        }
    }
}
