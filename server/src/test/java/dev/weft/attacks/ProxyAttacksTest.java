package dev.weft.attacks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.ClientAddressField;
import dev.weft.server.Handlers;
import dev.weft.server.HttpPeer;
import dev.weft.server.ProxySettings;
import dev.weft.server.RawPeer;
import dev.weft.server.RefusalReason;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Attacks 42 and up: what pretends to come from a proxy. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyAttacksTest {
    private static final String LINE = "PROXY TCP4 192.0.2.1 198.51.100.7 49152 443\r\n";
    private static final String V2 = "0d0a0d0a000d0a515549540a";
    private static final int MANY = 200;

    private static WebSocketServerBuilder proxied(String... trusted) {
        return Handlers.echoServer()
                .proxySettings(ProxySettings.builder().trustedProxies(List.of(trusted)).proxyProtocol(true).build());
    }

    private static WebSocketServerBuilder forwarded(ClientAddressField field, String... trusted) {
        return Handlers.echoServer()
                .proxySettings(
                        ProxySettings.builder().trustedProxies(List.of(trusted)).clientAddressField(field).build())
                .http("/who", request -> HttpResponse.text(200, String.valueOf(request.remoteAddress())));
    }

    /** Whether the server ends the connection, by a reset too, without having sent anything. */
    private static void assertEndsSilently(RawPeer peer) throws IOException {
        try {
            assertEquals("", new String(peer.readToEnd(), ISO_8859_1));
        } catch (SocketException e) {
            assertEquals("Connection reset", e.getMessage());
        }
    }

    private static void assertServes(WebSocketServer server) throws IOException {
        try (RawPeer peer = RawPeer.connect(server.port()).text(LINE).upgraded()) {
            Bystander.assertEchoes(peer, "served");
        }
    }

    @Test
    void attack42_headersThatAreNone() throws Exception {
        AttackTransport.allAtOnce(wire -> {
            try (WebSocketServer server = wire.server(Handlers::echo)
                    .proxySettings(proxied("127.0.0.1").build().proxySettings()).start()) {
                List<String> hostile = List.of("474554", "16030100", "50524f585920544350340d0a",
                        // Lengths that are too small for the addresses; commands, families and values that do not exist.
                        V2 + "21110000", V2 + "2111000b" + "00".repeat(11), V2 + "2121000c" + "00".repeat(12),
                        V2 + "2211", V2 + "2151", V2 + "11110000",
                        V2 + "2111000f" + "00".repeat(12) + "02ffff", V2 + "2111000d" + "00".repeat(12) + "02",
                        V2 + "21110013" + "00".repeat(12) + "03000400000000",
                        // More than the limit, of which nothing is sent.
                        V2 + "2100ffff", V2 + "2000ffff");
                for (String hex : hostile) {
                    try (RawPeer peer = RawPeer.connect(server.port()).hex(hex)) {
                        assertEndsSilently(peer);
                    }
                }
                assertEquals(hostile.size(), server.refusals().get(RefusalReason.PROXY_HEADER));
                Await.until("nothing is left", () -> server.connectionCount() == 0);
            }
        });
    }

    /** A line without an end, and headers that end early or never: bounded, and given up in time. */
    @Test
    void attack43_endlessAndUnfinishedHeaders() throws Exception {
        try (WebSocketServer server = proxied("127.0.0.1").handshakeTimeout(Duration.ofMillis(500)).start()) {
            try (RawPeer peer = RawPeer.connect(server.port())) {
                peer.text("PROXY UNKNOWN" + " x".repeat(100));
                assertEndsSilently(peer);
            }
            List<RawPeer> waiting = new ArrayList<>();
            try {
                for (int i = 0; i < MANY; i++) {
                    RawPeer peer = RawPeer.connect(server.port());
                    waiting.add(
                            i % 2 == 0 ? peer.text(LINE.substring(0, i % LINE.length())) : peer.hex(V2 + "211107f0"));
                }
                assertServes(server);
                for (RawPeer peer : waiting) {
                    assertEndsSilently(peer);
                }
            } finally {
                for (RawPeer peer : waiting) {
                    peer.close();
                }
            }
            try (RawPeer peer = RawPeer.connect(server.port()).text("PROXY TCP4 192.0.2.1").halfClose()) {
                assertEndsSilently(peer);
            }
            assertServes(server);
            Await.until("nothing is left", () -> server.connectionCount() == 0);
            assertEquals(1, server.refusals().get(RefusalReason.PROXY_HEADER));
        }
    }

    /** From an address that is no trusted proxy's, even a good header is not believed. */
    @Test
    void attack44_headerOfSomebodyElse() throws Exception {
        try (WebSocketServer server = proxied("192.0.2.0/24", "::1").start()) {
            for (String begin : List.of(LINE, RawPeer.request(), LINE + RawPeer.request())) {
                try (RawPeer peer = RawPeer.connect(server.port()).text(begin)) {
                    assertEndsSilently(peer);
                } catch (SocketException e) {
                    // It was closed before the bytes were sent.
                    assertTrue(List.of("Broken pipe", "Connection reset").contains(e.getMessage()), e.getMessage());
                }
            }
            Await.until("all are refused", () -> server.refusals().get(RefusalReason.PROXY_HEADER) == 3);
        }
    }

    /** What a client has put into the fields must not become its address, nor hide the address that the proxy appends. */
    @Test
    void attack45_addressesThatTheClientHasForwarded() throws Exception {
        Bystander.beside(forwarded(ClientAddressField.FORWARDED, "127.0.0.1"), server -> {
            for (String injected : List.of("for=198.51.100.1", "for=127.0.0.1", "for=unknown", "for=\"\\\"\"",
                    "for=\"a, b\"", "host=\"x\";for=127.0.0.1;proto=https", ",,", "for=127.0.0.1, for=198.51.100.1")) {
                assertEquals("/192.0.2.1:0", who(server, "Forwarded: " + injected + ", for=192.0.2.1"));
                assertEquals("/192.0.2.1:0", who(server, "Forwarded: " + injected, "Forwarded: for=192.0.2.1"));
            }
            for (String injected : List.of("for=\"", "for=\"127.0.0.1", "for=x;by=\"\\", "for=", "for", "a b",
                    "for=127.0.0.1;for=198.51.100.1", "for=[::1]")) {
                for (String appended : List.of("for=192.0.2.1", "for=\"[2001:db8::1]:80\"")) {
                    assertEquals("400", who(server, "Forwarded: " + injected + ", " + appended), injected);
                }
            }
        });
        Bystander.beside(forwarded(ClientAddressField.X_FORWARDED_FOR, "127.0.0.1"), server -> {
            for (String injected : List.of("198.51.100.1", "127.0.0.1", "unknown", "\"", "", ",", "'; DROP TABLE",
                    "::1")) {
                assertEquals("/192.0.2.1:0", who(server, "X-Forwarded-For: " + injected + ", 192.0.2.1"));
            }
        });
    }

    private static String who(WebSocketServer server, String... lines) throws IOException {
        try (HttpPeer peer = HttpPeer.connect(server)) {
            HttpPeer.Response response = peer.get("/who", lines);
            return response.status() == 200 ? response.body() : String.valueOf(response.status());
        }
    }

    /** As many addresses as a head may have, all of trusted proxies: each costs one look. */
    @Test
    void attack46_manyForwardedAddresses() throws Exception {
        String all = "10.0.0.1,".repeat(8_000 / 9);
        Bystander.beside(forwarded(ClientAddressField.X_FORWARDED_FOR, "127.0.0.1", "10.0.0.0/8"), server -> {
            String line = "X-Forwarded-For: " + all;
            long before = Bystander.allocated();
            for (int i = 0; i < MANY; i++) {
                assertEquals("/10.0.0.1:0", who(server, line, line, line));
            }
            long each = (Bystander.allocated() - before) / MANY;
            assertTrue(each < 8 << 20, "bytes for each request: " + each);
            assertEquals("/192.0.2.1:0", who(server, "X-Forwarded-For: 192.0.2.1", line));
        });
    }
}
