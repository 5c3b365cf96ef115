package dev.weft.internal.rate;

import dev.weft.RateLimits;
import dev.weft.internal.transport.Transport;
import java.util.function.LongSupplier;

/** What the limited transports of a server share. For any thread; does not wait. */
public final class ServerRates {
    private final RateLimits perConnection;
    private final Rates total;
    private final AddressTable addresses;
    private final LongSupplier clock;
    private final Throttles throttles = new Throttles();

    /**
     * Rates of which nothing has been used.
     *
     * @param perConnection of each connection
     * @param total         of all connections together
     * @param clock         the elapsed milliseconds
     */
    public ServerRates(RateLimits perConnection, RateLimits total, AddressTable addresses, LongSupplier clock) {
        this.perConnection = perConnection;
        this.total = new Rates(total, clock.getAsLong());
        this.addresses = addresses;
        this.clock = clock;
    }

    /** Adds rates to a transport, which is not counted for an address yet. */
    public LimitedTransport over(Transport transport) {
        return new LimitedTransport(transport, this);
    }

    /** The rates of another connection; {@code null} if it has none of its own. */
    Rates newConnection() {
        return perConnection.isEmpty() ? null : new Rates(perConnection, now());
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
