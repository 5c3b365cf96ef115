package dev.weft.internal.rate;

import dev.weft.RateLimits;

/**
 * The rates of the connections of an endpoint. Immutable.
 *
 * @param perConnection those of each connection
 * @param total         those of all of them together; {@code null} if they have none
 * @param share         the part of the server's rates that is reserved for the connection's share; {@code null} if the server has
 *                      no shares
 */
public record EndpointRates(RateLimits perConnection, Rates total, Rates share) {
    /** The same for a connection that belongs to another share. */
    public EndpointRates with(Rates share) {
        return new EndpointRates(perConnection, total, share);
    }

    /** Counts a handshake that begins at this endpoint, unless there are too many. */
    boolean takeHandshake(long now) {
        return total == null || total.takeHandshake(now);
    }
}
