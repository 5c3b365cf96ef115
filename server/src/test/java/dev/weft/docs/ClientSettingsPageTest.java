package dev.weft.docs;

import static dev.weft.docs.SettingsTables.names;
import static dev.weft.docs.SettingsTables.setters;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.client.ReconnectingClient;
import dev.weft.client.ReconnectingClientBuilder;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.docs.SettingsTables.Row;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code docs/settings.md} has every setting of a client, with its bounds and its default. */
class ClientSettingsPageTest {
    private static final List<String> HEADS = List.of("client setting", "bounds", "default", "costs",
            "over it, or without it");

    private static WebSocketClient client;

    @BeforeAll
    static void start() throws IOException {
        client = WebSocketClient.builder().build();
    }

    @AfterAll
    static void stop() {
        client.close();
    }

    static List<Row> settings() {
        return SettingsTables.rows(HEADS);
    }

    @Test
    void everyMethodOfTheBuildersIsASetting() {
        TreeSet<String> all = new TreeSet<>(setters(WebSocketClientBuilder.class));
        all.addAll(setters(ReconnectingClientBuilder.class));
        assertEquals(all, names(settings().stream()));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void defaultIsTheRealOne(Row setting) throws Exception {
        if (SettingsTables.hasDefaultValue(setting) && !setting.name().equals("noDeflate")) {
            Object builder = builderOf(setting);
            Field field = builder.getClass().getDeclaredField(setting.name());
            field.setAccessible(true);
            SettingsTables.assertDefault(setting, field.get(builder));
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void boundsAreTheRealOnes(Row setting) {
        var setter = SettingsTables.amountSetter(builderOf(setting).getClass(), setting.name());
        if (setter.isPresent() && !setting.name().equals("maxBufferedSize")) { // which depends on another setting
            SettingsTables.assertBounds(setting,
                    amount -> SettingsTables.set(builderOf(setting), setter.get(), amount));
        }
    }

    private static Object builderOf(Row setting) {
        return setters(WebSocketClientBuilder.class).contains(setting.name())
                ? WebSocketClient.builder()
                : ReconnectingClient.builder(client, URI.create("ws://localhost"));
    }
}
