package dev.weft.tools.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class NotationTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "1023, 1023", "1k, 1024", "16K, 16384", "1m, 1048576", "2g, 2147483648",
            "1024g, 1099511627776", "9223372036854775807, 9223372036854775807", "-5, -5"})
    void sizesHaveBinaryUnits(String text, long bytes) {
        assertEquals(bytes, Notation.LONG_SIZE.parse().apply(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "1kb", "1 k", "1.5m", "0x10", "ten", "8589934592g", "9223372036854775808"})
    void whatIsNoSizeIsRefused(String text) {
        assertThrows(TypeConversionException.class, () -> Notation.LONG_SIZE.parse().apply(text));
    }

    @Test
    void aSizeBeyondAnIntIsRefusedWhereAnIntIsWanted() {
        assertEquals(Integer.MAX_VALUE, Notation.SIZE.parse().apply("2147483647"));
        assertThrows(TypeConversionException.class, () -> Notation.SIZE.parse().apply("2g"));
        assertThrows(TypeConversionException.class, () -> Notation.COUNT.parse().apply("2147483648"));
    }

    @ParameterizedTest
    @CsvSource({"0s, PT0S", "500ms, PT0.5S", "20s, PT20S", "2M, PT2M", "1h, PT1H", "7d, PT168H"})
    void timesHaveUnits(String text, Duration duration) {
        assertEquals(duration, Notation.TIME.parse().apply(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "-1s", "1.5s", "1 s", "1w", "99999999999999999999s", "9223372036854775807d"})
    void whatIsNoTimeIsRefused(String text) {
        assertThrows(TypeConversionException.class, () -> Notation.TIME.parse().apply(text));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1023, 1024, 1025, 1 << 20, (1 << 20) + 1024, 1L << 40, Long.MAX_VALUE})
    void aSizeIsWrittenAsItIsRead(long bytes) {
        assertEquals(bytes, Notation.LONG_SIZE.parse().apply(Notation.LONG_SIZE.format().apply(bytes)));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 999, 1000, 1001, 60_000, 61_000, 3_600_000, 86_400_000, 90_000_000, 365 * 86_400_000L})
    void aTimeIsWrittenAsItIsRead(long millis) {
        Duration duration = Duration.ofMillis(millis);
        assertEquals(duration, Notation.TIME.parse().apply(Notation.TIME.format().apply(duration)));
    }
}
