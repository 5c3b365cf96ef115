package dev.weft.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The paths of endpoints, and those of requests in segments. */
@Timeout(30)
class PathPatternTest {
    @Test
    void segmentsAreLiteralsOrParameters() {
        assertEquals(List.of(new PathPattern.Literal("chat"), new PathPattern.Parameter("room")),
                PathPattern.parse("/chat/{room}").segments());
        assertEquals(List.of(new PathPattern.Literal("")), PathPattern.parse("/").segments());
        assertEquals(List.of(new PathPattern.Literal("chat"), new PathPattern.Literal("")),
                PathPattern.parse("/chat/").segments());
    }

    @Test
    void literalsAreDecoded() {
        List<PathPattern.Segment> cafe = List.of(new PathPattern.Literal("caf\u00e9"));
        assertEquals(cafe, PathPattern.parse("/caf%C3%A9").segments());
        assertEquals(cafe, PathPattern.parse("/caf\u00e9").segments());
        assertEquals(List.of(new PathPattern.Literal("a/b")), PathPattern.parse("/a%2Fb").segments());
        assertEquals(List.of(new PathPattern.Literal("a+b")), PathPattern.parse("/a+b").segments());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "chat", "/a//b", "//", "//a", "/a?b", "/a#b", "/a b", "/a\tb", "/a\u007f", "/a/..",
            "/./a",
            "/%2e%2E/a", "/%", "/%4", "/%4g", "/%ff", "/%c3", "/%c0%af", "/{", "/}", "/{}", "/{a", "/a}", "/a{b}",
            "/{b}c",
            "/{a}{b}", "/{a b}", "/{1}", "/{a*}", "/{{a}}", "/{a}/{a}", "/{a}//", "/\ud800%41"})
    void malformedPatternsMustBeRefusedByName(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> PathPattern.parse(text)).getMessage();
        assertTrue(message.startsWith("path '" + text + "': "), message);
    }

    @Test
    void parametersMustBeDecodedAfterTheSegmentsAreSeparated() {
        PathPattern pattern = PathPattern.parse("/chat/{room}/{user}");
        assertEquals(Map.of("room", "a/b", "user", "\u00e9 \u20ac\ud83d\ude00+%"),
                pattern.parametersOf("/chat/a%2Fb/%C3%A9%20%E2%82%AC%f0%9f%98%80+%25"));
        assertEquals(List.of("room", "user"), List.copyOf(pattern.parametersOf("/chat/1/2").keySet()));
    }

    @Test
    void requestSegmentsMustKeepEmptyOnes() {
        assertEquals(List.of(""), PathPattern.segmentsOf("/"));
        assertEquals(List.of("", ""), PathPattern.segmentsOf("//"));
        assertEquals(List.of("a", "", "b", ""), PathPattern.segmentsOf("/a//b/"));
        assertEquals(List.of("a", "...", ".b"), PathPattern.segmentsOf("/a/%2e../.b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%", "/a%", "/%4", "/%4/1", "/%g1", "/%1g", "/% 1", "/%-1", "/%ff", "/%c3", "/%c3/%a9",
            "/%c0%af",
            "/%ed%a0%80", "/%f4%90%80%80", "/.", "/..", "/a/..", "/../a", "/%2e", "/.%2E", "/a/%2e%2e/b"})
    void hostilePathsMustBeRefused(String path) {
        assertThrows(IllegalArgumentException.class, () -> PathPattern.segmentsOf(path));
    }
}
