package dev.weft.server;

import dev.weft.RateLimits;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.HttpLimits;
import dev.weft.topics.Topics;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;

/** The values of a server's settings, at first the defaults. Each value but {@code connections} is immutable. */
final class ServerValues implements Cloneable {
    /** The settings that an {@link Endpoint} can override. */
    ConnectionSettings.Values connections = ConnectionSettings.Values.defaults();
    ListenSettings listening = ListenSettings.DEFAULT;
    TransportKind transport = TransportKind.LOOPS;
    Optional<TlsSettings> tls = Optional.empty();
    HttpLimits httpLimits = HttpLimits.DEFAULT;
    Duration shutdownGrace = Duration.ofSeconds(10);
    boolean shutdownHook;
    DrainSettings drainSettings = DrainSettings.DEFAULT;
    int maxConnections = 1_000_000;
    int maxTlsHandshakes = 1024;
    int readBufferSize = 16_384;
    long maxBufferedSize = Runtime.getRuntime().maxMemory() / 4;
    HttpSettings httpSettings = HttpSettings.DEFAULT;
    ProxySettings proxySettings = ProxySettings.NONE;
    AddressLimits addressLimits = AddressLimits.NONE;
    RateLimits totalRateLimits = RateLimits.NONE;
    Map<String, Integer> rateShares = Map.of();
    PathTable<HttpEndpoint> httpEndpoints = PathTable.empty();
    Optional<String> metrics = Optional.empty();
    Optional<Topics> metricsTopics = Optional.empty();
    Optional<AccessLogFormat> accessLog = Optional.empty();
    boolean connectionDetails;
    ProbeSettings probeSettings = ProbeSettings.NONE;
    Optional<ThreadFactory> threads = Optional.empty();
    Optional<WebSocketHandler> handler = Optional.empty();
    PathTable<Endpoint> endpoints = PathTable.empty();

    /** A copy that can be changed independently. */
    ServerValues copy() {
        try {
            ServerValues copy = (ServerValues) clone();
            copy.connections = new ConnectionSettings.Values(connections);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }
}
