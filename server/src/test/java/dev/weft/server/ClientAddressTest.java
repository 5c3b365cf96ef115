package dev.weft.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client of a request, as trusted proxies report it in a header field. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClientAddressTest {
    private static WebSocketServerBuilder server(ClientAddressField field, String... trusted) {
        return WebSocketServer.builder()
                .proxySettings(
                        ProxySettings.builder().trustedProxies(List.of(trusted)).clientAddressField(field).build())
                .handler(ws -> ws.send(String.valueOf(ws.remoteAddress())))
                .http("/who", request -> HttpResponse.text(200, String.valueOf(request.remoteAddress())));
    }

    private static String client(WebSocketServer server, String... lines) throws IOException {
        try (RawPeer peer = RawPeer.open(server, lines)) {
            return new String(RawPeer.bytes(peer.readFrame().substring(5)), UTF_8)
                    .replace(":" + peer.socket().getLocalPort(), ":self");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"192.0.2.1 | /192.0.2.1:0", "192.0.2.1:80 | /192.0.2.1:80",
            "10.1.1.1, 192.0.2.1 | /192.0.2.1:0", "192.0.2.1, 10.1.1.1 | /192.0.2.1:0",
            "spoofed, 192.0.2.1, 10.1.1.1, 10.2.2.2 | /192.0.2.1:0", "10.1.1.1, 10.2.2.2 | /10.1.1.1:0",
            "2001:db8::1 | /[2001:db8:0:0:0:0:0:1]:0", "[2001:db8::1]:8 | /[2001:db8:0:0:0:0:0:1]:8",
            "::ffff:192.0.2.1 | /192.0.2.1:0", "192.0.2.1, ::ffff:10.1.1.1 | /192.0.2.1:0",
            "192.0.2.1, unknown | /127.0.0.1:self", "192.0.2.1, unknown, 10.1.1.1 | /10.1.1.1:0",
            "_hidden | /127.0.0.1:self"})
    void nearestUntrustedAddressIsTheClients(String value, String client) throws Exception {
        try (WebSocketServer server = server(ClientAddressField.X_FORWARDED_FOR, "127.0.0.1", "10.0.0.0/8").start()) {
            assertEquals(client, client(server, "X-Forwarded-For: " + value));
            assertEquals("/127.0.0.1:self", client(server));
            assertEquals("/127.0.0.1:self", client(server, "Forwarded: for=192.0.2.1"));
        }
        try (WebSocketServer server = server(ClientAddressField.FORWARDED, "127.0.0.1", "10.0.0.0/8").start()) {
            String quoted = "for=\"" + String.join("\", for=\"", value.split(", ")) + "\"";
            assertEquals(client,
                    client(server, "Forwarded: " + quoted.replace("\"2001:db8::1\"", "\"[2001:db8::1]\"")));
        }
    }

    @Test
    void fieldsOfSeveralLinesContinueOneAnother() throws Exception {
        try (WebSocketServer server = server(ClientAddressField.X_FORWARDED_FOR, "127.0.0.1", "10.0.0.0/8").start()) {
            assertEquals("/192.0.2.2:0",
                    client(server, "X-Forwarded-For: 192.0.2.1, 192.0.2.2", "X-Forwarded-For: 10.1.1.1"));
        }
    }

    @Test
    void peerThatIsNotTrustedIsTheClient() throws Exception {
        try (WebSocketServer server = server(ClientAddressField.X_FORWARDED_FOR, "10.0.0.0/8").start()) {
            assertEquals("/127.0.0.1:self", client(server, "X-Forwarded-For: 192.0.2.1"));
            // Not even looked at.
            assertEquals("/127.0.0.1:self", client(server, "X-Forwarded-For: \"'<>"));
        }
        try (WebSocketServer server = Handlers.echoServer().handler(ws -> ws.send(ws.remoteAddress() + "")).start()) {
            assertEquals("/127.0.0.1:self", client(server, "X-Forwarded-For: 192.0.2.1"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "192.0.2.1, 192.0.2.256", "192.0.2.01", "<script>", "fe80::1%eth0"})
    void malformedAddressOfATrustedProxyIsRefused(String value) throws Exception {
        try (WebSocketServer server = server(ClientAddressField.X_FORWARDED_FOR, "127.0.0.1").start()) {
            RawPeer.Answer answer = RawPeer.answerOf(server, RawPeer.request("X-Forwarded-For: " + value));
            assertEquals(400, answer.status());
            assertEquals("malformed address in X_FORWARDED_FOR\n", answer.rest());
            assertEquals(1, server.refusals().get(RefusalReason.BAD_HEADERS));
        }
    }

    /** A proxy sends the requests of several clients over one connection. */
    @Test
    void everyRequestHasItsOwnClient() throws Exception {
        try (WebSocketServer server = server(ClientAddressField.FORWARDED, "127.0.0.1").start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("/192.0.2.1:0", peer.get("/who", "Forwarded: for=192.0.2.1").body());
            assertEquals("/192.0.2.2:0", peer.get("/who", "Forwarded: for=192.0.2.2").body());
            String self = "/127.0.0.1:" + peer.raw().socket().getLocalPort();
            assertEquals(self, peer.get("/who").body());
            assertTrue(peer.get("/who", "Forwarded: for=\"").status() == 400);
        }
    }

    @Test
    void clientOfTheProxyProtocolMayBeAProxyItself() throws Exception {
        try (WebSocketServer server = server(ClientAddressField.X_FORWARDED_FOR, "127.0.0.1", "10.0.0.0/8")
                .proxySettings(ProxySettings.builder().trustedProxies(List.of("127.0.0.1", "10.0.0.0/8"))
                        .proxyProtocol(true).clientAddressField(ClientAddressField.X_FORWARDED_FOR).build())
                .start()) {
            for (String source : List.of("10.1.1.1", "192.0.2.7")) {
                try (RawPeer peer = RawPeer.connect(server.port()).text("PROXY TCP4 " + source + " 1.2.3.4 5 6\r\n")
                        .upgraded("X-Forwarded-For: 192.0.2.1")) {
                    assertEquals(source.equals("10.1.1.1") ? "/192.0.2.1:0" : "/192.0.2.7:5",
                            new String(RawPeer.bytes(peer.readFrame().substring(5)), UTF_8));
                }
            }
        }
    }
}
