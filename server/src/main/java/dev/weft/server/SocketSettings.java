package dev.weft.server;

import dev.weft.internal.Bounds;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * Where the server listens, and how its sockets behave.
 *
 * @param host              the name or address to listen at
 * @param port              0 to 65,535; 0 lets the system choose one
 * @param backlog           how many connections may wait to be accepted; the system may have a lower limit
 * @param transport         how connections wait for the network
 * @param tcpNoDelay        whether small writes leave at once (TCP_NODELAY)
 * @param keepAlive         whether the system looks after dead peers too (SO_KEEPALIVE); pings do so sooner
 * @param receiveBufferSize bytes of the system's receive buffer (SO_RCVBUF); empty leaves it to the system
 * @param sendBufferSize    bytes of the system's send buffer (SO_SNDBUF); empty leaves it to the system
 */
public record SocketSettings(String host, int port, int backlog, TransportKind transport, boolean tcpNoDelay,
        boolean keepAlive,
        OptionalInt receiveBufferSize, OptionalInt sendBufferSize) {
    static final int HIGHEST_PORT = 65_535;

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if one is out of bounds
     */
    public SocketSettings {
        Objects.requireNonNull(host);
        Objects.requireNonNull(transport);
        Bounds.check("port", port, 0, HIGHEST_PORT);
        Bounds.check("backlog", backlog, 1, Integer.MAX_VALUE);
        receiveBufferSize.ifPresent(size -> Bounds.check("receiveBufferSize", size, 1, Integer.MAX_VALUE));
        sendBufferSize.ifPresent(size -> Bounds.check("sendBufferSize", size, 1, Integer.MAX_VALUE));
    }

    /**
     * Opens the listener: when this returns, clients can connect.
     *
     * @throws IOException if that fails; the message names host and port
     */
    ServerSocketChannel listen() throws IOException {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UnknownHostException(cannotListen() + "unknown host " + host);
        }
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            if (receiveBufferSize.isPresent()) {
                // Before listening, so that the window scale of accepted connections fits.
                listener.setOption(StandardSocketOptions.SO_RCVBUF, receiveBufferSize.getAsInt());
            }
            return bound(listener, address);
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    private ServerSocketChannel bound(ServerSocketChannel listener, InetSocketAddress address) throws IOException {
        try {
            return listener.bind(address, backlog);
        } catch (SocketException e) {
            // In use, not an address of this machine, or not permitted: the system says which, but not where.
            BindException named = new BindException(cannotListen() + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    private String cannotListen() {
        String bracketed = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
        return "cannot listen on " + bracketed + ":" + port + ": ";
    }

    /** Applies the settings to an accepted connection. */
    void configure(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, tcpNoDelay);
        if (keepAlive) {
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
        if (sendBufferSize.isPresent()) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, sendBufferSize.getAsInt());
        }
    }
}
