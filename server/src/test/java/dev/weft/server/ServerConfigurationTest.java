package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.OverflowPolicy;
import dev.weft.RateLimits;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerConfigurationTest {
    /** Every setting has another value than by default. */
    private static WebSocketServerBuilder changed() throws Exception {
        return WebSocketServer.builder().listen("::1", 1).listenInherited().backlog(2).reusePort(true)
                .shutdownHook(true).drainSettings(DrainSettings.builder().notice(Duration.ofSeconds(25)).build())
                .probeSettings(ProbeSettings.builder().liveness("/d").build())
                .accessLog(AccessLogFormat.JSON).connectionDetails(true).overflowPolicy(OverflowPolicy.DROP_OLDEST)
                .addressLimits(AddressLimits.builder().maxAddresses(25).build())
                .rateLimits(RateLimits.builder().pings(26).build()).rateShares(Map.of("gold", 27))
                .totalRateLimits(RateLimits.builder().pings(27).build()).maxLifetime(Duration.ofSeconds(28))
                .socketPermissions(Set.of())
                .transport(TransportKind.BLOCKING)
                .tcpNoDelay(false).keepAlive(true).receiveBufferSize(3).sendBufferSize(4).tls(SSLContext.getDefault())
                .httpLimits(HttpLimits.builder().maxHeaderCount(5).build()).maxMessageSize(6)
                .maxStreamedMessageSize(7).maxFramesPerMessage(8).maxCompressionRatio(31).maxQueuedSize(9)
                .readAheadSize(128)
                .handshakeTimeout(Duration.ofSeconds(11)).policyTimeout(Duration.ofSeconds(12))
                .pingInterval(Duration.ofSeconds(13)).pongTimeout(Duration.ofSeconds(14))
                .messageTimeout(Duration.ofSeconds(15)).writeTimeout(Duration.ofSeconds(16))
                .streamTimeout(Duration.ofSeconds(17)).closeTimeout(Duration.ofSeconds(18))
                .shutdownGrace(Duration.ofSeconds(19)).maxConnections(20).maxTlsHandshakes(21).readBufferSize(2222)
                .maxBufferedSize(23_000).deflate(DeflateSettings.builder().level(2).build()).subprotocols("x")
                .policy(HandshakePolicy.anyOrigin()).threads(Thread.ofPlatform().factory())
                .handler(Handlers::echo).endpoint("/a", Handlers::echo).http("/b", request -> null).metrics("/c")
                .httpSettings(HttpSettings.builder().maxBodySize(24).build())
                .proxySettings(ProxySettings.builder().trustUnixSockets(true).build());
    }

    private static Map<String, Object> values(ServerConfiguration configuration) throws Exception {
        Map<String, Object> values = new TreeMap<>();
        for (Method method : ServerConfiguration.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !method.getName().equals("toBuilder")) {
                values.put(method.getName(), method.invoke(configuration));
            }
        }
        return values;
    }

    @Test
    void toBuilderMustKeepEverySetting() throws Exception {
        ServerConfiguration configuration = changed().build();
        Map<String, Object> values = values(configuration);
        Map<String, Object> defaults = values(WebSocketServer.builder().handler(Handlers::echo).build());
        values.forEach((setting, value) -> assertNotEquals(defaults.get(setting), value, setting));
        assertEquals(values, values(configuration.toBuilder().build()));
    }

    @Test
    void configurationMustNotChangeWithABuilder() throws Exception {
        WebSocketServerBuilder builder = changed();
        ServerConfiguration configuration = builder.build();
        Map<String, Object> before = values(configuration);
        for (WebSocketServerBuilder other : List.of(builder, configuration.toBuilder())) {
            other.port(99).maxMessageSize(99).tcpNoDelay(true).noDeflate().subprotocols().endpoint("/b",
                    Handlers::echo);
            assertEquals(before, values(configuration));
            assertEquals(99, other.build().limits().maxMessageSize());
            assertEquals(Optional.empty(), other.build().deflate());
        }
    }

    @Test
    void secondServerMustBeLikeTheFirstButForItsPort() throws IOException {
        try (WebSocketServer first = Handlers.echoServer().maxMessageSize(5).start();
                WebSocketServer second = Snippets.likeAnother(first, 0)) {
            assertNotEquals(first.port(), second.port());
            for (WebSocketServer server : List.of(first, second)) {
                try (RawPeer peer = RawPeer.open(server)) {
                    assertEquals("8105 48656c6c6f",
                            peer.bytes(textFrame("Hello")).readFrame());
                    assertEquals(1009, peer.bytes(textFrame("Hello!")).readCloseAndEnd());
                }
            }
        }
    }

    @Test
    void readAheadSizeMustFollowTheReadBufferUnlessItIsSet() {
        assertEquals(5000, Handlers.echoServer().readBufferSize(5000).build().limits().readAheadSize());
        assertEquals(200, Handlers.echoServer().readAheadSize(200).readBufferSize(5000).build().limits()
                .readAheadSize());
    }

    @Test
    void serverWithoutHandlerMustSaySo() {
        for (Executable call : List.<Executable>of(() -> WebSocketServer.builder().start(),
                () -> WebSocketServer.builder().build())) {
            String message = assertThrows(IllegalStateException.class, call).getMessage();
            assertTrue(message.startsWith("a server needs a handler"), message);
        }
    }

    /** They could not grow. */
    @Test
    void settingsMustHaveNoPublicConstructor() {
        List<Class<?>> settings = List.of(ServerConfiguration.class, WebSocketServerBuilder.class, Endpoint.class,
                dev.weft.ConnectionLimits.class, dev.weft.ConnectionTimeouts.class, HttpLimits.class,
                DeflateSettings.class);
        assertEquals(List.of(), settings.stream().flatMap(type -> Stream.concat(Stream.of(type),
                Arrays.stream(type.getClasses()))).filter(type -> type.getConstructors().length > 0
                        || !Modifier.isFinal(type.getModifiers()))
                .toList());
    }
}
