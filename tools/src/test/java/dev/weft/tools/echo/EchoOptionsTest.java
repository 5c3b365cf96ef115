package dev.weft.tools.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.ClientAddressField;
import dev.weft.server.DrainSettings;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.ProxySettings;
import dev.weft.OverflowPolicy;
import dev.weft.RateLimits;
import dev.weft.server.AccessLogFormat;
import dev.weft.server.CloseOptions;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.lang.System.Logger.Level;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.ParameterException;

class EchoOptionsTest {
    /** Settings that the launcher itself makes, without an option. */
    private static final List<String> NOT_OPTIONS = List.of("handler", "endpoint", "http", "files", "threads",
            "shutdownHook");

    private static final Set<String> CODE = Set.of("policy", "httpEndpoints", "handler", "endpoints", "toBuilder");

    /** Settings with several options, or with an option of another name. */
    private static final Map<String, List<String>> OTHERWISE_NAMED = new HashMap<>(Map.of(
            "httpLimits",
            settersOf(HttpLimits.Builder.class).filter(name -> !name.equals("maxStatusLineSize")).toList(),
            "deflate", settersOf(DeflateSettings.Builder.class).map(name -> "deflate" + name).toList(),
            "noDeflate", List.of("deflate"),
            "listen", List.of("listen", "unix"),
            "listenInherited", List.of("inherited"),
            "subprotocols", List.of("subprotocol"),
            "tls", List.of("tlsCert", "tlsKey", "tlsKeystore", "tlsPasswordFile"),
            "policy", List.of("allowOrigin", "anyOrigin", "allowHost"),
            "httpSettings", List.of("allowHost"),
            "proxySettings", List.of("trustedProxy", "trustUnixSockets", "proxyProtocol", "maxProxyHeaderSize",
                    "clientAddressField")));

    static {
        OTHERWISE_NAMED.put("addressLimits",
                List.of("maxConnectionsPerAddress", "addressRate", "maxAddresses", "exempt"));
        OTHERWISE_NAMED.put("rateLimits", List.of("connectionRate"));
        OTHERWISE_NAMED.put("totalRateLimits", List.of("totalRate"));
        OTHERWISE_NAMED.put("rateShares", List.of("rateShare"));
        OTHERWISE_NAMED.put("probeSettings", List.of("liveness", "readiness", "health"));
        OTHERWISE_NAMED.put("drainSettings", List.of("drainNotice", "drainSpread"));
    }

    /** Including inherited ones. */
    private static Stream<String> settersOf(Class<?> builder) {
        return Arrays.stream(builder.getMethods()).filter(method -> !Modifier.isStatic(method.getModifiers()))
                .filter(method -> method.getReturnType().isAssignableFrom(builder)
                        && method.getReturnType() != Object.class)
                .map(Method::getName);
    }

    static Stream<String> settings() {
        return settersOf(WebSocketServerBuilder.class)
                .filter(name -> !NOT_OPTIONS.contains(name))
                .flatMap(name -> OTHERWISE_NAMED.getOrDefault(name, List.of(name)).stream()).distinct();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void everySettingIsInTheHelp(String setting) {
        Pattern option = Pattern.compile("--(\\[no-])?([a-z-]+)");
        assertTrue(option.matcher(new EchoOptions().help()).results()
                .anyMatch(found -> found.group(2).replace("-", "").equalsIgnoreCase(setting)), setting);
    }

    static Stream<Arguments> values() {
        return Stream.of(
                value("--host=::1", c -> c.addresses(), List.of(InetSocketAddress.createUnresolved("::1", 9001))),
                value("--port=8080", c -> c.addresses(),
                        List.of(InetSocketAddress.createUnresolved("127.0.0.1", 8080))),
                value("--listen=[::1]:80", c -> c.addresses(),
                        List.of(InetSocketAddress.createUnresolved("[::1]", 80))),
                value("--unix=a/b", c -> c.addresses(), List.of(UnixDomainSocketAddress.of("a/b"))),
                value("--inherited", c -> c.listenInherited(), true),
                value("--socket-permissions=rw-rw----", c -> c.socketPermissions(),
                        PosixFilePermissions.fromString("rw-rw----")),
                value("--reuse-port", c -> c.reusePort(), true),
                value("--backlog=7", c -> c.backlog(), 7),
                value("--trusted-proxy=10.0.0.0/8", c -> c.proxySettings().trustedProxies(), List.of("10.0.0.0/8")),
                value("--trust-unix-sockets", c -> c.proxySettings().trustUnixSockets(), true),
                value("--max-proxy-header-size=300", c -> c.proxySettings().maxProxyHeaderSize(), 300),
                value("--transport=blocking", c -> c.transport(), TransportKind.BLOCKING),
                value("--no-tcp-nodelay", c -> c.tcpNoDelay(), false),
                value("--keep-alive", c -> c.keepAlive(), true),
                value("--receive-buffer-size=64k", c -> c.receiveBufferSize(), OptionalInt.of(65_536)),
                value("--send-buffer-size=32k", c -> c.sendBufferSize(), OptionalInt.of(32_768)),
                value("--max-request-line-size=1k", c -> c.httpLimits().maxRequestLineSize(), 1024),
                value("--max-header-line-size=2k", c -> c.httpLimits().maxHeaderLineSize(), 2048),
                value("--max-header-count=12", c -> c.httpLimits().maxHeaderCount(), 12),
                value("--max-headers-size=4k", c -> c.httpLimits().maxHeadersSize(), 4096),
                value("--max-message-size=2m", c -> c.limits().maxMessageSize(), 2 << 20),
                value("--max-streamed-message-size=5g", c -> c.limits().maxStreamedMessageSize(), 5L << 30),
                value("--max-frames-per-message=9", c -> c.limits().maxFramesPerMessage(), 9),
                value("--max-compression-ratio=100", c -> c.limits().maxCompressionRatio(), 100),
                value("--read-ahead-size=3m", c -> c.limits().readAheadSize(), 3 << 20),
                value("--max-connections-per-address=3",
                        c -> c.addressLimits().maxConnectionsPerAddress(), 3),
                value("--address-rate=received-bytes=1m",
                        c -> c.addressLimits().ratesPerAddress(), RateLimits.builder().receivedBytes(1 << 20).build()),
                value("--max-addresses=7", c -> c.addressLimits().maxAddresses(), 7),
                value("--exempt=10.0.0.0/8", c -> c.addressLimits().exempt(), List.of("10.0.0.0/8")),
                value("--connection-rate=pings=5", c -> c.rateLimits(), RateLimits.builder().pings(5).build()),
                value("--total-rate=handshakes=9", c -> c.totalRateLimits(),
                        RateLimits.builder().handshakes(9).build()),
                value("--overflow-policy=drop-oldest", c -> c.limits().overflowPolicy(), OverflowPolicy.DROP_OLDEST),
                value("--queue-low-water-mark=2k", c -> c.limits().queueLowWaterMark(), 2048),
                value("--liveness=/live", c -> c.probeSettings().liveness(), Optional.of("/live")),
                value("--readiness=/ready", c -> c.probeSettings().readiness(), Optional.of("/ready")),
                value("--health=/health", c -> c.probeSettings().health(), Optional.of("/health")),
                value("--access-log=json", c -> c.accessLog(), Optional.of(AccessLogFormat.JSON)),
                value("--connection-details", c -> c.connectionDetails(), true),
                value("--max-lifetime=1h", c -> c.maxLifetime(), Optional.of(Duration.ofHours(1))),
                value("--drain-notice=25s", c -> c.drainSettings().notice(), Duration.ofSeconds(25)),
                value("--drain-spread=1m", c -> c.drainSettings().closing().map(CloseOptions::spread),
                        Optional.of(Duration.ofMinutes(1))),
                value("--max-queued-size=3m", c -> c.limits().maxQueuedSize(), 3 << 20),
                value("--handshake-timeout=1s", c -> c.timeouts().handshakeTimeout(), Duration.ofSeconds(1)),
                value("--ping-interval=2m", c -> c.timeouts().pingInterval(), Duration.ofMinutes(2)),
                value("--pong-timeout=500ms", c -> c.timeouts().pongTimeout(), Duration.ofMillis(500)),
                value("--message-timeout=3s", c -> c.timeouts().messageTimeout(), Duration.ofSeconds(3)),
                value("--write-timeout=4s", c -> c.timeouts().writeTimeout(), Duration.ofSeconds(4)),
                value("--stream-timeout=7s", c -> c.timeouts().streamTimeout(), Duration.ofSeconds(7)),
                value("--close-timeout=6s", c -> c.timeouts().closeTimeout(), Duration.ofSeconds(6)),
                value("--shutdown-grace=0s", ServerConfiguration::shutdownGrace, Duration.ZERO),
                value("--policy-timeout=3s", ServerConfiguration::policyTimeout, Duration.ofSeconds(3)),
                value("--metrics=/m", ServerConfiguration::metrics, Optional.of("/m")),
                value("--max-tls-handshakes=13", ServerConfiguration::maxTlsHandshakes, 13),
                value("--max-connections=11", ServerConfiguration::maxConnections, 11),
                value("--read-buffer-size=8k", ServerConfiguration::readBufferSize, 8192),
                value("--max-buffered-size=64m", ServerConfiguration::maxBufferedSize, 64L << 20),
                value("--no-deflate", c -> c.deflate().isPresent(), false),
                deflate("--no-deflate-outgoing-context-takeover", DeflateSettings::outgoingContextTakeover, false),
                deflate("--no-deflate-incoming-context-takeover", DeflateSettings::incomingContextTakeover, false),
                deflate("--deflate-outgoing-max-window-bits=9", DeflateSettings::outgoingMaxWindowBits, 9),
                deflate("--deflate-incoming-max-window-bits=10", DeflateSettings::incomingMaxWindowBits, 10),
                deflate("--deflate-outgoing-history-size=1k", DeflateSettings::outgoingHistorySize, 1024),
                deflate("--deflate-level=9", DeflateSettings::level, 9),
                deflate("--deflate-min-message-size=7", DeflateSettings::minMessageSize, 7),
                deflate("--deflate-max-idle-deflaters=3", DeflateSettings::maxIdleDeflaters, 3),
                deflate("--deflate-max-idle-inflaters=4", DeflateSettings::maxIdleInflaters, 4),
                value("--subprotocol=chat", ServerConfiguration::subprotocols, List.of("chat")));
    }

    private static Arguments deflate(String argument, Function<DeflateSettings, Object> reader, Object expected) {
        return value(argument, c -> reader.apply(c.deflate().orElseThrow()), expected);
    }

    private static Arguments value(String argument, Function<ServerConfiguration, Object> reader, Object expected) {
        return Arguments.of(argument, reader, expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("values")
    void anOptionReachesTheConfiguration(String argument, Function<ServerConfiguration, Object> reader,
            Object expected) {
        assertNotEquals(expected, reader.apply(parse().configuration()), "the default would prove nothing");
        assertEquals(expected, reader.apply(parse(argument).configuration()));
    }

    @Test
    void everySettingIsTried() {
        List<String> tried = Stream.concat(values().map(arguments -> (String) arguments.get()[0]),
                Stream.of("--allow-origin", "--any-origin", "--allow-host", "--tls-cert", "--tls-key", "--tls-keystore",
                        "--tls-password-file", "--proxy-protocol", "--client-address-field", "--rate-share"))
                .map(argument -> argument.replaceAll("=.*|^--no|-", "").toLowerCase()).toList();
        assertEquals(List.of(), settings().filter(setting -> !tried.contains(setting.toLowerCase())).toList());
    }

    @Test
    void withoutOptionsTheBuildersDefaultsHoldButForThePortAndTheHook() throws Exception {
        ServerConfiguration configuration = parse().configuration();
        ServerConfiguration library = WebSocketServer.builder().port(9001).shutdownHook(true)
                .handler(configuration.handler().orElseThrow()).build();
        assertEquals(values(library), values(configuration));
    }

    /** All settings except those that are code, which are equal only to themselves. */
    private static Map<String, Object> values(ServerConfiguration configuration) throws Exception {
        Map<String, Object> values = new TreeMap<>();
        for (Method method : ServerConfiguration.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !CODE.contains(method.getName())) {
                values.put(method.getName(), method.invoke(configuration));
            }
        }
        assertTrue(values.size() > 15);
        return values;
    }

    @Test
    void subprotocolsAddUpInTheirOrder() {
        assertEquals(List.of("b", "a"), parse("--subprotocol", "b", "--subprotocol=a").configuration().subprotocols());
    }

    @Test
    void aSwitchHasBothWays() {
        assertTrue(parse("--tcp-nodelay").configuration().tcpNoDelay());
        assertEquals(false, parse("--no-keep-alive").configuration().keepAlive());
    }

    @Test
    void theLastOfSeveralValuesCounts() {
        assertEquals(List.of(InetSocketAddress.createUnresolved("127.0.0.1", 2)),
                parse("--port=1", "--port=2").configuration().addresses());
    }

    @Test
    void trustedProxiesNameTheClient() {
        ProxySettings proxies = parse("--trusted-proxy=::1", "--trusted-proxy", "10.0.0.0/8", "--proxy-protocol",
                "--client-address-field=x-forwarded-for").configuration().proxySettings();
        assertEquals(List.of("::1", "10.0.0.0/8"), proxies.trustedProxies());
        assertTrue(proxies.proxyProtocol());
        assertEquals(ClientAddressField.X_FORWARDED_FOR, proxies.clientAddressField());
        assertThrows(ParameterException.class, () -> parse("--proxy-protocol"));
        assertThrows(ParameterException.class, () -> parse("--trusted-proxy=localhost"));
    }

    @Test
    void ratesAndSharesAddUp() {
        ServerConfiguration configuration = parse("--total-rate=sent-bytes=1m", "--total-rate", "pings=5",
                "--rate-share=live=70", "--rate-share", "files=20").configuration();
        assertEquals(RateLimits.builder().sentBytes(1 << 20).pings(5).build(), configuration.totalRateLimits());
        assertEquals(Map.of("live", 70, "files", 20), configuration.rateShares());
        assertThrows(ParameterException.class, () -> parse("--rate-share=live=70").configuration());
        assertThrows(ParameterException.class, () -> parse("--total-rate=pings=5", "--rate-share=live=101"));
        assertThrows(ParameterException.class,
                () -> parse("--total-rate=pings=5", "--rate-share=a=60", "--rate-share=b=60"));
        assertThrows(ParameterException.class, () -> parse("--total-rate=kings=5"));
        // A connection has only one.
        assertThrows(ParameterException.class, () -> parse("--connection-rate=handshakes=5"));
    }

    @Test
    void aSpreadAloneMustMakeADrainClose() {
        DrainSettings drain = parse("--drain-spread=1m").configuration().drainSettings();
        assertEquals(Duration.ofMinutes(1), drain.closing().orElseThrow().spread());
        assertEquals(DrainSettings.DEFAULT.notice(), drain.notice());
        assertEquals(Optional.empty(), parse("--drain-notice=1s").configuration().drainSettings().closing());
    }

    @Test
    void addressesAddUpInTheirOrder() {
        assertEquals(
                List.of(InetSocketAddress.createUnresolved("a", 1), InetSocketAddress.createUnresolved("b", 2),
                        UnixDomainSocketAddress.of("c"), UnixDomainSocketAddress.of("d")),
                parse("--listen=a:1", "--port=9", "--listen", "b:2", "--unix=c", "--unix=d").configuration()
                        .addresses());
    }

    @Test
    void byDefaultOnlyTheSameOriginMayConnect() throws Exception {
        assertTrue(accepts("http://localhost:9001"));
        assertEquals(false, accepts("https://example.com"));
    }

    @Test
    void allowedOriginsMayConnectBesidesTheSameOrigin() throws Exception {
        String[] arguments = {"--allow-origin=https://example.com", "--allow-origin=https://example.org"};
        assertTrue(accepts("https://example.com", arguments));
        assertTrue(accepts("https://example.org", arguments));
        assertTrue(accepts("http://localhost:9001", arguments));
        assertEquals(false, accepts("https://example.net", arguments));
    }

    @Test
    void anyOriginMayConnectIfAllowed() throws Exception {
        assertTrue(accepts("https://example.net", "--any-origin"));
    }

    @Test
    void allowedHostsMustBeAskedForByName() throws Exception {
        assertTrue(accepts("http://localhost:9001", "--allow-host=localhost", "--allow-host=*.example.com:80"));
        assertTrue(accepts("http://localhost:9001", "--allow-host=example.com", "--allow-host=localhost:9001"));
        assertEquals(false, accepts("http://localhost:9001", "--allow-host=example.com"));
        assertEquals(false, accepts("http://localhost:9001", "--allow-host=localhost:9002", "--any-origin"));
        assertEquals(false, accepts("https://example.net", "--allow-host=localhost"));
    }

    @Test
    void quietAndVerboseSetTheLevel() {
        assertEquals(Level.INFO, parse().logLevel());
        assertEquals(Level.WARNING, parse("--quiet").logLevel());
        assertEquals(Level.DEBUG, parse("--verbose").logLevel());
    }

    @Test
    void handlerAndPageAreTheEchos() {
        assertInstanceOf(EchoHandler.class, parse().configuration().handler().orElseThrow());
        assertEquals(Set.of("/**"), parse().configuration().httpEndpoints().keySet());
    }

    private static boolean accepts(String origin, String... arguments) throws Exception {
        Headers headers = Headers.of("Host", "localhost:9001", "Origin", origin);
        var request = HandshakeRequest.builder(new RequestHead("GET", "/", headers)).build();
        return parse(arguments).configuration().policy().decide(request) instanceof HandshakeDecision.Accept;
    }

    private static EchoOptions parse(String... arguments) {
        EchoOptions options = new EchoOptions();
        options.parse(arguments);
        return options;
    }

    private static final ServerConfiguration DEFAULTS = EchoDefaults.builder().build();

    /** A start without options parses nothing. */
    @Test
    void noOptionsMustBeTheDefaults() throws Exception {
        assertEquals(values(DEFAULTS), values(parse().configuration()));
    }
}
