package dev.weft.tools.conform.deflate;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WindowInflaterTest {
    private static final int LIMIT = 1 << 20;

    private static byte[] bytes(int length, int variety, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(variety));
        }
        return bytes;
    }

    @ParameterizedTest
    // RFC 7692 §7.2.3: fixed codes, a stored block, BFINAL, two blocks
    @ValueSource(strings = {"f248cdc9c90700", "000500faff48656c6c6f00", "f348cdc9c9070000",
            "f24805000000ffffcac9c90700"})
    void inflatesExamplesOfTheRfc(String payload) {
        assertEquals("Hello",
                new String(new WindowInflater(8).inflate(HexFormat.of().parseHex(payload), LIMIT), US_ASCII));
    }

    @Test
    void keepsWindowUntilReset() {
        WindowInflater inflater = new WindowInflater(15);
        inflater.inflate(HexFormat.of().parseHex("f248cdc9c90700"), LIMIT);
        // RFC 7692 §7.2.3.2: refers to the previous message
        assertEquals("Hello", new String(inflater.inflate(HexFormat.of().parseHex("f200110000"), LIMIT), US_ASCII));
        inflater.reset();
        assertThrows(IllegalArgumentException.class,
                () -> inflater.inflate(HexFormat.of().parseHex("f200110000"), LIMIT));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 20, 26, 200})
    void agreesWithZlib(int variety) {
        try (var deflater = new WindowDeflater(15, false)) {
            WindowInflater inflater = new WindowInflater(15);
            for (int length = 0; length < 100_000; length = length * 3 / 2 + 1) {
                byte[] message = bytes(length, variety, length);
                assertArrayEquals(message, inflater.inflate(deflater.deflate(message), LIMIT));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 15})
    void distancesUpToTheWindowAreRight(int bits) {
        int window = 1 << bits;
        byte[] first = bytes(window, 200, bits);
        byte[] again = new WindowInflater(bits).inflate(
                new BlockWriter().stored(false, first).fixed(false).longestMatch(window).endOfBlock().message(), LIMIT);
        byte[] expected = Arrays.copyOf(first, window + 258);
        for (int i = 0; i < 258; i++) {
            expected[window + i] = expected[i];
        }
        assertArrayEquals(expected, again);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 14})
    void distancesBeyondTheWindowAreRefused(int bits) {
        int window = 1 << bits;
        byte[] payload = new BlockWriter().stored(false, bytes(2 * window, 200, bits)).fixed(false)
                .longestMatch(window + 1).endOfBlock().message();
        assertThrows(IllegalArgumentException.class, () -> new WindowInflater(bits).inflate(payload, LIMIT));
        new WindowInflater(bits + 1).inflate(payload, LIMIT);
    }

    @Test
    void distancesBeyondTheWindowAreRefusedAcrossMessages() {
        byte[] stored = new BlockWriter().stored(false, bytes(300, 200, 1)).message();
        WindowInflater inflater = new WindowInflater(8);
        inflater.inflate(stored, LIMIT);
        assertThrows(IllegalArgumentException.class, () -> inflater
                .inflate(new BlockWriter().fixed(false).longestMatch(257).endOfBlock().message(), LIMIT));
    }

    @Test
    void zlibWithItsLargestWindowDoesNotPassForSmall() {
        byte[] once = bytes(1000, 200, 3);
        byte[] twice = Arrays.copyOf(once, 2000);
        System.arraycopy(once, 0, twice, 1000, 1000);
        try (WindowDeflater deflater = new WindowDeflater(15, false)) {
            byte[] payload = deflater.deflate(twice);
            assertThrows(IllegalArgumentException.class, () -> new WindowInflater(9).inflate(payload, LIMIT));
            assertArrayEquals(twice, new WindowInflater(10).inflate(payload, LIMIT));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0600", "000500000048656c6c6f00", "0064009bff4865", "ecffffffffffff"})
    void refusesWhatIsNotDeflate(String payload) {
        assertThrows(IllegalArgumentException.class,
                () -> new WindowInflater(15).inflate(HexFormat.of().parseHex(payload), LIMIT));
    }

    @Test
    void refusesMoreThanTheLimit() {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(new byte[100_000]);
        byte[] buffer = new byte[1000];
        int length = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
        deflater.end();
        byte[] payload = Arrays.copyOf(buffer, length - 4);
        assertEquals(100_000, new WindowInflater(15).inflate(payload, 100_000).length);
        assertThrows(IllegalArgumentException.class, () -> new WindowInflater(15).inflate(payload, 99_999));
    }

    @ParameterizedTest
    @CsvSource({"8, true", "8, false", "9, true", "9, false", "11, false", "13, true", "14, false", "15, true",
            "15, false"})
    void windowDeflaterKeepsToItsWindow(int bits, boolean noContextTakeover) {
        try (WindowDeflater deflater = new WindowDeflater(bits, noContextTakeover)) {
            WindowInflater inflater = new WindowInflater(bits);
            for (int i = 0; i < 300; i++) {
                byte[] message = bytes(i * 31 % 3000, 3, i % 7);
                assertArrayEquals(message, inflater.inflate(deflater.deflate(message), LIMIT));
                if (noContextTakeover) {
                    inflater.reset();
                }
            }
        }
    }
}
