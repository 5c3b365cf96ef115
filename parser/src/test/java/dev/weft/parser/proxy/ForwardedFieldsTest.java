package dev.weft.parser.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7239, and X-Forwarded-For. */
class ForwardedFieldsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"for=192.0.2.43, for=198.51.100.17 | 192.0.2.43 198.51.100.17",
            "For=\"[2001:db8:cafe::17]:4711\" | [2001:db8:cafe::17]:4711",
            "for=192.0.2.60;proto=http;by=203.0.113.43 | 192.0.2.60", "proto=https;for=_a ; host=\"x,y\" | _a",
            "proto=https | unknown", "for=\"_\\\"gazonk\" | _\"gazonk", ", for=a,, | a", "for=a;;by=b; | a",
            "for=\"a,for=b\" | a,for=b"})
    void forwardedNodesAreInTheirOrder(String value, String nodes) {
        assertEquals(List.of(nodes.split(" ")), ForwardedFields.forwarded(List.of(value)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"for", "for=", "for=a b", "for =a", "for= a", "=a", "for=\"a", "for=\"a\\", "for=\"a\"b",
            "for=a\"b\"", "for=a;for=b", "for=[::1]", "for=192.0.2.1:80", "for=a, \u00e9=b", "for=a\u0001",
            "for=a for=b"})
    void malformedForwardedIsRefused(String value) {
        assertThrows(IllegalArgumentException.class, () -> ForwardedFields.forwarded(List.of(value)));
    }

    /** RFC 7239 §8.1: a client must not be able to hide what a proxy appends in a string that it leaves open. */
    @Test
    void openQuotesMustNotHideTheNextElement() {
        for (String injected : List.of("for=\"", "for=\"a", "for=a;by=\"", "x=\"y\\")) {
            for (String appended : List.of(", for=192.0.2.1", ", for=\"[::1]:80\"", ", for=192.0.2.1;by=\"[::2]\"")) {
                assertThrows(IllegalArgumentException.class,
                        () -> ForwardedFields.forwarded(List.of(injected + appended)), injected + appended);
            }
        }
    }

    @Test
    void fieldsContinueOneAnother() {
        assertEquals(List.of("a", "b", "c"), ForwardedFields.forwarded(List.of("for=a, for=b", "for=c")));
        assertEquals(List.of("a", "b b", "c"), ForwardedFields.xForwardedFor(List.of(" a ,b b", ",c,", "")));
    }

    @Test
    void hiddenNodesAreKnown() {
        for (String hidden : List.of("unknown", "Unknown", "unknown:80", "_hidden", "_a.b-c_1:_d")) {
            assertTrue(ForwardedFields.isHidden(hidden), hidden);
        }
        for (String other : List.of("", "_", "_\u00e9", "unknowns", "hidden", "192.0.2.1", "_a b")) {
            assertFalse(ForwardedFields.isHidden(other), other);
        }
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.1, 192.0.2.1:0", "192.0.2.1:80, 192.0.2.1:80", "::1, [0:0:0:0:0:0:0:1]:0",
            "[::1], [0:0:0:0:0:0:0:1]:0", "[::1]:80, [0:0:0:0:0:0:0:1]:80", "192.0.2.1:_port, 192.0.2.1:0",
            "[::ffff:1.2.3.4]:_x, [0:0:0:0:0:ffff:102:304]:0"})
    void addressMayHaveAPort(String text, String address) {
        assertEquals(address, ForwardedAddress.parse(text).orElseThrow().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", "localhost", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:70000", "192.0.2.1:_",
            "[192.0.2.1]", "[::1", "::1]", "[::1]80", "[::1]:", "::1:", "1.2.3.4.5", "1.2.3", "192.0.2.1 ", "[]", "[:]",
            "192.0.2.1:\u0661", "\u0661.2.3.4"})
    void otherTextIsNoAddress(String text) {
        assertTrue(ForwardedAddress.parse(text).isEmpty());
    }

    @Test
    void plainAddressHasNoPort() {
        assertTrue(ForwardedAddress.parseIp("192.0.2.1").isPresent());
        assertTrue(ForwardedAddress.parseIp("::1").isPresent());
        assertTrue(ForwardedAddress.parseIp("192.0.2.1:80").isEmpty());
        assertTrue(ForwardedAddress.parseIp("[::1]").isEmpty());
    }
}
