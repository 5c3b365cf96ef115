package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import org.junit.jupiter.api.Test;

class MaskingKeysTest {
    @Test
    void keysRepeatNoMoreThanChanceAllows() {
        int drawn = 100_000;
        var different = new HashSet<Integer>();
        int ones = 0;
        for (int i = 0; i < drawn; i++) {
            int key = MaskingKeys.next();
            different.add(key);
            ones += Integer.bitCount(key);
        }
        // By chance, n²/2^33 = 1.2 of them repeat on average, and 20 in one of 10^17 runs.
        assertTrue(drawn - different.size() < 20, drawn + " draws gave " + different.size() + " keys");
        // 1.6 million ones are expected; 10,000 more or less are 11 standard deviations.
        assertTrue(Math.abs(ones - 16 * drawn) < 10_000, ones + " ones");
    }
}
