package dev.weft.server;

import dev.weft.RateLimits;
import dev.weft.RateLimits.Kind;
import dev.weft.internal.rate.AddressTable;
import dev.weft.internal.rate.EndpointRates;
import dev.weft.internal.rate.LimitedTransport;
import dev.weft.internal.rate.ServerRates;
import dev.weft.internal.rate.Throttles;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.HttpResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Counts a server's clients by address, and refuses those over a limit. A server without such limits has none of these. For
 * any thread; does not wait.
 */
final class ClientLimits {
    /** How often the sweeper advances the clock, four times in this duration. */
    static final Duration PRECISION = Duration.ofSeconds(1);
    private static final int TIDY_MILLIS = 1000;

    /** Why a connection is refused, and the response if there is one. */
    record Refusal(RefusalReason reason, HttpResponse response) {}

    private final AddressLimits addressLimits;
    private final ProxySettings proxies;
    private final ServerRates rates;
    private final RefusalLog refusals;
    private final FailureLog log;
    private final boolean usesTls;
    /** Used by the sweeper. */
    private long tidiedAt;

    private ClientLimits(ServerConfiguration configuration, CoarseClock clock, RefusalLog refusals, FailureLog log) {
        this.addressLimits = configuration.addressLimits();
        this.proxies = configuration.proxySettings();
        AddressTable table = new AddressTable(addressLimits.ipv4PrefixLength(), addressLimits.ipv6PrefixLength(),
                addressLimits.maxConnectionsPerAddress(), addressLimits.maxAddresses(), addressLimits.ratesPerAddress(),
                clock::elapsed);
        this.rates = new ServerRates(configuration.rateLimits(), configuration.totalRateLimits(),
                configuration.rateShares(), table, clock::elapsed);
        this.refusals = refusals;
        this.log = log;
        this.usesTls = configuration.tlsSettings().isPresent();
    }

    /** The limits of this configuration, or {@code null} if it has none. */
    static @Nullable ClientLimits of(ServerConfiguration configuration, CoarseClock clock, RefusalLog refusals,
            FailureLog log) {
        boolean none = configuration.rateLimits().isEmpty() && configuration.totalRateLimits().isEmpty()
                && configuration.addressLimits().isEmpty()
                && configuration.endpoints().values().stream().noneMatch(Endpoint::hasRates);
        return none ? null : new ClientLimits(configuration, clock, refusals, log);
    }

    /**
     * Whether a connection that was just accepted is not worth an answer: it is over a limit, and the server uses TLS. Such a
     * refusal is counted; a connection that is not refused is not counted yet.
     */
    boolean refusesOutright(SocketAddress peer) {
        InetAddress address = countable(peer);
        if (!usesTls || address == null) {
            return false;
        }
        RefusalReason reason = rates.total().hasHandshake(rates.now())
                ? reason(rates.addresses().check(address))
                : RefusalReason.TOO_MANY_HANDSHAKES;
        if (reason != null) {
            refuseWithoutAnswer(reason, peer);
        }
        return reason != null;
    }

    /** Counts and logs a refusal that is not answered. */
    void refuseWithoutAnswer(RefusalReason reason, SocketAddress peer) {
        refusals.count(reason, peer);
        log.overLimit(peer, reason);
    }

    /** Adds the limits to a transport, which is not counted yet. */
    LimitedTransport over(Transport transport) {
        return rates.over(transport);
    }

    /**
     * Counts a connection for the client that it has now, if it is not counted for that client already. Call it each time
     * when more about the client is known.
     *
     * @return {@code null} if the connection is within the limits
     */
    @Nullable
    Refusal meet(LimitedTransport transport) {
        SocketAddress client = transport.remoteAddress();
        InetAddress address = countable(client);
        if (address == null) {
            transport.rates().exempt();
            return null;
        }
        if (transport.rates().isCountedFor(address)) {
            return null;
        }
        if (!rates.total().takeHandshake(rates.now())) {
            return refusal(RefusalReason.TOO_MANY_HANDSHAKES, client);
        }
        return switch (rates.addresses().enter(address)) {
            case AddressTable.Entry entry -> {
                transport.rates().countFor(entry, address);
                yield null;
            }
            case AddressTable.Refused refused -> {
                rates.total().giveHandshakeBack();
                yield refusal(reason(refused), client);
            }
        };
    }

    /** The rates of an endpoint's connections, of which nothing has been used. */
    EndpointRates endpoint(Endpoint endpoint) {
        return rates.endpoint(endpoint.rateLimits(), endpoint.totalRateLimits(), endpoint.rateShare());
    }

    /** Counts a handshake at its endpoint. Returns {@code null} if it is within the limits. */
    @Nullable
    Refusal meet(LimitedTransport transport, ServedEndpoint endpoint) {
        return transport.rates().takeHandshake(endpoint.rates())
                ? null
                : refusal(RefusalReason.TOO_MANY_HANDSHAKES, transport.remoteAddress());
    }

    /**
     * Applies the rates of its endpoint to a connection.
     *
     * @param share the name of its share; empty if it is that of the endpoint
     * @throws IllegalArgumentException if there is no such share
     */
    EndpointRates rates(ServedEndpoint endpoint, Optional<String> share) {
        return share.map(rates::share).map(endpoint.rates()::with).orElse(endpoint.rates());
    }

    private Refusal refusal(RefusalReason reason, SocketAddress client) {
        log.overLimit(client, reason);
        String why = reason == RefusalReason.ADDRESS_FULL
                ? "too many connections from this address\n"
                : "too many handshakes\n";
        return new Refusal(reason, HttpResponse.text(429, why).withHeader("Retry-After", "1"));
    }

    private static @Nullable RefusalReason reason(AddressTable.@Nullable Refused refused) {
        return switch (refused) {
            case null -> null;
            case CONNECTIONS -> RefusalReason.ADDRESS_FULL;
            case HANDSHAKES -> RefusalReason.TOO_MANY_HANDSHAKES;
        };
    }

    /** The address to count; {@code null} for one that is exempt, and for a trusted proxy, whose clients are counted. */
    private @Nullable InetAddress countable(SocketAddress client) {
        boolean counts = client instanceof InetSocketAddress internet && !internet.isUnresolved()
                && !proxies.trusts(client) && !addressLimits.isExempt(internet.getAddress());
        return counts ? ((InetSocketAddress) client).getAddress() : null;
    }

    /** Called by the sweeper. */
    void tick() {
        if (rates.now() - tidiedAt >= TIDY_MILLIS) {
            tidiedAt = rates.now();
            rates.addresses().tidy();
        }
    }

    /** The number of addresses that are counted now. */
    int addresses() {
        return rates.addresses().size();
    }

    /** The waits for a rate so far. */
    Map<Kind, Long> throttles() {
        return rates.throttles().counts();
    }

    /** The counts of a server without limits. */
    static Map<Kind, Long> noThrottles() {
        return new Throttles().counts();
    }

    /** Checks limits of one connection. */
    static void requireNoHandshakes(RateLimits limits) {
        if (limits.perSecond(Kind.HANDSHAKES).isPresent()) {
            throw new IllegalArgumentException(
                    "rateLimits: a connection has one handshake; limit those of an address, or "
                            + "of all clients");
        }
    }
}
