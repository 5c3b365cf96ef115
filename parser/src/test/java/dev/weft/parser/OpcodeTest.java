package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpcodeTest {
    /** RFC 6455 §11.8. */
    @Test
    void codesAreThoseOfTheRegistry() {
        assertEquals(Opcode.CONTINUATION, Opcode.of(0x0));
        assertEquals(Opcode.TEXT, Opcode.of(0x1));
        assertEquals(Opcode.BINARY, Opcode.of(0x2));
        assertEquals(Opcode.CLOSE, Opcode.of(0x8));
        assertEquals(Opcode.PING, Opcode.of(0x9));
        assertEquals(Opcode.PONG, Opcode.of(0xa));
    }

    @ParameterizedTest
    @EnumSource
    void controlOpcodesHaveTheirTopBitSet(Opcode opcode) {
        assertEquals(opcode.code() >= 8, opcode.isControl());
        assertEquals(opcode, Opcode.of(opcode.code()));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15, -1, 16, 0x81})
    void reservedCodesHaveNoOpcode(int code) {
        assertThrows(IllegalArgumentException.class, () -> Opcode.of(code));
    }
}
