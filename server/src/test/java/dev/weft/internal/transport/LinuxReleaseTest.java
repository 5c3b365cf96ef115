package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinuxReleaseTest {
    @ParameterizedTest
    @CsvSource({"5.19.0-50-generic, false", "6.0.19, false", "6.1, true", "6.1.0-18-amd64, true",
            "6.18.44-fc-v595, true",
            "7.0.1, true", "10.0, true", "6, false", "unknown, false"})
    void releaseMustBeComparedByItsFirstTwoNumbers(String release, boolean newEnough) {
        assertEquals(newEnough, LinuxRelease.isAtLeast(6, 1, release));
    }
}
