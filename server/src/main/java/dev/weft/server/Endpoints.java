package dev.weft.server;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.PathPattern;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.rate.EndpointRates;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.Sweeper;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a running server. Any thread may change them at any time; a lookup sees either all of a change or
 * nothing of it. No method waits.
 */
final class Endpoints {
    private final ServerConfiguration configuration;
    private final SendServices sending;
    private final Sweeper sweeper;
    private final @Nullable ClientLimits limits;
    /**
     * One for each of the settings in use. They are kept until the server ends: connections outlive the removal of
     * their endpoint.
     */
    private final Map<DeflateSettings, DeflateCodecs> codecs = new ConcurrentHashMap<>();
    private final @Nullable ServedEndpoint others;
    private final ChangingPathTable<ServedEndpoint> table = new ChangingPathTable<>();

    /**
     * Creates the endpoint of a configuration's handler, and no others.
     *
     * @param configuration is held until the end of the server
     * @param sending the services that all connections share, with the server's limits
     * @param sweeper is notified of the shortest deadline
     * @param limits  {@code null} if the server has no rates
     */
    Endpoints(ServerConfiguration configuration, SendServices sending, Sweeper sweeper,
            @Nullable ClientLimits limits) {
        this.configuration = configuration;
        this.sending = sending;
        this.sweeper = sweeper;
        this.limits = limits;
        this.others = configuration.handler().map(handler -> served(Endpoint.of(handler), null)).orElse(null);
    }

    private ServedEndpoint served(Endpoint endpoint, @Nullable PathPattern pattern) {
        Objects.requireNonNull(endpoint, "endpoint");
        ConnectionTimeouts timeouts = endpoint.timeouts(configuration.timeouts());
        sweeper.shorten(timeouts.shortest());
        endpoint.maxLifetimeOr(configuration.maxLifetime()).ifPresent(sweeper::shorten);
        sweeper.shorten(endpoint.policyTimeoutOr(configuration.policyTimeout()));
        ConnectionServices services = new ConnectionServices(Role.SERVER, timeouts,
                sending.withLimits(endpoint.limits(configuration.limits())));
        Optional<ServedEndpoint.Compression> compression = endpoint.deflateOr(configuration.deflate())
                .map(settings -> new ServedEndpoint.Compression(settings,
                        codecs.computeIfAbsent(settings, DeflateCodecs::new)));
        return new ServedEndpoint(endpoint, pattern, configuration, services, compression, rates(endpoint));
    }

    private @Nullable EndpointRates rates(Endpoint endpoint) {
        if (limits == null && endpoint.hasRates()) {
            throw new IllegalArgumentException("the endpoint has rates, but the server was started without any");
        }
        return limits == null ? null : limits.endpoint(endpoint);
    }

    /**
     * The endpoint that serves this path; empty if there is none.
     *
     * @throws IllegalArgumentException if there are endpoints with paths, and this path cannot be decoded
     */
    Optional<ServedEndpoint> find(String path) {
        return table.find(path).map(PathTable.Entry::value).or(() -> Optional.ofNullable(others));
    }

    void add(String path, Endpoint endpoint) {
        PathPattern pattern = PathPattern.parse(path);
        table.add(pattern, served(endpoint, pattern));
    }

    void replace(String path, Endpoint endpoint) {
        PathPattern pattern = PathPattern.parse(path);
        table.replace(pattern, served(endpoint, pattern));
    }

    boolean remove(String path) {
        return table.remove(PathPattern.parse(path));
    }

    /** The endpoints by path. */
    Map<String, Endpoint> byPath() {
        return table.byPattern().entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> entry.getValue().endpoint()));
    }

    /** Frees the connections' compression codecs. Remaining connections can continue. */
    void close() {
        codecs.values().forEach(DeflateCodecs::close);
    }
}
