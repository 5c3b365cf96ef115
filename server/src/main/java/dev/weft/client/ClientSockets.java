package dev.weft.client;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The addresses, proxy and options of a client's sockets.
 *
 * @param starter starts a thread for an attempt to connect
 */
record ClientSockets(ClientConfiguration configuration, Consumer<Runnable> starter) {
    /** The proxy for this destination; of type DIRECT if there is no proxy. */
    Proxy proxy(Destination destination) throws IOException {
        if (configuration.proxySelector().isEmpty() || configuration.unixSocket().isPresent()) {
            return Proxy.NO_PROXY;
        }
        List<Proxy> proxies = configuration.proxySelector().get().select(destination.httpUri());
        return proxies == null || proxies.isEmpty() ? Proxy.NO_PROXY : proxies.getFirst();
    }

    /** Reports to the selector that its proxy could not be reached. */
    void proxyFailed(Destination destination, Proxy proxy, IOException failure) {
        if (proxy.type() != Proxy.Type.DIRECT) {
            configuration.proxySelector().orElseThrow().connectFailed(destination.httpUri(), proxy.address(), failure);
        }
    }

    /**
     * The addresses to connect to, in order of preference. Waits, at most until the limit.
     *
     * @param found as for {@link NameLookup#find}
     */
    List<SocketAddress> addresses(Destination destination, Proxy proxy, TimeLimit limit,
            CompletableFuture<InetAddress[]> found) throws IOException {
        if (configuration.unixSocket().isPresent()) {
            return List.of(UnixDomainSocketAddress.of(configuration.unixSocket().get()));
        }
        String host = destination.host();
        int port = destination.port();
        if (proxy.address() instanceof InetSocketAddress address) {
            host = address.getHostString();
            port = address.getPort();
        }
        return AddressRace.interleaved(NameLookup.find(configuration.settings().resolver, host, limit, found), port);
    }

    AddressRace race() {
        return new AddressRace(this::channel, starter);
    }

    private SocketChannel channel(SocketAddress remote) throws IOException {
        boolean unix = remote instanceof UnixDomainSocketAddress;
        SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        try {
            if (!unix) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, configuration.tcpNoDelay());
                channel.setOption(StandardSocketOptions.SO_KEEPALIVE, configuration.keepAlive());
                if (configuration.localAddress().isPresent()) {
                    channel.bind(new InetSocketAddress(configuration.localAddress().get(), 0));
                }
            }
            if (configuration.receiveBufferSize().isPresent()) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, configuration.receiveBufferSize().getAsInt());
            }
            if (configuration.sendBufferSize().isPresent()) {
                channel.setOption(StandardSocketOptions.SO_SNDBUF, configuration.sendBufferSize().getAsInt());
            }
            return channel;
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }
}
