package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameHeaderTest {
    @ParameterizedTest
    @CsvSource({"0, 2", "125, 2", "126, 4", "65535, 4", "65536, 10", "9223372036854775807, 10"})
    void theLengthFollowsFromPayloadAndMask(long payloadLength, int unmasked) {
        assertEquals(unmasked, new FrameHeader(true, 0, Opcode.BINARY, false, 0, payloadLength).length());
        assertEquals(unmasked + 4, new FrameHeader(true, 0, Opcode.BINARY, true, 1, payloadLength).length());
        assertEquals(unmasked + 4, FrameHeader.length(true, payloadLength));
    }

    @Test
    void whatNoHeaderCanExpressIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new FrameHeader(true, 0x80, Opcode.TEXT, false, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new FrameHeader(true, 0, Opcode.TEXT, false, 0, -1));
        assertThrows(IllegalArgumentException.class, () -> new FrameHeader(true, 0, Opcode.TEXT, false, 1, 0));
        assertThrows(NullPointerException.class, () -> new FrameHeader(true, 0, null, false, 0, 0));
    }
}
