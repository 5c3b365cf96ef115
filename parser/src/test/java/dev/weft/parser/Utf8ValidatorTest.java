package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8ValidatorTest {
    private static final int MAX_ASCII_RUN = 40;

    /** The bytes at the bounds of the ranges in Unicode's table 3-7, and their neighbours. */
    private static final int[] EDGES = {0x00, 0x01, 0x7e, 0x7f, 0x80, 0x81, 0x8e, 0x8f, 0x90, 0x91, 0x9e, 0x9f, 0xa0,
            0xa1, 0xbe, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3, 0xde, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf2,
            0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};

    private final byte[] embedded = new byte[2 * MAX_ASCII_RUN + 8];

    @ParameterizedTest
    @ValueSource(strings = {"00", "7f", "c2 80", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80", "ef bf bd", "ef bf be",
            "ef bf bf", "ef b7 90", "f0 90 80 80", "f4 8f bf bf", "ce ba e1 bd b9 cf 83 ce bc ce b5"})
    void validTextMustBeAccepted(String bytes) {
        assertValid(true, bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "bf", "c0 80", "c1 bf", "e0 80 80", "e0 9f bf", "ed a0 80", "ed bf bf",
            "ed a0 80 ed b0 80", "f0 80 80 80", "f0 8f bf bf", "f4 90 80 80", "f5 80 80 80", "f8 88 80 80 80", "fe",
            "ff", "c2", "e1 80", "f1 80 80", "c2 41", "e1 80 41", "f1 80 80 41"})
    void invalidTextMustBeRefused(String bytes) {
        assertValid(false, bytes);
    }

    private static void assertValid(boolean valid, String bytes) {
        byte[] text = Hex.of(bytes);
        assertEquals(valid, Utf8Validator.isValid(text, 0, text.length));
        assertEquals(!valid, NaiveUtf8.firstImpossible(text, 0, text.length) >= 0
                || !NaiveUtf8.isComplete(text, 0, text.length));
    }

    @Test
    void everyCodePointIsJudgedAlone() {
        for (int codePoint = 0; codePoint <= 0x1fffff; codePoint++) {
            boolean valid = codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
            byte[] bytes = NaiveUtf8.encode(codePoint);
            assertEquals(valid, Utf8Validator.isValid(bytes, 0, bytes.length));
            assertAgrees(bytes, bytes.length, codePoint % (MAX_ASCII_RUN + 1));
        }
    }

    @Test
    void sequencesOfOneAndTwoBytesMustBeJudgedCorrectlyAfterAscii() {
        byte[] bytes = new byte[2];
        for (int all = 0; all < 1 << 16; all++) {
            bytes[0] = (byte) (all >>> 8);
            bytes[1] = (byte) all;
            for (int run = 0; run <= MAX_ASCII_RUN; run++) {
                assertAgrees(bytes, 2, run);
                if (bytes[1] == 0) {
                    assertAgrees(bytes, 1, run);
                }
            }
        }
    }

    @Test
    void threeByteSequencesMustBeJudgedCorrectly() {
        byte[] bytes = new byte[3];
        for (int all = 0; all < 1 << 24; all++) {
            bytes[0] = (byte) (all >>> 16);
            bytes[1] = (byte) (all >>> 8);
            bytes[2] = (byte) all;
            // 41 is prime: every pair of first and last byte occurs after every run.
            assertAgrees(bytes, 3, all % (MAX_ASCII_RUN + 1));
        }
    }

    @Test
    void sequencesAtTheEdgesOfTheTableMustBeJudgedCorrectly() {
        byte[] bytes = new byte[5];
        for (int first : EDGES) {
            for (int second : EDGES) {
                for (int third : EDGES) {
                    for (int fourth : EDGES) {
                        bytes[0] = (byte) first;
                        bytes[1] = (byte) second;
                        bytes[2] = (byte) third;
                        bytes[3] = (byte) fourth;
                        bytes[4] = (byte) (first ^ fourth);
                        assertAgrees(bytes, 4, (second ^ fourth) % (MAX_ASCII_RUN + 1));
                        assertAgrees(bytes, 5, (second + third) % (MAX_ASCII_RUN + 1));
                    }
                }
            }
        }
    }

    /** Compared with the naive decoder: whole, cut at every byte, byte by byte, and between runs of ASCII. */
    private void assertAgrees(byte[] bytes, int length, int asciiRun) {
        int impossible = NaiveUtf8.firstImpossible(bytes, 0, length);
        boolean complete = impossible < 0 && NaiveUtf8.isComplete(bytes, 0, length);

        var validator = new Utf8Validator();
        for (int i = 0; i < length; i++) {
            boolean possible = impossible < 0 || i < impossible;
            if (validator.update(bytes, i, i + 1) != possible) {
                throw new AssertionError("byte " + i + " of " + Hex.string(bytes));
            }
        }
        check(validator.isComplete() == complete, bytes);

        for (int cut = 0; cut < length; cut++) {
            validator.reset();
            boolean before = validator.update(bytes, 0, cut);
            check(before == (impossible < 0 || cut <= impossible), bytes);
            check(validator.update(bytes, cut, length) == impossible < 0, bytes);
            check(validator.isComplete() == complete, bytes);
        }

        Arrays.fill(embedded, (byte) 'a');
        System.arraycopy(bytes, 0, embedded, asciiRun, length);
        int end = asciiRun + length;
        check(Utf8Validator.isValid(embedded, 0, end) == complete, bytes);
        check(Utf8Validator.isValid(embedded, 0, end + MAX_ASCII_RUN) == complete, bytes);
        validator.reset();
        check(validator.update(embedded, 0, end) == impossible < 0, bytes);
        check(validator.update(embedded, end, end + 1) == complete, bytes);
    }

    private static void check(boolean rule, byte[] bytes) {
        if (!rule) {
            throw new AssertionError(Hex.string(bytes));
        }
    }

    @Test
    void randomTextCutAnywhereAgreesWithTheNaiveDecoder() {
        var random = new Random(1);
        int valid = 0;
        for (int round = 0; round < 100_000; round++) {
            var text = new StringBuilder();
            for (int n = random.nextInt(100); n > 0; n--) {
                int most = 1 << random.nextInt(1, 22);
                int codePoint = random.nextInt(Math.min(most, 0x110000));
                text.appendCodePoint(codePoint >= 0xd800 && codePoint <= 0xdfff ? 'a' : codePoint);
            }
            byte[] bytes = Vectors.utf8(text.toString());
            if (bytes.length > 0 && random.nextBoolean()) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            int impossible = NaiveUtf8.firstImpossible(bytes, 0, bytes.length);
            boolean complete = impossible < 0 && NaiveUtf8.isComplete(bytes, 0, bytes.length);
            int cut = random.nextInt(bytes.length + 1);
            var validator = new Utf8Validator();
            assertEquals(impossible < 0 || cut <= impossible, validator.update(bytes, 0, cut));
            assertEquals(impossible < 0, validator.update(bytes, cut, bytes.length));
            assertEquals(complete, validator.isComplete());
            assertEquals(complete, Utf8Validator.isValid(bytes, 0, bytes.length));
            valid += complete ? 1 : 0;
        }
        assertTrue(valid > 40_000 && valid < 90_000, valid + " were valid");
    }

    @Test
    void onceInvalidStaysInvalidUntilReset() {
        var validator = new Utf8Validator();
        byte[] bytes = Hex.of("ff 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61");
        assertFalse(validator.update(bytes, 0, 1));
        assertFalse(validator.update(bytes, 1, bytes.length));
        assertFalse(validator.update(bytes, 0, 0));
        assertFalse(validator.isComplete());
        validator.reset();
        assertTrue(validator.isComplete());
        assertTrue(validator.update(bytes, 1, bytes.length));
        assertTrue(validator.isComplete());
    }

    @Test
    void resetForgetsACodePointThatWasBegun() {
        var validator = new Utf8Validator();
        assertTrue(validator.update(Hex.of("f0 9f"), 0, 2));
        assertFalse(validator.isComplete());
        validator.reset();
        assertTrue(validator.isComplete());
        assertFalse(validator.update(Hex.of("80"), 0, 1));
    }

    @Test
    void onlyTheRegionCounts() {
        byte[] bytes = Hex.of("ff 61 61 ff");
        assertTrue(Utf8Validator.isValid(bytes, 1, 3));
        assertTrue(Utf8Validator.isValid(bytes, 0, 0));
        assertFalse(Utf8Validator.isValid(bytes, 1, 4));
    }

    @Test
    void regionsMustBeWithinTheirArray() {
        var validator = new Utf8Validator();
        byte[] bytes = new byte[40];
        assertThrows(IndexOutOfBoundsException.class, () -> validator.update(bytes, 0, 41));
        assertThrows(IndexOutOfBoundsException.class, () -> validator.update(bytes, -1, 4));
        assertThrows(IndexOutOfBoundsException.class, () -> validator.update(bytes, 2, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> Utf8Validator.isValid(bytes, 2, 1));
        assertTrue(validator.isComplete());
    }
}
