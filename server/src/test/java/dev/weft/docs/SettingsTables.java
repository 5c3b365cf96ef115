package dev.weft.docs;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of {@code docs/settings.md}, to be compared with the builders. */
final class SettingsTables {
    private static final Pattern VALUE = Pattern.compile("([\\d,]+)(?: (B|KiB|MiB|TiB|ms|s|d))?");
    private static final Map<String, Long> UNITS = Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "TiB", 1L << 40,
            "ms", 1L, "s", 1000L, "d", 86_400_000L);

    private SettingsTables() {}

    /** A row: the cells by the heads of their columns. */
    record Row(List<String> heads, List<String> cells) {
        String cell(String head) {
            return cells.get(heads.indexOf(head));
        }

        /** The setting that it describes. */
        String name() {
            return cells.getFirst().replace("`", "");
        }

        @Override
        public String toString() {
            return name();
        }
    }

    /** The rows of all tables whose columns have these heads. */
    static List<Row> rows(List<String> heads) {
        List<Row> rows = new ArrayList<>();
        List<String> current = List.of();
        for (String line : Documents.read(Documents.ROOT.resolve("docs/settings.md")).lines().toList()) {
            List<String> cells = Arrays.stream(line.split("\\|")).map(String::strip).skip(1).toList();
            if (!line.startsWith("|")) {
                current = List.of();
            } else if (current.isEmpty()) {
                current = cells;
            } else if (current.equals(heads) && line.startsWith("| `")) {
                assertEquals(heads.size(), cells.size(), line);
                rows.add(new Row(heads, cells));
            }
        }
        assertTrue(!rows.isEmpty(), "no table has the columns " + heads);
        return rows;
    }

    /** The names of these rows. */
    static Set<String> names(Stream<Row> rows) {
        return rows.map(Row::name).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The names of the methods of a builder that set something. */
    static Set<String> setters(Class<?> builder) {
        return methodsOf(builder).map(Method::getName).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<Method> methodsOf(Class<?> type) {
        // What the settings of connections share is inherited, and returns the common type.
        return Arrays.stream(type.getMethods()).filter(method -> !Modifier.isStatic(method.getModifiers())
                && method.getReturnType() != Object.class && method.getReturnType().isAssignableFrom(type));
    }

    /** The setter of that name that takes a number or a time; empty if there is none. */
    static Optional<Method> amountSetter(Class<?> builder, String name) {
        return methodsOf(builder).filter(one -> one.getName().equals(name) && one.getParameterCount() == 1)
                .filter(one -> isAmount(one.getParameterTypes()[0])).findFirst();
    }

    private static boolean isAmount(Class<?> type) {
        return type == int.class || type == long.class || type == Duration.class;
    }

    /** The bounds in the row must be those of the setter. */
    static void assertBounds(Row row, Call setter) {
        String[] ends = row.cell("bounds").split(" to ");
        Matcher least = VALUE.matcher(ends[0].replaceFirst(" or more$", ""));
        assertTrue(least.matches(), row + " has no bounds: " + row.cell("bounds"));
        long from = amount(least);
        assertDoesNotThrow(() -> setter.set(from));
        assertThrows(IllegalArgumentException.class, () -> setter.set(from - 1));
        if (ends.length == 2) {
            Matcher most = VALUE.matcher(ends[1]);
            assertTrue(most.matches(), row.cell("bounds"));
            long to = amount(most);
            assertDoesNotThrow(() -> setter.set(to));
            assertThrows(IllegalArgumentException.class, () -> setter.set(to + 1));
        }
    }

    /** Sets an amount; throws what the setter throws. */
    @FunctionalInterface
    interface Call {
        void set(long amount) throws Exception;
    }

    /** Calls the setter of a builder with an amount: bytes, a count, or milliseconds. */
    static void set(Object builder, Method setter, long amount) throws Exception {
        Class<?> type = setter.getParameterTypes()[0];
        Object value = type == Duration.class
                ? Duration.ofMillis(amount)
                : type == int.class
                        ? (Object) (int) amount
                        : (Object) amount;
        invoke(setter, builder, value);
    }

    /** Calls a method; throws what it throws. */
    static void invoke(Method method, Object target, Object... arguments) throws Exception {
        try {
            method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /** Whether the row's default is a value, rather than words such as "a quarter of the heap". */
    static boolean hasDefaultValue(Row row) {
        return isSwitch(row) || VALUE.matcher(row.cell("default")).matches();
    }

    private static boolean isSwitch(Row row) {
        return row.cell("default").matches("on|off");
    }

    /** The default in the row must be this value. */
    static void assertDefault(Row row, Object real) {
        Matcher value = VALUE.matcher(row.cell("default"));
        Object expected = isSwitch(row)
                ? row.cell("default").equals("on")
                : (Object) (value.matches() ? amount(value) : null);
        Object found = switch (real) {
            case Duration time -> time.toMillis();
            case Number number -> number.longValue();
            case Optional<?> optional -> optional.isPresent();
            default -> real;
        };
        assertEquals(expected, found);
    }

    private static long amount(Matcher value) {
        long number = Long.parseLong(value.group(1).replace(",", ""));
        return value.group(2) == null ? number : number * UNITS.get(value.group(2));
    }
}
