package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.parser.proxy.ProxyHeaderParser;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.Objects;

/**
 * The proxies whose reports about clients the server trusts. With them, {@code remoteAddress()} of connections and
 * requests, and the addresses in the log, are those of the clients. By default no proxy is trusted. Immutable.
 * {@snippet class = "dev.weft.server.Snippets" region = "proxies"}
 */
public final class ProxySettings {
    /** Trusts no proxy: the client is the peer of the connection. */
    public static final ProxySettings NONE = builder().build();

    private final List<String> trustedProxies;
    private final List<AddressPrefix> prefixes;
    private final boolean trustUnixSockets;
    private final boolean proxyProtocol;
    private final int maxProxyHeaderSize;
    private final ClientAddressField clientAddressField;

    private ProxySettings(Builder builder) {
        this.trustedProxies = builder.trustedProxies;
        this.prefixes = trustedProxies.stream().map(AddressPrefix::parse).toList();
        this.trustUnixSockets = builder.trustUnixSockets;
        this.proxyProtocol = builder.proxyProtocol;
        this.maxProxyHeaderSize = builder.maxProxyHeaderSize;
        this.clientAddressField = builder.clientAddressField;
        boolean trustsNobody = prefixes.isEmpty() && !trustUnixSockets;
        if (trustsNobody && (proxyProtocol || clientAddressField != ClientAddressField.NONE)) {
            throw new IllegalArgumentException(
                    "proxyProtocol and clientAddressField need trustedProxies, or trustUnixSockets");
        }
    }

    /** Returns a builder that is initialized with the defaults: no proxy is trusted. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these settings. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.trustedProxies = trustedProxies;
        builder.trustUnixSockets = trustUnixSockets;
        builder.proxyProtocol = proxyProtocol;
        builder.maxProxyHeaderSize = maxProxyHeaderSize;
        builder.clientAddressField = clientAddressField;
        return builder;
    }

    /** The addresses, and prefixes of addresses, of the trusted proxies. Unmodifiable. */
    public List<String> trustedProxies() {
        return trustedProxies;
    }

    /** Whether each peer that connects by a Unix domain socket is trusted. */
    public boolean trustUnixSockets() {
        return trustUnixSockets;
    }

    /** Whether each connection must begin with a header of the PROXY protocol. */
    public boolean proxyProtocol() {
        return proxyProtocol;
    }

    /** The maximum number of bytes of a header of the PROXY protocol. */
    public int maxProxyHeaderSize() {
        return maxProxyHeaderSize;
    }

    /** The header field in which the proxies report the client of a request. */
    public ClientAddressField clientAddressField() {
        return clientAddressField;
    }

    /** Whether a peer with this address is a trusted proxy. */
    boolean trusts(SocketAddress peer) {
        if (peer instanceof InetSocketAddress internet && !internet.isUnresolved()) {
            return prefixes.stream().anyMatch(prefix -> prefix.contains(internet.getAddress()));
        }
        return trustUnixSockets && peer instanceof UnixDomainSocketAddress;
    }

    private List<Object> values() {
        return List.of(trustedProxies, trustUnixSockets, proxyProtocol, maxProxyHeaderSize, clientAddressField);
    }

    /** Whether all settings are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ProxySettings those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "ProxySettings" + values();
    }

    /** Builds the settings. Not thread-safe. */
    public static final class Builder {
        private List<String> trustedProxies = List.of();
        private boolean trustUnixSockets;
        private boolean proxyProtocol;
        private int maxProxyHeaderSize = 2048;
        private ClientAddressField clientAddressField = ClientAddressField.NONE;

        private Builder() {}

        /**
         * Sets the trusted proxies: IPv4 and IPv6 addresses, and prefixes of addresses such as {@code 10.0.0.0/8}. Each
         * of them can claim any client address, so list only the proxies themselves. Default: none.
         *
         * @throws IllegalArgumentException if one is malformed, or has bits set after the length of its prefix
         */
        public Builder trustedProxies(List<String> trustedProxies) {
            trustedProxies.forEach(AddressPrefix::parse);
            this.trustedProxies = List.copyOf(trustedProxies);
            return this;
        }

        /** Sets whether each peer that connects by a Unix domain socket is trusted. Default false. */
        public Builder trustUnixSockets(boolean trustUnixSockets) {
            this.trustUnixSockets = trustUnixSockets;
            return this;
        }

        /**
         * Sets whether each connection must begin with a header of the PROXY protocol, version 1 or 2, even before TLS;
         * the client is then the one that the header names. The server closes a connection if the peer is not a trusted
         * proxy, or does not send a valid header within the handshake timeout. Default false.
         */
        public Builder proxyProtocol(boolean proxyProtocol) {
            this.proxyProtocol = proxyProtocol;
            return this;
        }

        /**
         * Sets the maximum number of bytes of a header of the PROXY protocol, 232 B to 65,551 B; a connection with a larger
         * one is closed. Default 2 KiB.
         */
        public Builder maxProxyHeaderSize(int maxProxyHeaderSize) {
            Bounds.check("maxProxyHeaderSize", maxProxyHeaderSize, ProxyHeaderParser.SMALLEST_LIMIT,
                    ProxyHeaderParser.LARGEST_LIMIT);
            this.maxProxyHeaderSize = maxProxyHeaderSize;
            return this;
        }

        /**
         * Sets the header field in which the trusted proxies append the address of their peer. The client of a request
         * is the last address in it that is not a trusted proxy's. If a proxy does not know or hides that address, the
         * proxy counts as the client. The field is ignored if the peer is not a trusted proxy; a request with a
         * malformed field gets 400. Default {@link ClientAddressField#NONE}.
         */
        public Builder clientAddressField(ClientAddressField clientAddressField) {
            this.clientAddressField = Objects.requireNonNull(clientAddressField, "clientAddressField");
            return this;
        }

        /**
         * Returns the settings.
         *
         * @throws IllegalArgumentException if they need a trusted proxy, and there is none
         */
        public ProxySettings build() {
            return new ProxySettings(this);
        }
    }
}
