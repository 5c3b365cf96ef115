package dev.weft.internal.rate;

import dev.weft.RateLimits;
import dev.weft.internal.transport.Transport;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** What the limited transports of a server share. For any thread; does not wait. */
public final class ServerRates {
    private static final int WHOLE = 100;

    private final RateLimits perConnection;
    private final Rates total;
    private final Map<String, Rates> shares = new HashMap<>();
    /** That of the connections that belong to none of the shares with a name; {@code null} if there are none. */
    private final Rates rest;
    private final EndpointRates unknownEndpoint;
    private final AddressTable addresses;
    private final LongSupplier clock;
    private final Throttles throttles = new Throttles();

    /**
     * Rates of which nothing has been used.
     *
     * @param perConnection of each connection
     * @param total         of all connections together
     * @param shares        the parts of the total rates that are reserved, in percent, by name
     * @param clock         the elapsed milliseconds
     */
    public ServerRates(RateLimits perConnection, RateLimits total, Map<String, Integer> shares, AddressTable addresses,
            LongSupplier clock) {
        long now = clock.getAsLong();
        this.perConnection = perConnection;
        this.total = new Rates(total, now);
        shares.forEach((name, percent) -> this.shares.put(name, Rates.share(total, percent, now)));
        int reserved = shares.values().stream().mapToInt(Integer::intValue).sum();
        this.rest = shares.isEmpty() ? null : Rates.share(total, WHOLE - reserved, now);
        this.addresses = addresses;
        this.clock = clock;
        this.unknownEndpoint = new EndpointRates(perConnection, null, rest);
    }

    /** Adds rates to a transport, which is not counted for an address yet. */
    public LimitedTransport over(Transport transport) {
        return new LimitedTransport(transport, this);
    }

    /** Those of a connection whose endpoint is not known yet. */
    EndpointRates unknownEndpoint() {
        return unknownEndpoint;
    }

    /**
     * The rates of an endpoint, of which nothing has been used.
     *
     * @param own   of each of its connections; empty if they are those of the server
     * @param total of all its connections together
     * @param share the name of the share to which they belong
     */
    public EndpointRates endpoint(Optional<RateLimits> own, RateLimits total, Optional<String> share) {
        return new EndpointRates(own.orElse(perConnection), total.isEmpty() ? null : new Rates(total, now()),
                share.map(this::share).orElse(rest));
    }

    /**
     * A share.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public Rates share(String name) {
        Rates share = shares.get(name);
        if (share == null) {
            throw new IllegalArgumentException("there is no rateShare '" + name + "', only " + shares.keySet());
        }
        return share;
    }

    /** The rates of another connection; {@code null} if it has none of its own. */
    Rates newConnection(RateLimits limits) {
        return limits.isEmpty() ? null : new Rates(limits, now());
    }

    /** The rates of all connections together. */
    public Rates total() {
        return total;
    }

    /** What is counted by address. */
    public AddressTable addresses() {
        return addresses;
    }

    /** The time of the clock. */
    public long now() {
        return clock.getAsLong();
    }

    /** The waits so far. */
    public Throttles throttles() {
        return throttles;
    }
}
