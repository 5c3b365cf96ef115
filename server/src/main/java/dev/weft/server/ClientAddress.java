package dev.weft.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.proxy.ForwardedAddress;
import dev.weft.parser.proxy.ForwardedFields;
import dev.weft.parser.proxy.ProxyHeader;
import dev.weft.parser.proxy.ProxyHeaderException;
import dev.weft.parser.proxy.ProxyHeaderParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.Optional;

/**
 * Determines the client of a connection, and of each request on it, from the reports of trusted proxies, and makes its
 * address the transport's. For the session's thread.
 */
final class ClientAddress {
    /** More than most headers have. */
    private static final int READ_SIZE = 256;

    private final ProxySettings settings;
    private final Transport transport;
    /** The peer of the connection, or the client that the header of the PROXY protocol names. */
    private SocketAddress peer;
    private Optional<ProxyHeader> header = Optional.empty();

    ClientAddress(ProxySettings settings, Transport transport) {
        this.settings = settings;
        this.transport = transport;
        this.peer = transport.remoteAddress();
    }

    /** The header with which the connection began, if it had to begin with one. */
    Optional<ProxyHeader> header() {
        return header;
    }

    /**
     * Reads the header of the PROXY protocol, and no byte after it. Waits.
     *
     * @return false if the connection has ended within it
     * @throws ProxyHeaderException if the peer is not a trusted proxy, or the header is not acceptable
     */
    boolean readHeader() throws IOException, ProxyHeaderException {
        ProxyHeaderParser parser = new ProxyHeaderParser(settings.maxProxyHeaderSize());
        ByteBuffer bytes = ByteBuffer.allocate(READ_SIZE);
        while (parser.needed() > 0) {
            bytes.clear().limit(Math.min(parser.needed(), READ_SIZE));
            if (transport.unencrypted().read(bytes) < 0) {
                return false;
            }
            parser.parse(bytes.array(), 0, bytes.position());
        }
        header = Optional.of(parser.header());
        header.get().source().ifPresent(source -> {
            peer = socketAddress(source);
            transport.remoteAddress(peer);
        });
        return true;
    }

    /** Whether the peer of the connection is a trusted proxy. */
    boolean isTrusted() {
        return settings.trusts(peer);
    }

    /**
     * Determines the client of a request.
     *
     * @throws IllegalArgumentException if a trusted proxy has sent a malformed report; the message is fit for the answer
     */
    void examine(RequestHead head) {
        if (settings.clientAddressField() != ClientAddressField.NONE) {
            transport.remoteAddress(settings.trusts(peer) ? nearestUntrusted(nodes(head)) : peer);
        }
    }

    private List<String> nodes(RequestHead head) {
        return settings.clientAddressField() == ClientAddressField.FORWARDED
                ? ForwardedFields.forwarded(head.headers().all("Forwarded"))
                : ForwardedFields.xForwardedFor(head.headers().all("X-Forwarded-For"));
    }

    /** Each trusted proxy vouches for the node that it has appended; what the first untrusted one has sent is ignored. */
    private SocketAddress nearestUntrusted(List<String> nodes) {
        SocketAddress nearest = peer;
        for (int i = nodes.size() - 1; i >= 0 && settings.trusts(nearest); i--) {
            String node = nodes.get(i);
            if (ForwardedFields.isHidden(node)) {
                return nearest;
            }
            nearest = ForwardedAddress.parse(node).map(ClientAddress::socketAddress)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "malformed address in " + settings.clientAddressField()));
        }
        return nearest;
    }

    private static SocketAddress socketAddress(ForwardedAddress address) {
        if (address.family() == ForwardedAddress.Family.UNIX) {
            return unixAddress(address.bytes());
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address.bytes()), address.port());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 bytes are an address", e);
        }
    }

    /** Without a name if it is in Linux's abstract namespace, or cannot be a path on this machine. */
    private static SocketAddress unixAddress(byte[] path) {
        try {
            return UnixDomainSocketAddress.of(new String(path, UTF_8));
        } catch (InvalidPathException e) {
            return UnixDomainSocketAddress.of("");
        }
    }
}
