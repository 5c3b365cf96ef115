package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MaskingTest {
    private static final int KEY = 0x3d21fa37;
    private static final byte[] KEY_BYTES = Hex.of("37 fa 21 3d");

    @Test
    void theFirstByteOfTheKeyIsTheLowestOfTheInt() {
        byte[] bytes = Hex.of("7f 9f 4d 51 58"); // RFC 6455 §5.7: masked "Hello"
        Masking.apply(bytes, 0, 5, KEY);
        assertEquals("Hello", new String(bytes));
    }

    @Test
    void everyLengthOffsetAndPhaseEqualsTheNaiveLoop() {
        for (int length = 0; length <= 300; length++) {
            for (int offset = 0; offset <= 15; offset++) {
                for (int phase = 0; phase <= 3; phase++) {
                    for (int slack : new int[]{0, 9}) {
                        assertNaive(length, offset, phase, slack);
                    }
                }
            }
        }
    }

    @Test
    void longPayloadsEqualTheNaiveLoop() {
        for (int length : new int[]{1023, 1024, 1025, 16_384, 65_535, 65_536, 1_000_003}) {
            for (int phase = 0; phase <= 3; phase++) {
                assertNaive(length, 5, phase, 3);
            }
        }
    }

    private static void assertNaive(int length, int offset, int phase, int slack) {
        byte[] actual = Vectors.random(offset + length + slack);
        byte[] expected = actual.clone();
        for (int i = 0; i < length; i++) {
            expected[offset + i] ^= KEY_BYTES[(i + phase) % 4];
        }
        Masking.apply(actual, offset, offset + length, Masking.advance(KEY, phase));
        assertArrayEquals(expected, actual, () -> length + " bytes at " + offset + ", phase " + phase);
    }

    @Test
    void advanceMustRotateTheKey() {
        assertEquals(0x373d21fa, Masking.advance(KEY, 1));
        for (int bytes : new int[]{0, 4, 8, 1 << 30}) {
            assertEquals(KEY, Masking.advance(KEY, bytes));
        }
        for (int bytes = 0; bytes < 20; bytes++) {
            assertEquals(Masking.advance(KEY, bytes + 1), Masking.advance(Masking.advance(KEY, bytes), 1));
        }
    }

    @Test
    void regionsMustBeWithinTheirArray() {
        for (int length : new int[]{0, 1, 3, 5, 20, 128, 200}) {
            byte[] bytes = Vectors.random(length);
            byte[] before = bytes.clone();
            assertThrows(IndexOutOfBoundsException.class, () -> Masking.apply(bytes, 0, length + 1, KEY));
            assertThrows(IndexOutOfBoundsException.class, () -> Masking.apply(bytes, -1, length, KEY));
            assertThrows(IndexOutOfBoundsException.class, () -> Masking.apply(bytes, 1, 0, KEY));
            assertArrayEquals(before, bytes);
        }
    }
}
