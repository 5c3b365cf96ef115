package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ProtocolViolationExceptionTest {
    @Test
    void itCarriesCodeAndSectionAndCostsNoStackTrace() {
        var violation = new ProtocolViolationException(1002, "5.4", "continuation frame with nothing to continue");
        assertEquals(1002, violation.closeCode());
        assertEquals("5.4", violation.section());
        assertEquals("continuation frame with nothing to continue", violation.getMessage());
        assertEquals(0, violation.getStackTrace().length);
    }
}
