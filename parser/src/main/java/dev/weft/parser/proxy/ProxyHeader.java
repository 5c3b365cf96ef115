package dev.weft.parser.proxy;

import java.util.List;
import java.util.Optional;

/**
 * The header of the PROXY protocol, version 1 or 2, with which a proxy begins a connection. Immutable. If there is no {@link
 * #source()}, the connection's own addresses apply: the proxy itself has made the connection, or does not know the client.
 */
public final class ProxyHeader {
    private final int version;
    private final boolean local;
    private final Optional<ForwardedAddress> source;
    private final Optional<ForwardedAddress> destination;
    private final List<ProxyTlv> tlvs;

    private ProxyHeader(int version, boolean local, Optional<ForwardedAddress> source,
            Optional<ForwardedAddress> destination, List<ProxyTlv> tlvs) {
        this.version = version;
        this.local = local;
        this.source = source;
        this.destination = destination;
        this.tlvs = List.copyOf(tlvs);
    }

    /** The proxy itself has made the connection. */
    static ProxyHeader local(int version) {
        return new ProxyHeader(version, true, Optional.empty(), Optional.empty(), List.of());
    }

    /** The proxy does not report the addresses. */
    static ProxyHeader unknown(int version, List<ProxyTlv> tlvs) {
        return new ProxyHeader(version, false, Optional.empty(), Optional.empty(), tlvs);
    }

    /** The connection of this client. */
    static ProxyHeader proxied(int version, ForwardedAddress source, ForwardedAddress destination,
            List<ProxyTlv> tlvs) {
        return new ProxyHeader(version, false, Optional.of(source), Optional.of(destination), tlvs);
    }

    /** 1 or 2. */
    public int version() {
        return version;
    }

    /** Whether the proxy has made the connection on its own behalf, for example for a health check (command LOCAL). */
    public boolean isLocal() {
        return local;
    }

    /** The client's address. */
    public Optional<ForwardedAddress> source() {
        return source;
    }

    /** The address to which the client has connected. */
    public Optional<ForwardedAddress> destination() {
        return destination;
    }

    /** The additional values, in the order in which they were sent, even those of unknown types. Unmodifiable. */
    public List<ProxyTlv> tlvs() {
        return tlvs;
    }

    /** A copy of the first value of this type, such as {@link ProxyTlv#AUTHORITY}; empty if there is none. */
    public Optional<byte[]> tlv(int type) {
        return tlvs.stream().filter(tlv -> tlv.type() == type).findFirst().map(ProxyTlv::value);
    }

    /** Describes version and addresses. */
    @Override
    public String toString() {
        return "ProxyHeader[version " + version + ", "
                + source.map(from -> from + " to " + destination.orElseThrow()).orElse(local ? "local" : "unknown")
                + "]";
    }
}
