package dev.weft.server;

import dev.weft.internal.AddressText;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.OptionalInt;

/** A listening socket: clients can connect from the time it is opened until it is closed. May be used by any thread. */
final class Listener implements Closeable {
    private final ServerSocketChannel channel;
    private final SocketAddress address;
    /** {@code null} over TCP. */
    private final SocketFile file;

    private Listener(ServerSocketChannel channel, SocketFile file) throws IOException {
        this.channel = channel;
        this.address = channel.getLocalAddress();
        this.file = file;
    }

    /**
     * Opens a listener.
     *
     * @param asked             a TCP address, resolved or not, or the address of a Unix domain socket
     * @param receiveBufferSize the size in bytes of the connections' receive buffers
     * @throws IOException if that fails; the message names the address
     */
    static Listener open(SocketAddress asked, ListenSettings settings, OptionalInt receiveBufferSize)
            throws IOException {
        String cannot = "cannot listen on " + AddressText.asked(asked) + ": ";
        if (asked instanceof UnixDomainSocketAddress unix) {
            return openUnix(unix, settings, receiveBufferSize, cannot);
        }
        InetSocketAddress address = resolved((InetSocketAddress) asked, cannot);
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            if (settings.reusePort()) {
                reusePort(channel, cannot);
            }
            bind(channel, address, settings.backlog(), receiveBufferSize, cannot);
            return new Listener(channel, null);
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    private static InetSocketAddress resolved(InetSocketAddress asked, String cannot) throws UnknownHostException {
        InetSocketAddress address = asked.isUnresolved()
                ? new InetSocketAddress(asked.getHostString(), asked.getPort())
                : asked;
        if (address.isUnresolved()) {
            throw new UnknownHostException(cannot + "unknown host " + asked.getHostString());
        }
        return address;
    }

    private static Listener openUnix(UnixDomainSocketAddress address, ListenSettings settings,
            OptionalInt receiveBufferSize, String cannot) throws IOException {
        SocketFile file = new SocketFile(address);
        file.removeIfStale(cannot);
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            bind(channel, address, settings.backlog(), receiveBufferSize, cannot);
            file.created(settings.socketPermissions());
            return new Listener(channel, file);
        } catch (Throwable e) {
            file.remove();
            channel.close();
            throw e;
        }
    }

    /** Lets other sockets of this user listen on the same port. */
    static void reusePort(NetworkChannel channel, String cannot) throws IOException {
        if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
            throw new SocketException(cannot + "reusePort is set, but this system does not support SO_REUSEPORT");
        }
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    }

    private static void bind(ServerSocketChannel channel, SocketAddress address, int backlog,
            OptionalInt receiveBufferSize, String cannot) throws IOException {
        if (receiveBufferSize.isPresent()) {
            // Must be set before listening, so that accepted connections have a suitable window scale.
            channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBufferSize.getAsInt());
        }
        try {
            channel.bind(address, backlog);
        } catch (SocketException e) {
            // The address is in use, is not one of this machine, or is not permitted. The system's message gives the
            // reason, but not the address.
            throw cannotBind(cannot + e.getMessage(), e);
        }
    }

    static BindException cannotBind(String message, Throwable cause) {
        BindException thrown = new BindException(message);
        thrown.initCause(cause);
        return thrown;
    }

    /** The address on which it listens, with the port that the system has chosen. */
    SocketAddress address() {
        return address;
    }

    /** Listens; do not close it directly. */
    ServerSocketChannel channel() {
        return channel;
    }

    /** Waits for the next connection. */
    SocketChannel accept() throws IOException {
        return channel.accept();
    }

    /**
     * Releases a thread that waits in {@link #accept()}. The file of a Unix domain socket is removed before the socket
     * is closed.
     */
    @Override
    public void close() throws IOException {
        try {
            if (file != null) {
                file.remove();
            }
        } finally {
            channel.close();
        }
    }
}
