package dev.weft.server;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.util.OptionalInt;

/**
 * Where a server listens.
 *
 * @param host    a name or address
 * @param port    0 lets the system choose one
 * @param backlog how many connections may wait to be accepted; the system may have a lower limit
 */
record ListenSettings(String host, int port, int backlog) {
    static final int HIGHEST_PORT = 65_535;
    /** This machine alone, at a port that the system chooses. */
    static final ListenSettings DEFAULT = new ListenSettings("127.0.0.1", 0, 1024);

    ListenSettings withHost(String other) {
        return new ListenSettings(other, port, backlog);
    }

    ListenSettings withPort(int other) {
        return new ListenSettings(host, other, backlog);
    }

    ListenSettings withBacklog(int other) {
        return new ListenSettings(host, port, other);
    }

    /**
     * Opens the listener: when this returns, clients can connect.
     *
     * @param receiveBufferSize of the connections, in bytes
     * @throws IOException if that fails; the message names host and port
     */
    ServerSocketChannel open(OptionalInt receiveBufferSize) throws IOException {
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
}
