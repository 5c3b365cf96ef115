package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Random streams, valid and damaged, cut at random: {@link FrameParser} must give the same result as {@link NaiveFrameParser}.
 * The system property {@code weft.fuzz.frames} sets the number of frames, and {@code weft.fuzz.seed} the first seed: the seed
 * in the message of a failure, with 1 frame, repeats that failure.
 */
class FrameParserFuzzTest {
    private static final long FRAMES = Long.getLong("weft.fuzz.frames", 5_000_000);
    private static final long SEED = Long.getLong("weft.fuzz.seed", 0x6455);

    private final TreeMap<String, Long> seen = new TreeMap<>();

    @Test
    void agreesWithTheNaiveParser() {
        long frames = 0;
        for (long seed = SEED; frames < FRAMES; seed++) {
            try {
                frames += oneStream(new SplittableRandom(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("with -Dweft.fuzz.frames=1 -Dweft.fuzz.seed=" + seed, e);
            }
        }
        if (FRAMES >= 1_000_000) {
            // Otherwise the generated streams are not valid.
            for (String kind : List.of("good", "unfinished", "5.1", "5.2", "5.4", "5.5", "10.4")) {
                assertTrue(seen.getOrDefault(kind, 0L) > 1000, () -> "streams: " + seen);
            }
        }
    }

    private int oneStream(SplittableRandom random) {
        Role role = random.nextBoolean() ? Role.SERVER : Role.CLIENT;
        int claimedRsv = random.nextInt(8) << 4;
        // Rarely so small that valid frames exceed it.
        long maxFrameLength = random.nextInt(16) == 0
                ? random.nextInt(125, 70_000)
                : random.nextLong(1 << 20, 1L << 40);
        List<Frame> sent = frames(random, claimedRsv);
        byte[] bytes = encode(random, role, sent);
        int mutations = random.nextInt(3) == 0 ? random.nextInt(1, 4) : 0;
        for (int i = 0; i < mutations; i++) {
            bytes = mutate(random, bytes);
        }

        Outcome expected = new NaiveFrameParser(role, maxFrameLength, claimedRsv).parse(bytes);
        if (mutations == 0 && maxFrameLength >= 1 << 20) {
            assertEquals(sent, expected.frames());
        }
        var reading = new Reading(new FrameParser(role, maxFrameLength, claimedRsv));
        feedSlices(random, reading, bytes);
        assertEquals(expected, reading.outcome());
        String kind = expected.violation() != null
                ? expected.violation().section()
                : expected.atBoundary() ? "good" : "unfinished";
        seen.merge(kind, 1L, Long::sum);
        return sent.size();
    }

    /** Frames that obey every rule. */
    private static List<Frame> frames(SplittableRandom random, int claimedRsv) {
        var frames = new ArrayList<Frame>();
        boolean withinMessage = false;
        for (int count = random.nextInt(1, 20); count > 0; count--) {
            boolean control = random.nextInt(4) == 0;
            boolean fin = control || random.nextBoolean();
            int opcode = control ? random.nextInt(8, 11) : withinMessage ? 0 : random.nextInt(1, 3);
            int rsv = opcode == 1 || opcode == 2 ? claimedRsv & random.nextInt(8) << 4 : 0;
            byte[] payload = new byte[control ? random.nextInt(126) : payloadLength(random)];
            random.nextBytes(payload);
            frames.add(new Frame(fin, rsv, opcode, payload));
            withinMessage = control ? withinMessage : !fin;
        }
        return frames;
    }

    private static int payloadLength(SplittableRandom random) {
        return switch (random.nextInt(256)) {
            case 0 -> random.nextInt(65_500, 65_600);
            case 1, 2, 3 -> random.nextInt(2000);
            default -> switch (random.nextInt(4)) {
                case 0 -> random.nextInt(9);
                case 1 -> random.nextInt(120, 135);
                default -> random.nextInt(200);
            };
        };
    }

    private static byte[] encode(SplittableRandom random, Role receiver, List<Frame> frames) {
        var out = new ByteArrayOutputStream();
        byte[] key = new byte[4];
        for (Frame frame : frames) {
            random.nextBytes(key);
            out.writeBytes(receiver == Role.SERVER ? frame.bytes(key) : frame.bytes());
        }
        return out.toByteArray();
    }

    private static byte[] mutate(SplittableRandom random, byte[] bytes) {
        if (bytes.length < 2) {
            return bytes;
        }
        byte[] mutated = bytes.clone();
        // Mostly among the first bytes, because a header begins near them.
        int at = random.nextInt(random.nextBoolean() ? Math.min(16, bytes.length) : bytes.length);
        switch (random.nextInt(5)) {
            case 0 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> mutated[at] = (byte) random.nextInt();
            case 2 -> mutated = Arrays.copyOf(bytes, at);
            case 3 -> mutated = Hex.join(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at + 1, bytes.length));
            default -> {
                // An extended length with any number of leading zeros, or ones.
                mutated[1] = (byte) (mutated[1] & 0x80 | random.nextInt(126, 128));
                int zeros = random.nextInt(10);
                byte digit = (byte) (random.nextInt(8) == 0 ? 0xff : 0);
                Arrays.fill(mutated, Math.min(2, bytes.length), Math.min(2 + zeros, bytes.length), digit);
            }
        }
        return mutated;
    }

    /** Each slice is at a random position in its own array, with random bytes around it that must not change. */
    private static void feedSlices(SplittableRandom random, Reading reading, byte[] bytes) {
        int longest = 1 << random.nextInt(random.nextInt(8) == 0 ? 3 : 8, 18);
        for (int from = 0; from < bytes.length && !reading.failed();) {
            int length = Math.min(bytes.length - from, random.nextInt(longest + 1));
            int before = random.nextInt(12);
            int after = random.nextBoolean() ? 0 : random.nextInt(12);
            byte[] array = new byte[before + length + after];
            for (int i = 0; i < before; i++) {
                array[i] = (byte) (from + i);
            }
            for (int i = before + length; i < array.length; i++) {
                array[i] = (byte) random.nextInt();
            }
            byte[] noise = Arrays.copyOfRange(array, before + length, array.length);
            System.arraycopy(bytes, from, array, before, length);
            reading.feed(array, before, before + length);
            for (int i = 0; i < before; i++) {
                assertEquals((byte) (from + i), array[i]);
            }
            assertArrayEquals(noise, Arrays.copyOfRange(array, before + length, array.length));
            from += length;
        }
    }
}
