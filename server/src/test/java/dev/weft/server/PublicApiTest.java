package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.weft.parser.FrameParser;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The libraries must export exactly what docs/api lists. The class is public, because a listed type must be public with all of
 * its enclosing types.
 */
public class PublicApiTest {
    private static final Path FOLDER = Path.of("..", "docs", "api"); // tests run in their module's folder

    @ParameterizedTest
    @CsvSource({"weft-parser, dev.weft.parser.FrameParser", "weft-server, dev.weft.server.WebSocketServer"})
    void exportedApiMustBeAsAccepted(String artifact, Class<?> member) throws IOException {
        assertAccepted(FOLDER, artifact, member);
    }

    /** Also for the modules next to the server. */
    public static void assertAccepted(Path folder, String artifact, Class<?> member) throws IOException {
        Path file = folder.resolve(artifact + ".txt");
        List<String> now = PublicApi.ofModuleWith(member).lines();
        if (Boolean.getBoolean("weft.api.accept")) {
            Files.write(file, now);
        }
        List<String> accepted = Files.readAllLines(file);
        if (!now.equals(accepted)) {
            fail(explanation(artifact, differences(accepted, now)));
        }
    }

    @Test
    void signaturesMustShowOnlyExportedTypes() throws IOException {
        assertEquals(Set.of(), PublicApi.ofModuleWith(FrameParser.class).hiddenTypesInSignatures());
        assertEquals(Set.of(), PublicApi.ofModuleWith(WebSocketServer.class).hiddenTypesInSignatures());
    }

    @Test
    void readmeSaysOfEachPackageWhetherItIsExported() throws IOException {
        Map<String, Boolean> packages = new TreeMap<>(PublicApi.ofModuleWith(FrameParser.class).packages());
        packages.putAll(PublicApi.ofModuleWith(WebSocketServer.class).packages());
        Map<String, Boolean> described = new TreeMap<>();
        for (String line : Files.readAllLines(FOLDER.resolve("README.md"))) {
            if (line.startsWith("| `dev.weft")) {
                String[] cells = line.split("\\|");
                described.put(cells[1].strip().replace("`", ""), cells[2].strip().equals("exported"));
            }
        }
        assertEquals(packages, described);
    }

    // The listing and the comparison themselves.

    @Test
    void listingShowsAllThatUsersDependOn() {
        List<Class<?>> types = List.of(Shape.class, Shape.Square.class, Hidden.class, Base.class, Derived.class,
                Colour.class);
        ModuleDescriptor module = ModuleDescriptor.newModule("sample").exports("dev.weft.server")
                .packages(Set.of("dev.weft.server")).build();
        String prefix = "dev.weft.server.PublicApiTest.";
        List<String> lines = PublicApi.of(module, types).lines().stream()
                .map(line -> line.replace(prefix, "").replace("PublicApiTest.", "")).toList();
        assertEquals("""
                module sample

                import dev.weft.server.PublicApiTest
                import java.io.IOException
                import java.util.Comparator
                import java.util.List
                import java.util.Optional

                abstract class Base<T extends Comparable<? super T>>
                    protected final int count
                    new Base()
                    abstract T pick(List<? extends T>, int...) throws IOException
                    static <E extends Exception> void raise(E) throws E
                    final void run()

                enum Colour
                    RED
                    GREEN
                    Optional<Colour> next()

                final class Derived extends Base<String> implements Comparator<String>
                    @Deprecated static final int LIMIT = 7
                    int compare(String, String)
                    long inherited(byte[])
                    String pick(List<? extends String>, int...)

                sealed interface Shape permits Shape.Square
                    @Deprecated(forRemoval) double area()
                    default boolean isRound()

                record Shape.Square(double side, List<?> notes) implements Shape
                    new Shape.Square(double)
                    double area()
                """.lines().toList(), lines);
    }

    @Test
    void differencesAreShownByType() {
        List<String> accepted = List.of("module m", "", "class A", "    void gone()", "    void kept()", "", "class C",
                "    void x()");
        List<String> now = List.of("module m", "", "class A", "    int added()", "    void kept()", "", "class B");
        assertEquals(
                List.of("  class A", "-     void gone()", "+     int added()", "- class C", "-     void x()",
                        "+ class B"),
                differences(accepted, now));
        assertEquals(List.of(), differences(accepted, accepted));
    }

    @Test
    void explanationSaysHowToAccept() {
        String explanation = explanation("weft-server", List.of("- class A"));
        assertTrue(explanation.contains("- class A\n") && explanation.contains("scripts/accept-api"), explanation);
    }

    private static String explanation(String artifact, List<String> differences) {
        String file = "docs/api/" + artifact + ".txt";
        return "What " + artifact + " exports is no longer what " + file + " says:\n\n"
                + (differences.isEmpty() ? "the same lines in another order\n" : String.join("\n", differences) + "\n")
                + "\nA line with - is gone: code that uses it breaks. If the change is meant, accept it by running\n\n"
                + "    scripts/accept-api\n\nand commit " + file + " with it.\n";
    }

    /** What is gone (-) and what is new (+), after the line of its type. */
    private static List<String> differences(List<String> accepted, List<String> now) {
        Map<String, List<String>> before = byType(accepted);
        Map<String, List<String>> after = byType(now);
        List<String> lines = new ArrayList<>();
        before.forEach((type, members) -> {
            List<String> remaining = after.getOrDefault(type, List.of());
            List<String> changed = new ArrayList<>();
            members.stream().filter(member -> !remaining.contains(member))
                    .forEach(member -> changed.add("- " + member));
            remaining.stream().filter(member -> !members.contains(member))
                    .forEach(member -> changed.add("+ " + member));
            if (!changed.isEmpty() || !after.containsKey(type)) {
                lines.add((after.containsKey(type) ? "  " : "- ") + type);
            }
            lines.addAll(changed);
        });
        after.forEach((type, members) -> {
            if (!before.containsKey(type)) {
                lines.add("+ " + type);
                members.forEach(member -> lines.add("+ " + member));
            }
        });
        return lines;
    }

    private static Map<String, List<String>> byType(List<String> listing) {
        Map<String, List<String>> types = new LinkedHashMap<>();
        String type = "";
        for (String line : listing) {
            if (line.startsWith("    ")) {
                types.get(type).add(line);
            } else if (!line.isEmpty()) {
                type = line;
                types.putIfAbsent(type, new ArrayList<>());
            }
        }
        return types;
    }

    // What listingShowsAllThatUsersDependOn lists.

    @SuppressWarnings("removal")
    public sealed interface Shape {
        @Deprecated(forRemoval = true)
        double area();

        default boolean isRound() {
            return false;
        }

        record Square(double side, List<?> notes) implements Shape {
            public Square(double side) {
                this(side, List.of());
            }

            @Override
            public double area() {
                return side * side;
            }
        }
    }

    public abstract static class Base<T extends Comparable<? super T>> {
        protected final int count = "x".length(); // no constant
        int hidden;

        public abstract T pick(List<? extends T> list, int... indexes) throws IOException;

        public final void run() {}

        public static <E extends Exception> void raise(E exception) throws E {
            throw exception;
        }
    }

    abstract static class Hidden extends Base<String> {
        public long inherited(byte[] bytes) {
            return bytes.length;
        }
    }

    public static final class Derived extends Hidden implements java.util.Comparator<String> {
        @Deprecated
        public static final int LIMIT = 7;

        private Derived() {}

        @Override
        public String pick(List<? extends String> list, int... indexes) {
            return list.get(indexes[0]);
        }

        @Override
        public int compare(String first, String second) {
            return first.compareTo(second);
        }
    }

    public enum Colour {
        RED, GREEN {
        };

        public Optional<Colour> next() {
            return this == RED ? Optional.of(GREEN) : Optional.empty();
        }
    }
}
