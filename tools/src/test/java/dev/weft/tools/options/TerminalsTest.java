package dev.weft.tools.options;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalsTest {
    @Test
    void coloursMustBeOffWhereTheyAreNotWanted() {
        assertEquals(new Terminals(true, false, true, true), Terminals.of("02", Map.of("TERM", "xterm")));
        assertEquals(new Terminals(false, true, false, false),
                Terminals.of("1", Map.of("TERM", "xterm", "NO_COLOR", "1")));
        assertEquals(new Terminals(true, true, true, false), Terminals.of("012", Map.of("TERM", "dumb")));
        assertEquals(Terminals.NONE, Terminals.of("", Map.of()));
        assertEquals(new Terminals(false, true, false, true),
                Terminals.of("1", Map.of("TERM", "xterm", "NO_COLOR", "")));
    }
}
