package dev.weft.server;

import dev.weft.WebSocketHandler;
import dev.weft.internal.PathPattern;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.connection.Lifetime;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.rate.EndpointRates;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.deflate.NegotiatedDeflate;
import dev.weft.server.HandshakeDecision.Expiry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint of a running server, with all settings resolved, and the objects that its connections share. For any
 * thread.
 */
final class ServedEndpoint {
    /** The settings and the codecs of an endpoint's compression, which exist only together. */
    record Compression(DeflateSettings settings, DeflateCodecs codecs) {}

    private final Endpoint endpoint;
    private final @Nullable PathPattern pattern;
    private final HandshakePolicy policy;
    private final Duration policyTimeout;
    private final Optional<Duration> maxLifetime;
    private final List<String> subprotocols;
    private final ConnectionServices services;
    private final Optional<Compression> compression;
    private final @Nullable EndpointRates rates;

    private volatile @Nullable HandshakeResult lastResult;

    /**
     * Creates an endpoint that serves at once.
     *
     * @param pattern     its path, or {@code null} if it serves every path that no other endpoint serves
     * @param server      provides the settings that the endpoint does not have
     * @param services    with the endpoint's limits and timeouts
     * @param compression empty if the endpoint does not compress
     * @param rates       {@code null} if the server has no rates
     */
    ServedEndpoint(Endpoint endpoint, @Nullable PathPattern pattern, ServerConfiguration server,
            ConnectionServices services, Optional<Compression> compression, @Nullable EndpointRates rates) {
        this.endpoint = endpoint;
        this.pattern = pattern;
        this.policy = endpoint.policyOr(server.policy());
        this.maxLifetime = endpoint.maxLifetimeOr(server.maxLifetime());
        this.policyTimeout = endpoint.policyTimeoutOr(server.policyTimeout());
        this.subprotocols = endpoint.subprotocolsOr(server.subprotocols());
        this.services = services;
        this.compression = compression;
        this.rates = rates;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    WebSocketHandler handler() {
        return endpoint.handler();
    }

    HandshakePolicy policy() {
        return policy;
    }

    Duration policyTimeout() {
        return policyTimeout;
    }

    /** What the connection keeps of the decision: the attachment, in a lifetime if the connection has one. */
    @Nullable
    Object kept(HandshakeDecision.Accept accept) {
        return lifetime(accept.keptAttachment(), accept.expiry());
    }

    private @Nullable Object lifetime(@Nullable Object attachment, Optional<Expiry> expiry) {
        return maxLifetime.isEmpty() && expiry.isEmpty()
                ? attachment
                : new Lifetime(attachment, services.clock()::elapsed, maxLifetime.orElse(null),
                        expiry.map(Expiry::at).orElse(null), expiry.map(Expiry::reason).orElse(null));
    }

    /** The same for a handshake that another server has answered. */
    @Nullable
    Object keptAttachment(@Nullable Object attachment) {
        return lifetime(attachment, Optional.empty());
    }

    /** The rates of its connections; {@code null} if the server has no rates. */
    @Nullable
    EndpointRates rates() {
        return rates;
    }

    boolean keepsHeaders() {
        return endpoint.keepsHeaders();
    }

    ConnectionServices services() {
        return services;
    }

    /** The path; {@code null} if it serves every path that no other endpoint serves. */
    @Nullable
    PathPattern pattern() {
        return pattern;
    }

    /** §4.2.2: the client's order of preference decides. */
    Optional<String> preferred(List<String> offered) {
        return offered.stream().filter(subprotocols::contains).findFirst();
    }

    /** The compression parameters that both ends agree on, if the client makes an offer that this endpoint accepts. */
    Optional<DeflateNegotiation.Accepted> negotiate(List<ExtensionHeader.Entry> offers) {
        return compression.flatMap(it -> DeflateNegotiation.accept(offers, it.settings()));
    }

    /** The extension for one connection. */
    DeflateExtension extension(DeflateNegotiation.Accepted accepted) {
        Compression it = compression.orElseThrow();
        return new DeflateExtension(accepted.negotiated(), it.settings(), it.codecs(), Role.SERVER,
                services.limits());
    }

    /**
     * The extension for one connection whose handshake another server has answered; empty if this endpoint does not
     * compress.
     */
    Optional<DeflateExtension> extension(NegotiatedDeflate agreed) {
        return compression.map(it -> new DeflateExtension(agreed, it.settings(), it.codecs(), Role.SERVER,
                services.limits()));
    }

    /**
     * Returns the same object for consecutive connections whose results are equal and contain nothing that belongs to
     * one connection only.
     */
    HandshakeResult shared(HandshakeResult result) {
        if (!result.isShareable()) {
            return result;
        }
        HandshakeResult last = lastResult;
        if (result.equals(last)) {
            return last;
        }
        lastResult = result;
        return result;
    }
}
