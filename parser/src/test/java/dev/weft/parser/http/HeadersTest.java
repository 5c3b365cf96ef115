package dev.weft.parser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadersTest {

    private static final Headers HEADERS = Headers.of("Host", "a", "Accept", "b", "ACCEPT", "c", "x", "");

    @Test
    void namesAreFoundWithoutRegardToCase() {
        assertEquals(Optional.of("a"), HEADERS.first("hOST"));
        assertEquals(Optional.of("b"), HEADERS.first("accept"));
        assertEquals(List.of("b", "c"), HEADERS.all("accept"));
        assertEquals(2, HEADERS.count("accept"));
        assertTrue(HEADERS.contains("X"));
    }

    @Test
    void missingNamesAreEmpty() {
        assertEquals(Optional.empty(), HEADERS.first("Hos"));
        assertEquals(List.of(), HEADERS.all("Hosts"));
        assertEquals(0, HEADERS.count(""));
        assertFalse(HEADERS.contains("y"));
        assertEquals(List.of(), HEADERS.tokens("y"));
    }

    @Test
    void linesKeepTheirOrder() {
        List<String> lines = new ArrayList<>();
        HEADERS.forEach((name, value) -> lines.add(name + ":" + value));
        assertEquals(List.of("Host:a", "Accept:b", "ACCEPT:c", "x:"), lines);
        assertEquals(4, HEADERS.size());
        assertEquals(0, Headers.EMPTY.size());
    }

    @Test
    void listMaySpreadOverSeveralLines() {
        Headers headers = Headers.of("a", "1, 2", "b", "no", "A", "3");
        assertEquals(List.of("1", "2", "3"), headers.tokens("a"));
    }

    @Test
    void emptyElementsOfAListAreLeftOut() {
        assertEquals(List.of("1", "2"), Headers.of("a", ", ,1,\t,2 , ", "a", "").tokens("a"));
    }

    @Test
    void whiteSpaceAroundAnElementDoesNotCount() {
        assertEquals(List.of("a b", "c"), Headers.of("x", " \t a b\t , \tc\t").tokens("x"));
    }

    @Test
    void tokensAreComparedWithoutRegardToCase() {
        Headers headers = Headers.of("Connection", "keep-alive, uPGRADE");
        assertTrue(headers.containsToken("connection", "Upgrade"));
        assertTrue(headers.containsToken("connection", "Keep-Alive"));
    }

    @Test
    void partOfAnElementIsNotAToken() {
        Headers headers = Headers.of("Upgrade", "websocket/13, xwebsocket, web socket, \"websocket\"");
        assertFalse(headers.containsToken("Upgrade", "websocket"));
        assertFalse(headers.containsToken("Upgrade", ""));
    }

    @Test
    void longRunsOfSpacesAndCommasAreJustThat() {
        String spaces = " ".repeat(32_000);
        assertEquals(List.of("a", "b" + spaces + "c"),
                Headers.of("x", "a" + spaces + "," + spaces + "b" + spaces + "c" + spaces).tokens("x"));
        assertEquals(List.of("z"), Headers.of("x", ",".repeat(32_000) + "z").tokens("x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a ", " a", "a:", "a\r\nb", "a\n", "a\0", "a\u007f", "\u00e9", "\u0161", "\u010d"})
    void nameThatIsNoTokenIsRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> Headers.of(name, "x"));
    }

    @Test
    void controlAndNonLatin1CharactersMustBeRefused() {
        for (char c = 0; c <= 0x200; c++) {
            String value = "a" + c + "b";
            if (c == '\t' || c >= ' ' && c < 0x7F || c >= 0x80 && c <= 0xFF) {
                assertEquals(Optional.of(value), Headers.of("x", value).first("x"));
            } else {
                assertThrows(IllegalArgumentException.class, () -> Headers.of("x", value),
                        () -> HttpCharacters.escaped(value));
            }
        }
        // U+010A and U+560D end in the bytes of LF and CR.
        assertThrows(IllegalArgumentException.class, () -> Headers.of("x", "\u010a"));
        assertThrows(IllegalArgumentException.class, () -> Headers.of("x", "\u560d"));
    }

    @Test
    void refusalShowsTheValueEscaped() {
        var refusal = assertThrows(IllegalArgumentException.class, () -> Headers.of("x", "a\r\n\\\u20ac"));
        assertEquals("not a value for the header x: 'a\\x0d\\x0a\\\\\\u20ac'", refusal.getMessage());
    }

    @Test
    void nameWithoutValueIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Headers.of("a", "b", "c"));
        assertThrows(NullPointerException.class, () -> Headers.of("a", null));
    }

    @Test
    void builderMayGoOnAfterBuilding() {
        Headers.Builder builder = Headers.builder().add("a", "1");
        Headers first = builder.build();
        assertEquals(Headers.of("a", "1", "b", "2"), builder.addAll(Headers.of("b", "2")).build());
        assertEquals(Headers.of("a", "1"), first);
    }

    @Test
    void caseOfNamesDoesNotMakeADifference() {
        assertEquals(Headers.of("a", "x"), Headers.of("A", "x"));
        assertEquals(Headers.of("a", "x").hashCode(), Headers.of("A", "x").hashCode());
        assertNotEquals(Headers.of("a", "x"), Headers.of("a", "X"));
        assertNotEquals(Headers.of("a", "1", "b", "2"), Headers.of("b", "2", "a", "1"));
    }

    @Test
    void textShowsNoValues() {
        assertEquals("Headers[Host, Cookie]", Headers.of("Host", "a", "Cookie", "secret").toString());
    }

    @Test
    void setHeaderMustReplaceAllLinesOfItsName() {
        Headers headers = Headers.builder().add("a", "1").add("b", "2").add("A", "3").set("a", "4").build();
        assertEquals(Headers.of("b", "2", "a", "4"), headers);
    }

    @Test
    void setHeaderThatIsNoneMustChangeNothing() {
        Headers.Builder builder = Headers.builder().add("a", "1");
        assertThrows(IllegalArgumentException.class, () -> builder.set("a", "\n"));
        assertEquals(Headers.of("a", "1"), builder.build());
    }
}
