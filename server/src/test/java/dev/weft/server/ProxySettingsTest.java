package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which peers are trusted proxies. */
class ProxySettingsTest {
    private static boolean trusts(String prefix, String address) throws UnknownHostException {
        return ProxySettings.builder().trustedProxies(List.of("203.0.113.9", prefix)).build()
                .trusts(new InetSocketAddress(InetAddress.getByName(address), 1));
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.1, 192.0.2.1, true", "192.0.2.1, 192.0.2.2, false", "192.0.2.0/24, 192.0.2.255, true",
            "192.0.2.0/24, 192.0.3.0, false", "10.128.0.0/9, 10.255.0.1, true", "10.128.0.0/9, 10.127.255.255, false",
            "192.0.2.128/25, 192.0.2.127, false", "192.0.2.254/31, 192.0.2.255, true", "0.0.0.0/0, 255.1.2.3, true",
            "0.0.0.0/0, ::1, false", "2001:db8::/32, 2001:db8:ffff::1, true", "2001:db8::/32, 2001:db9::1, false",
            "fe80::/10, febf::1, true", "fe80::/10, fec0::1, false", "::1, ::1, true", "::1, ::2, false",
            "::ffff:192.0.2.0/120, 192.0.2.7, true", "192.0.2.0/24, ::ffff:192.0.2.7, true", "::/0, 192.0.2.1, false",
            "::/0, 2001::, true"})
    void prefixDecidesAboutAnAddress(String prefix, String address, boolean trusted) throws Exception {
        assertEquals(trusted, trusts(prefix, address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "192.0.2", "192.0.2.1/33", "192.0.2.1/-1", "192.0.2.0/", "192.0.2.0/024",
            "192.0.2.1/24", "2001:db8::1/64", "2001:db8::/129", "192.0.2.1:80", "[::1]", "fe80::1%eth0",
            "192.0.2.0/+24",
            "192.0.2.0/24 "})
    void malformedPrefixIsRefused(String prefix) {
        assertThrows(IllegalArgumentException.class,
                () -> ProxySettings.builder().trustedProxies(List.of("127.0.0.1", prefix)));
    }

    @Test
    void unixSocketsAreTrustedOnRequest() {
        UnixDomainSocketAddress client = UnixDomainSocketAddress.of("");
        assertTrue(ProxySettings.builder().trustUnixSockets(true).build().trusts(client));
        assertFalse(ProxySettings.builder().trustedProxies(List.of("0.0.0.0/0", "::/0")).build().trusts(client));
        assertFalse(ProxySettings.NONE.trusts(client));
    }

    @Test
    void settingsWithoutATrustedProxyAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> ProxySettings.builder().proxyProtocol(true).build());
        assertThrows(IllegalArgumentException.class,
                () -> ProxySettings.builder().clientAddressField(ClientAddressField.FORWARDED).build());
        ProxySettings settings = ProxySettings.builder().trustUnixSockets(true).proxyProtocol(true)
                .maxProxyHeaderSize(232).clientAddressField(ClientAddressField.FORWARDED).build().toBuilder().build();
        assertTrue(settings.proxyProtocol() && settings.trustUnixSockets());
        assertEquals(232, settings.maxProxyHeaderSize());
        assertEquals(ClientAddressField.FORWARDED, settings.clientAddressField());
        assertEquals(List.of(), settings.trustedProxies());
    }
}
