package dev.weft.parser.deflate;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionHeaderTest {

    /** The parsed values, written without optional white space. */
    private static String read(String... lines) {
        ExtensionHeader.Valid valid = assertInstanceOf(ExtensionHeader.Valid.class,
                ExtensionHeader.parse(List.of(lines)), () -> String.join(" / ", lines));
        return valid.entries().stream().map(entry -> entry.name() + entry.parameters().stream()
                .map(p -> ";" + p.name() + p.value().map(value -> "=" + value).orElse("")).collect(joining()))
                .collect(joining(","));
    }

    @Test
    void noLineOffersNothing() {
        assertEquals("", read());
        assertEquals("", read(""));
        assertEquals("", read(" \t "));
    }

    @Test
    void offersKeepTheirOrderWithinALineAndOverLines() {
        assertEquals("a,b;x;y=1,c,d", read("a, b; x; y=1", "c", "d"));
    }

    @Test
    void repeatedParametersAreKept() {
        assertEquals("a;x=1;x=2;x", read("a;x=1;x=2;x"));
    }

    @Test
    void aParameterWithoutValueDiffersFromOneWithAValue() {
        ExtensionHeader.Valid valid = (ExtensionHeader.Valid) ExtensionHeader.parse(List.of("a; x; y=z"));
        assertEquals(Optional.empty(), valid.entries().getFirst().parameters().getFirst().value());
        assertEquals(Optional.of("z"), valid.entries().getFirst().parameters().getLast().value());
    }

    @Test
    void whiteSpaceMayStandBetweenTokens() {
        assertEquals("a;x=1;y,b", read(" a\t;  x = 1 ;y\t, b "));
    }

    @Test
    void emptyElementsOfTheListAreSkipped() {
        assertEquals("a,b", read(", ,a,,\t,b,"));
    }

    @Test
    void aQuotedValueIsWhatItsQuotesHold() {
        assertEquals("a;x=10;y", read("a; x=\"10\"; y"));
        assertEquals("a;x=10", read("a; x=\"\\1\\0\""));
    }

    @Test
    void namesKeepTheirCase() {
        assertEquals("PerMessage-Deflate", read("PerMessage-Deflate"));
    }

    @ParameterizedTest
    @ValueSource(strings = {";", "=", "a;", "a;;x", "a; ;x", "a;x=", "a;x=,b", "a;x==1", "a b", "a;x y", "a;x=1 2",
            "a=1",
            "a;=1", "a;x=\"\"", "a;x=\"1", "a;x=\"1\\", "a;x=\"1\\\"", "a;x=\"1 2\"", "a;x=\"1,2\"", "a;x=\"\\\"\"",
            "a;x=\"1\"2", "\"a\"", "a;\"x\"", "a/b", "a;x=1;", "a\u0000", "a\u00e9", "\u20ac", "a;x=(1)"})
    void whatBreaksTheGrammarIsMalformed(String line) {
        assertInstanceOf(ExtensionHeader.Malformed.class, ExtensionHeader.parse(List.of("ok", line)), line);
    }

    @Test
    void itemsAreLimited() {
        assertEquals("a" + ",a".repeat(99), read("a," + "a,".repeat(98) + "a"));
        assertInstanceOf(ExtensionHeader.Malformed.class, ExtensionHeader.parse(List.of("a,".repeat(101))));
        assertInstanceOf(ExtensionHeader.Malformed.class, ExtensionHeader.parse(List.of("a" + ";x".repeat(100))));
        assertInstanceOf(ExtensionHeader.Malformed.class,
                ExtensionHeader.parse(List.of("a" + ";x".repeat(50), "b" + ";y".repeat(50))));
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "\"", "\\", ",", ";", "=", "a", "a;x=\"", "a;x=\"\\", "\\\"", "a;x= ", ", ", "; "})
    void hostileValuesTakeLinearTime(String piece) {
        String line = "a; x=\"" + piece.repeat(1_000_000);
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            ExtensionHeader.parse(List.of(line, line));
            ExtensionHeader.parse(List.of(piece.repeat(32_000), "a" + " ".repeat(1_000_000) + ";"));
        });
    }

    @Test
    void randomValuesAreEitherValidOrMalformed() {
        Random random = new Random(91);
        String alphabet = "ab1; ,=\"\\\t\u00e9";
        int valid = 0;
        for (int n = 0; n < 100_000; n++) {
            StringBuilder line = new StringBuilder("a");
            for (int i = random.nextInt(12); i > 0; i--) {
                line.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            if (ExtensionHeader.parse(List.of(line.toString())) instanceof ExtensionHeader.Valid) {
                valid++;
                // The parsed values, written again, must have the same meaning.
                String canonical = read(line.toString());
                assertEquals(canonical, read(canonical));
            }
        }
        assertTrue(valid > 1000, "valid ones are met: " + valid);
    }
}
