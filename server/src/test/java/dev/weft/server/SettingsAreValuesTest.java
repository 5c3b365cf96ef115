package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.RateLimits;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Settings are equal if all of them are, and say which they are. */
class SettingsAreValuesTest {
    private static final Duration OTHER = Duration.ofMillis(1234);

    /**
     * Checks a class.
     *
     * @param copied  the same settings, built again
     * @param changes one for each setting, which changes this setting only
     */
    @SafeVarargs
    private static <S> void assertValues(S settings, S copied, UnaryOperator<S>... changes) throws Exception {
        List<Method> getters = Stream.of(settings.getClass().getDeclaredMethods())
                .filter(each -> Modifier.isPublic(each.getModifiers()) && !Modifier.isStatic(each.getModifiers())
                        && each.getParameterCount() == 0
                        && !List.of("toBuilder", "hashCode", "toString").contains(each.getName()))
                .toList();
        assertEquals(getters.size(), changes.length, getters.toString());
        assertSame(settings, copied);
        assertNotEquals(null, settings);
        assertNotEquals(settings, new Object());
        assertTrue(settings.toString().startsWith(settings.getClass().getSimpleName() + "["), settings.toString());
        for (int i = 0; i < changes.length; i++) {
            S changed = changes[i].apply(settings);
            assertSame(changed, changes[i].apply(copied));
            assertNotEquals(settings, changed);
            assertNotEquals(settings.toString(), changed.toString());
            int differences = 0;
            for (Method getter : getters) {
                differences += getter.invoke(settings).equals(getter.invoke(changed)) ? 0 : 1;
            }
            assertEquals(1, differences, changed.toString());
            for (int j = 0; j < i; j++) {
                assertNotEquals(changes[j].apply(settings), changed);
            }
        }
    }

    private static void assertSame(Object one, Object other) {
        assertEquals(one, other);
        assertEquals(one.hashCode(), other.hashCode());
        assertEquals(one.toString(), other.toString());
    }

    @Test
    void settingsOfTheServerMustBeValues() throws Exception {
        assertValues(HttpSettings.DEFAULT, HttpSettings.DEFAULT.toBuilder().build(),
                each -> each.toBuilder().maxBodySize(7).build(),
                each -> each.toBuilder().maxRequestsPerConnection(7).build(),
                each -> each.toBuilder().handlerTimeout(OTHER).build(),
                each -> each.toBuilder().bodyTimeout(OTHER).build(),
                each -> each.toBuilder().keepAliveTimeout(OTHER).build(),
                each -> each.toBuilder().hosts(List.of("example.com")).build());
        CloseOptions close = CloseOptions.builder().build();
        assertValues(close, close.toBuilder().build(), each -> each.toBuilder().reason(1012, "again").build(),
                each -> each.toBuilder().grace(OTHER).build(), each -> each.toBuilder().spread(OTHER).build(),
                each -> each.toBuilder().order(other(each.order())).build(),
                each -> each.toBuilder().spacing(other(each.spacing())).build());
        assertValues(DrainSettings.DEFAULT, DrainSettings.DEFAULT.toBuilder().build(),
                each -> each.toBuilder().notice(OTHER).build(),
                each -> each.toBuilder().newConnections(other(each.newConnections())).build(),
                each -> each.toBuilder().retryAfter(OTHER).build(),
                each -> each.toBuilder().closing(CloseOptions.builder().build()).build());
        assertValues(ProbeSettings.NONE, ProbeSettings.NONE.toBuilder().build(),
                each -> each.toBuilder().liveness("/a").build(), each -> each.toBuilder().readiness("/a").build(),
                each -> each.toBuilder().health("/a").build(), each -> each.toBuilder().listen("127.0.0.1", 1).build());
        ProxySettings proxies = ProxySettings.builder().trustedProxies(List.of("192.0.2.1")).build();
        assertValues(proxies, proxies.toBuilder().build(),
                each -> each.toBuilder().trustedProxies(List.of("192.0.2.2")).build(),
                each -> each.toBuilder().trustUnixSockets(!each.trustUnixSockets()).build(),
                each -> each.toBuilder().proxyProtocol(!each.proxyProtocol()).build(),
                each -> each.toBuilder().maxProxyHeaderSize(each.maxProxyHeaderSize() + 1).build(),
                each -> each.toBuilder().clientAddressField(other(each.clientAddressField())).build());
        assertValues(AddressLimits.NONE, AddressLimits.NONE.toBuilder().build(),
                each -> each.toBuilder().maxConnectionsPerAddress(7).build(),
                each -> each.toBuilder()
                        .ratesPerAddress(RateLimits.builder().pings(7).build()).build(),
                each -> each.toBuilder().ipv4PrefixLength(each.ipv4PrefixLength() - 1).build(),
                each -> each.toBuilder().ipv6PrefixLength(each.ipv6PrefixLength() - 1).build(),
                each -> each.toBuilder().maxAddresses(7).build(),
                each -> each.toBuilder().exempt(List.of("192.0.2.1")).build());
    }

    private static <E extends Enum<E>> E other(E one) {
        E[] all = one.getDeclaringClass().getEnumConstants();
        return all[(one.ordinal() + 1) % all.length];
    }
}
