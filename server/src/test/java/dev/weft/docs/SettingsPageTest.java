package dev.weft.docs;

import static dev.weft.docs.SettingsTables.names;
import static dev.weft.docs.SettingsTables.setters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.docs.SettingsTables.Row;
import dev.weft.RateLimits;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import dev.weft.server.AddressLimits;
import dev.weft.server.CloseOptions;
import dev.weft.server.DrainSettings;
import dev.weft.server.Endpoint;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.HttpSettings;
import dev.weft.server.ProbeSettings;
import dev.weft.server.ProxySettings;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code docs/settings.md} has every setting of a server, with its bounds and its default. */
class SettingsPageTest {
    private static final List<String> HEADS = List.of("setting", "endpoint", "option", "bounds", "default", "costs",
            "over it, or without it");

    private static final Map<Class<?>, Supplier<Object>> BUILDERS = Map.of(
            WebSocketServerBuilder.class, SettingsPageTest::builder, DeflateSettings.Builder.class,
            DeflateSettings::builder, HttpLimits.Builder.class, HttpLimits::builder, HttpSettings.Builder.class,
            HttpSettings::builder, ProxySettings.Builder.class, ProxySettings::builder, AddressLimits.Builder.class,
            AddressLimits::builder, RateLimits.Builder.class, RateLimits::builder, DrainSettings.Builder.class,
            DrainSettings::builder, CloseOptions.Builder.class, CloseOptions::builder, ProbeSettings.Builder.class,
            ProbeSettings::builder);

    static List<Row> settings() {
        return SettingsTables.rows(HEADS);
    }

    private static Set<String> ofEndpoints(String kind) {
        return names(settings().stream().filter(setting -> setting.cell("endpoint").equals(kind)));
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

    @Test
    void everyMethodOfOtherBuildersIsASetting() {
        assertEquals(setters(DeflateSettings.Builder.class), inPage(DeflateSettings.Builder.class));
        assertEquals(setters(HttpLimits.Builder.class), inPage(HttpLimits.Builder.class));
        assertEquals(setters(HttpSettings.Builder.class), inPage(HttpSettings.Builder.class));
        assertEquals(setters(ProxySettings.Builder.class), inPage(ProxySettings.Builder.class));
        assertEquals(setters(AddressLimits.Builder.class), inPage(AddressLimits.Builder.class));
        assertEquals(setters(RateLimits.Builder.class), inPage(RateLimits.Builder.class));
        assertEquals(setters(DrainSettings.Builder.class), inPage(DrainSettings.Builder.class));
        assertEquals(setters(CloseOptions.Builder.class), inPage(CloseOptions.Builder.class));
        assertEquals(setters(ProbeSettings.Builder.class), inPage(ProbeSettings.Builder.class));
    }

    private static Set<String> inPage(Class<?> builder) {
        Set<String> own = setters(builder);
        return names(settings().stream().filter(setting -> own.contains(setting.name())));
    }

    @Test
    void everySettingIsAMethod() {
        Set<String> methods = Stream.concat(Stream.of(Endpoint.class), BUILDERS.keySet().stream())
                .flatMap(type -> setters(type).stream()).collect(Collectors.toSet());
        assertEquals(List.of(), settings().stream().map(Row::name)
                .filter(name -> !methods.contains(name) && find(defaults(), name).isEmpty()).toList());
    }

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().handler(ws -> {});
    }

    private static ServerConfiguration defaults() {
        return builder().build();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void defaultsMustMatchTheCode(Row setting) {
        if (SettingsTables.hasDefaultValue(setting)) {
            SettingsTables.assertDefault(setting, find(defaults(), setting.name()).orElseThrow());
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void boundsMustMatchTheCode(Row setting) {
        if (setting.name().equals("maxBufferedSize")) { // which depends on another setting
            return;
        }
        BUILDERS.forEach((type, builder) -> SettingsTables.amountSetter(type, setting.name())
                .ifPresent(setter -> SettingsTables.assertBounds(setting, amount -> {
                    Object target = builder.get();
                    SettingsTables.set(target, setter, amount);
                    SettingsTables.invoke(type.getMethod("build"), target);
                })));
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
