package dev.weft.tools.options;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PeerTextTest {
    private static final int MOST = 1000;

    @Test
    void whatIsVisibleMustStay() {
        String text = "Grüße, 世界 🧵 \\ \"x\"";
        assertEquals(text, PeerText.line(text, MOST));
        assertEquals(text, PeerText.lines(text, MOST));
    }

    @Test
    void whatMovesTheCursorOrTurnsTextMustBeEscaped() {
        assertEquals("\\u001b[2J\\u0007\\u007f\\u009b1m\\u000d",
                PeerText.lines("\u001b[2J\u0007\u007f\u009b1m\r", MOST));
        assertEquals("a\\u202eb\\u2066\\u2028\\ufeff", PeerText.lines("a\u202eb\u2066\u2028\ufeff", MOST));
        assertEquals("\\udb40\\udc41", PeerText.line("\udb40\udc41", MOST));
    }

    @Test
    void furtherLinesMustBeIndented() {
        assertEquals("a\n  < forged\n  \tb", PeerText.lines("a\n< forged\n\tb", MOST));
        assertEquals("a\\u000ab\\u0009", PeerText.line("a\nb\t", MOST));
    }

    @Test
    void longTextMustBeCut() {
        assertEquals("abc … (2 more characters)", PeerText.line("abcde", 3));
        assertEquals("abc", PeerText.line("abc", 3));
    }

    @Test
    void binaryMustBeShownInHexadecimalNotation() {
        assertEquals("(1 byte) ff", PeerText.binary(new byte[]{-1}, 4));
        assertEquals("(5 bytes) 00 01 02 03 …", PeerText.binary(new byte[]{0, 1, 2, 3, 4}, 4));
        assertEquals("(0 bytes) ", PeerText.binary(new byte[0], 4));
    }
}
