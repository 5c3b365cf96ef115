package dev.weft.server;

import dev.weft.RateLimits;
import dev.weft.internal.Bounds;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;

/**
 * Limits for each client address. The address is that of the client, even if it connects through a trusted proxy
 * ({@link ProxySettings}); the proxies themselves, and the peers of Unix domain sockets, are not counted. IPv6
 * addresses with the same prefix count as one address. A connection counts until it is closed, whatever the reason.
 * Immutable. {@snippet class = "dev.weft.server.Snippets" region = "limits"}
 */
public final class AddressLimits {
    /** No limits. */
    public static final AddressLimits NONE = builder().build();

    private final int maxConnectionsPerAddress;
    private final RateLimits ratesPerAddress;
    private final int ipv4PrefixLength;
    private final int ipv6PrefixLength;
    private final int maxAddresses;
    private final List<String> exempt;
    private final List<AddressPrefix> exemptPrefixes;

    private AddressLimits(Builder builder) {
        this.maxConnectionsPerAddress = builder.maxConnectionsPerAddress;
        this.ratesPerAddress = builder.ratesPerAddress;
        this.ipv4PrefixLength = builder.ipv4PrefixLength;
        this.ipv6PrefixLength = builder.ipv6PrefixLength;
        this.maxAddresses = builder.maxAddresses;
        this.exempt = builder.exempt;
        this.exemptPrefixes = exempt.stream().map(AddressPrefix::parse).toList();
    }

    /** Returns a builder that is initialized with the defaults: no limits. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these limits. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxConnectionsPerAddress = maxConnectionsPerAddress;
        builder.ratesPerAddress = ratesPerAddress;
        builder.ipv4PrefixLength = ipv4PrefixLength;
        builder.ipv6PrefixLength = ipv6PrefixLength;
        builder.maxAddresses = maxAddresses;
        builder.exempt = exempt;
        return builder;
    }

    /** The maximum number of connections of one address. */
    public int maxConnectionsPerAddress() {
        return maxConnectionsPerAddress;
    }

    /** The rates of all connections of one address together. */
    public RateLimits ratesPerAddress() {
        return ratesPerAddress;
    }

    /** The number of bits in which two IPv4 addresses must agree to count as one. */
    public int ipv4PrefixLength() {
        return ipv4PrefixLength;
    }

    /** The number of bits in which two IPv6 addresses must agree to count as one. */
    public int ipv6PrefixLength() {
        return ipv6PrefixLength;
    }

    /** The number of addresses that are counted one by one. */
    public int maxAddresses() {
        return maxAddresses;
    }

    /** The addresses, and prefixes of addresses, that are exempt. Unmodifiable. */
    public List<String> exempt() {
        return exempt;
    }

    boolean isExempt(InetAddress address) {
        return exemptPrefixes.stream().anyMatch(prefix -> prefix.contains(address));
    }

    boolean isEmpty() {
        return maxConnectionsPerAddress == Builder.NO_MAXIMUM && ratesPerAddress.isEmpty();
    }

    private List<Object> values() {
        return List.of(maxConnectionsPerAddress, ratesPerAddress, ipv4PrefixLength, ipv6PrefixLength, maxAddresses,
                exempt);
    }

    /** Whether all limits are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof AddressLimits those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "AddressLimits" + values();
    }

    /** Builds limits. Not thread-safe. */
    public static final class Builder {
        /** More connections than a server can have. */
        private static final int NO_MAXIMUM = Integer.MAX_VALUE;
        private static final int MOST_ADDRESSES = 10_000_000;

        private int maxConnectionsPerAddress = NO_MAXIMUM;
        private RateLimits ratesPerAddress = RateLimits.NONE;
        private int ipv4PrefixLength = 32;
        private int ipv6PrefixLength = 64;
        private int maxAddresses = 100_000;
        private List<String> exempt = List.of();

        private Builder() {}

        /**
         * Sets the maximum number of connections of one address, 1 or more. Further ones get 429, because 503 would
         * make proxies treat the server as failed. On a server that uses TLS, they are closed before the TLS handshake.
         * Default 2,147,483,647.
         */
        public Builder maxConnectionsPerAddress(int maxConnectionsPerAddress) {
            Bounds.check("maxConnectionsPerAddress", maxConnectionsPerAddress, 1, NO_MAXIMUM);
            this.maxConnectionsPerAddress = maxConnectionsPerAddress;
            return this;
        }

        /**
         * Sets the rates of all connections of one address together; the connections share the rates evenly. Default:
         * none.
         */
        public Builder ratesPerAddress(RateLimits ratesPerAddress) {
            this.ratesPerAddress = Objects.requireNonNull(ratesPerAddress, "ratesPerAddress");
            return this;
        }

        /** Sets the number of bits in which two IPv4 addresses must agree to count as one: 8 to 32. Default 32. */
        public Builder ipv4PrefixLength(int ipv4PrefixLength) {
            Bounds.check("ipv4PrefixLength", ipv4PrefixLength, 8, 32);
            this.ipv4PrefixLength = ipv4PrefixLength;
            return this;
        }

        /**
         * Sets the number of bits in which two IPv6 addresses must agree to count as one: 16 to 128. Default 64,
         * because each subscriber of a provider has at least all addresses of one such prefix.
         */
        public Builder ipv6PrefixLength(int ipv6PrefixLength) {
            Bounds.check("ipv6PrefixLength", ipv6PrefixLength, 16, 128);
            this.ipv6PrefixLength = ipv6PrefixLength;
            return this;
        }

        /**
         * Sets the number of addresses that are counted one by one, 1 to 10,000,000. Each takes about 250 bytes, or 350
         * with rates. An address counts while it has connections and for a second after that. If there are more,
         * further addresses are counted in 256 groups, each of which has the limits of one address. Default 100,000.
         */
        public Builder maxAddresses(int maxAddresses) {
            Bounds.check("maxAddresses", maxAddresses, 1, MOST_ADDRESSES);
            this.maxAddresses = maxAddresses;
            return this;
        }

        /**
         * Sets the exempt networks: addresses, and prefixes of addresses such as {@code 10.0.0.0/8}. Neither these
         * limits nor {@link WebSocketServerBuilder#totalRateLimits} apply to them. Default: none.
         *
         * @throws IllegalArgumentException if one is malformed, or has bits set after the length of its prefix
         */
        public Builder exempt(List<String> exempt) {
            exempt.forEach(AddressPrefix::parse);
            this.exempt = List.copyOf(exempt);
            return this;
        }

        /** Returns the limits. */
        public AddressLimits build() {
            return new AddressLimits(this);
        }
    }
}
