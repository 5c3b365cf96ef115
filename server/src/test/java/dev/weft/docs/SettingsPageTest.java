package dev.weft.docs;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import dev.weft.server.Endpoint;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.HttpSettings;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
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
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code docs/settings.md} has every setting, with its bounds and its default. */
class SettingsPageTest {
    /** The columns of the page's tables. */
    private static final List<String> HEAD = List.of("setting", "endpoint", "option", "bounds", "default", "costs",
            "over it, or without it");
    private static final Pattern VALUE = Pattern.compile("([\\d,]+)(?: (B|KiB|MiB|TiB|ms|s|d))?");
    private static final Map<String, Long> UNITS = Map.of("B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "TiB", 1L << 40,
            "ms", 1L, "s", 1000L, "d", 86_400_000L);

    private static final Map<Class<?>, Supplier<Object>> BUILDERS = Map.of(
            WebSocketServerBuilder.class, SettingsPageTest::builder, DeflateSettings.Builder.class,
            DeflateSettings::builder, HttpLimits.Builder.class, HttpLimits::builder, HttpSettings.Builder.class,
            HttpSettings::builder);

    /** A row of the page. */
    record Setting(String name, String endpoint, String bounds, String byDefault) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Setting> settings() {
        List<Setting> settings = new ArrayList<>();
        for (String line : Documents.read(Documents.ROOT.resolve("docs/settings.md")).lines().toList()) {
            List<String> cells = Arrays.stream(line.split("\\|")).map(String::strip).skip(1).toList();
            if (line.startsWith("| `")) {
                assertEquals(HEAD.size(), cells.size(), line);
                settings.add(new Setting(cells.get(0).replace("`", ""), cells.get(1), cells.get(3),
                        cells.get(4)));
            }
        }
        return settings;
    }

    @Test
    void tablesHaveTheseColumns() {
        List<String> heads = Documents.read(Documents.ROOT.resolve("docs/settings.md")).lines()
                .filter(line -> line.startsWith("| setting")).distinct().toList();
        assertEquals(List.of("| " + String.join(" | ", HEAD) + " |"), heads);
    }

    @Test
    void everyMethodOfTheBuilderIsASetting() {
        assertEquals(setters(WebSocketServerBuilder.class), inPage(WebSocketServerBuilder.class));
    }

    @Test
    void everyMethodOfAnEndpointIsASettingOfEndpoints() {
        assertEquals(setters(Endpoint.class), ofEndpoints("yes"));
        Set<String> ofHttp = setters(HttpEndpoint.class);
        assertTrue(ofHttp.remove("method")); // adds a handler
        assertEquals(ofHttp, ofEndpoints("HTTP"));
    }

    private static Set<String> ofEndpoints(String kind) {
        return settings().stream().filter(setting -> setting.endpoint().equals(kind)).map(Setting::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyMethodOfOtherBuildersIsASetting() {
        assertEquals(setters(DeflateSettings.Builder.class), inPage(DeflateSettings.Builder.class));
        assertEquals(setters(HttpLimits.Builder.class), inPage(HttpLimits.Builder.class));
        assertEquals(setters(HttpSettings.Builder.class), inPage(HttpSettings.Builder.class));
    }

    private static Set<String> inPage(Class<?> builder) {
        Set<String> own = setters(builder);
        return settings().stream().map(Setting::name).filter(own::contains)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everySettingIsAMethod() {
        Set<String> methods = Stream.concat(Stream.of(Endpoint.class), BUILDERS.keySet().stream())
                .flatMap(type -> setters(type).stream()).collect(Collectors.toSet());
        assertEquals(List.of(), settings().stream().map(Setting::name)
                .filter(name -> !methods.contains(name) && find(defaults(), name).isEmpty()).toList());
    }

    private static Set<String> setters(Class<?> type) {
        return methodsOf(type).map(Method::getName).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<Method> methodsOf(Class<?> type) {
        // Methods that the settings of connections share are inherited, and return the common type.
        return Arrays.stream(type.getMethods()).filter(method -> !Modifier.isStatic(method.getModifiers())
                && !method.isBridge() && method.getReturnType() != Object.class
                && method.getReturnType().isAssignableFrom(type));
    }

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().handler(ws -> {});
    }

    private static ServerConfiguration defaults() {
        return builder().build();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void defaultsMustMatchTheCode(Setting setting) {
        Matcher value = VALUE.matcher(setting.byDefault());
        boolean isSwitch = setting.byDefault().matches("on|off");
        if (!isSwitch && !value.matches()) {
            return; // In words, such as "a quarter of the heap".
        }
        Object real = find(defaults(), setting.name()).orElseThrow();
        Object expected = isSwitch ? (Object) setting.byDefault().equals("on") : (Object) amount(value);
        Object found = switch (real) {
            case Duration time -> time.toMillis();
            case Number number -> number.longValue();
            case Optional<?> optional -> optional.isPresent();
            default -> real;
        };
        assertEquals(expected, found);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void boundsMustMatchTheCode(Setting setting) throws Exception {
        String[] ends = setting.bounds().split(" to ");
        Matcher least = VALUE.matcher(ends[0].replaceFirst(" or more$", ""));
        Optional<Method> setter = BUILDERS.keySet().stream().flatMap(SettingsPageTest::methodsOf)
                .filter(one -> one.getName().equals(setting.name()))
                .filter(one -> one.getParameterCount() == 1 && isAmount(one.getParameterTypes()[0])).findFirst();
        if (setter.isEmpty() || setting.name().equals("maxBufferedSize")) { // which depends on another setting
            return;
        }
        assertTrue(least.matches(), setting.name() + " has no bounds: " + setting.bounds());
        long from = amount(least);
        assertDoesNotThrow(() -> set(setter.get(), from));
        assertThrows(IllegalArgumentException.class, () -> set(setter.get(), from - 1));
        if (ends.length == 2) {
            Matcher most = VALUE.matcher(ends[1]);
            assertTrue(most.matches(), setting.bounds());
            long to = amount(most);
            assertDoesNotThrow(() -> set(setter.get(), to));
            assertThrows(IllegalArgumentException.class, () -> set(setter.get(), to + 1));
        }
    }

    private static boolean isAmount(Class<?> type) {
        return type == int.class || type == long.class || type == Duration.class;
    }

    private static void set(Method setter, long amount) throws Exception {
        Class<?> type = setter.getParameterTypes()[0];
        Object value = type == Duration.class
                ? Duration.ofMillis(amount)
                : type == int.class
                        ? (Object) (int) amount
                        : (Object) amount;
        Object builder = BUILDERS.entrySet().stream()
                .filter(one -> setter.getDeclaringClass().isAssignableFrom(one.getKey()))
                .findFirst().orElseThrow().getValue().get();
        try {
            setter.invoke(builder, value);
            builder.getClass().getMethod("build").invoke(builder);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    private static long amount(Matcher value) {
        long number = Long.parseLong(value.group(1).replace(",", ""));
        return value.group(2) == null ? number : number * UNITS.get(value.group(2));
    }

    /** The value of the getter with this name, of these settings or of settings that they contain. */
    private static Optional<Object> find(Object settings, String name) {
        List<Object> inner = new ArrayList<>();
        for (Method method : settings.getClass().getMethods()) {
            if (method.getParameterCount() > 0 || Modifier.isStatic(method.getModifiers())
                    || method.getDeclaringClass() == Object.class) {
                continue;
            }
            Object value = call(method, settings);
            if (method.getName().equals(name)) {
                return Optional.of(value);
            }
            Object held = value instanceof Optional<?> optional ? optional.orElse(null) : value;
            if (held != null && held.getClass().getName().startsWith("dev.weft.")
                    && held.getClass().getSimpleName().matches(".*(Settings|Limits|Timeouts|Options)")) {
                inner.add(held);
            }
        }
        return inner.stream().flatMap(one -> find(one, name).stream()).findFirst();
    }

    private static Object call(Method getter, Object target) {
        try {
            return getter.invoke(target);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(getter.toString(), e);
        }
    }
}
