package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.PathPattern;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which pattern matches a path. */
@Timeout(30)
class PathTableTest {
    private static PathTable<String> table(String... patterns) {
        PathTable<String> table = PathTable.empty();
        for (String pattern : patterns) {
            table = table.with(PathPattern.parse(pattern), pattern);
        }
        return table;
    }

    private static String found(PathTable<String> table, String path) {
        return table.find(path).map(PathTable.Entry::value).orElse("none");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "/                 | /",
            "//                | none",
            "/chat             | /chat",
            "/chat/            | /chat/",
            "/chat//           | none",
            "/CHAT             | none",
            "/%63hat           | /chat",
            "/chat%2F          | none",
            "/chat%2Flobby     | none",
            "/chat/lobby       | /chat/lobby",
            "/chat/lobb%79     | /chat/lobby",
            "/chat/lobby/      | none",
            "/chat/other       | /chat/{room}",
            "/chat/%2F         | /chat/{room}",
            "/chat/{room}      | /chat/{room}",
            "/chat/lobby/log   | /chat/{room}/log",
            "/chat/lobby/users | /chat/lobby/users",
            "/chat/other/users | none",
            "/chat//log        | none",
            "/chat/a/b/c/d     | none",
            "/x/log            | /{any}/log",
            "/x/y              | none",
            "//log             | none"})
    void literalSegmentsWinOverParameters(String path, String pattern) {
        PathTable<String> table = table("/{any}/log", "/chat/{room}", "/chat/lobby", "/chat", "/chat/", "/",
                "/chat/{room}/log", "/chat/lobby/users");
        assertEquals(pattern, found(table, path));
    }

    @Test
    void patternsThatMatchTheSameMustBeRefusedByName() {
        for (List<String> both : List.of(List.of("/chat/{room}", "/chat/{id}"), List.of("/", "/"),
                List.of("/caf%C3%A9", "/caf\u00e9"), List.of("/{a}/b/{c}", "/{c}/%62/{a}"))) {
            String message = assertThrows(IllegalArgumentException.class,
                    () -> table(both.get(0), both.get(1))).getMessage();
            assertTrue(message.contains("'" + both.get(0) + "'") && message.contains("'" + both.get(1) + "'"), message);
        }
    }

    @Test
    void replacingAndRemovingFindWhatMatchesTheSame() {
        PathTable<String> first = table("/chat/{room}", "/feed");
        PathTable<String> second = first.replacing(PathPattern.parse("/chat/{id}"), "new");
        assertEquals("new", found(second, "/chat/1"));
        assertEquals(Map.of("id", "1"), second.find("/chat/1").orElseThrow().pattern().parametersOf("/chat/1"));
        assertEquals("/chat/{room}", found(first, "/chat/1"));
        assertThrows(IllegalArgumentException.class, () -> first.replacing(PathPattern.parse("/chat"), ""));
        assertThrows(IllegalArgumentException.class, () -> first.replacing(PathPattern.parse("/{chat}/{room}"), ""));

        PathTable<String> third = second.without(PathPattern.parse("/chat/{x}"));
        assertEquals("none", found(third, "/chat/1"));
        assertEquals("/feed", found(third, "/feed"));
        assertSame(third, third.without(PathPattern.parse("/chat/{x}")));
        assertFalse(third.isEmpty());
        assertTrue(third.without(PathPattern.parse("/feed")).isEmpty());
        assertEquals(Map.of("/chat/{room}", "/chat/{room}", "/feed", "/feed"), first.byPattern());
    }

    /** Against a list that is searched from its beginning. */
    @Test
    void randomTablesFindWhatASearchFinds() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            PathTable<String> table = PathTable.empty();
            Map<List<PathPattern.Segment>, String> naive = new HashMap<>();
            for (int step = 0; step < 30; step++) {
                PathPattern pattern = PathPattern.parse(path(random, "a", "b", "{x}"));
                String value = "v" + step;
                if (random.nextInt(3) == 0) {
                    table = table.without(pattern);
                    naive.remove(shape(pattern));
                } else if (naive.containsKey(shape(pattern))) {
                    table = table.replacing(pattern, value);
                    naive.put(shape(pattern), value);
                } else {
                    table = table.with(pattern, value);
                    naive.put(shape(pattern), value);
                }
                String path = path(random, "a", "b", "c");
                assertEquals(best(naive, PathPattern.segmentsOf(path)).orElse("none"), found(table, path), path);
            }
            assertEquals(naive.isEmpty(), table.isEmpty());
        }
    }

    private static String path(Random random, String... choices) {
        StringBuilder path = new StringBuilder();
        int length = 1 + random.nextInt(3);
        for (int i = 0; i < length; i++) {
            String choice = choices[random.nextInt(choices.length)];
            path.append('/').append(choice.equals("{x}") ? "{x" + i + "}" : choice);
        }
        return path.toString();
    }

    private static List<PathPattern.Segment> shape(PathPattern pattern) {
        return pattern.segments().stream()
                .map(segment -> segment instanceof PathPattern.Literal ? segment : new PathPattern.Parameter(""))
                .toList();
    }

    /** Of the patterns that match, the one whose first literal from the left is where the others have a parameter. */
    private static Optional<String> best(Map<List<PathPattern.Segment>, String> patterns, List<String> segments) {
        return patterns.entrySet().stream().filter(entry -> matches(entry.getKey(), segments))
                .min((a, b) -> rank(a.getKey()).compareTo(rank(b.getKey()))).map(Map.Entry::getValue);
    }

    private static boolean matches(List<PathPattern.Segment> pattern, List<String> segments) {
        if (pattern.size() != segments.size()) {
            return false;
        }
        for (int i = 0; i < segments.size(); i++) {
            if (pattern.get(i) instanceof PathPattern.Literal literal && !literal.value().equals(segments.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static String rank(List<PathPattern.Segment> pattern) {
        StringBuilder rank = new StringBuilder();
        pattern.forEach(segment -> rank.append(segment instanceof PathPattern.Literal ? '0' : '1'));
        return rank.toString();
    }
}
