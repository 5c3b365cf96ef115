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
import java.nio.channels.Channel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A listening socket: clients can connect from the time it is opened until it is closed. One thread accepts; the other
 * methods may be called by any thread.
 */
final class Listener implements Closeable {
    private static final String CANNOT_INHERIT = "cannot listen on the standard input: ";

    private final ServerSocketChannel channel;
    private final SocketAddress address;
    /** {@code null} over TCP, and for an inherited socket. */
    private final SocketFile file;
    /** Waits for connections on an inherited socket, which stays open when it is closed; otherwise {@code null}. */
    private final Selector selector;
    /** Accepted when the inherited socket was checked, and not yet returned by {@link #accept()}. */
    private final AtomicReference<SocketChannel> first = new AtomicReference<>();

    private Listener(ServerSocketChannel channel, SocketFile file, Selector selector) throws IOException {
        this.channel = channel;
        this.address = channel.getLocalAddress();
        this.file = file;
        this.selector = selector;
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
            return new Listener(channel, null, null);
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
            return new Listener(channel, file, null);
        } catch (Throwable e) {
            file.remove();
            channel.close();
            throw e;
        }
    }

    /**
     * Listens on the socket that is the process's standard input. Processes that share it share its queue of
     * connections: the connections that this process does not accept are left to the others.
     *
     * @throws IOException if the standard input is no listening socket
     */
    static Listener openInherited() throws IOException {
        Channel inherited = System.inheritedChannel();
        if (!(inherited instanceof ServerSocketChannel channel)) {
            throw new SocketException(CANNOT_INHERIT + switch (inherited) {
                case null -> "it is no socket";
                case SocketChannel connection -> "it is a connection, not a listening socket";
                default -> "it is no stream socket";
            });
        }
        if (!channel.isOpen()) {
            throw new SocketException(CANNOT_INHERIT + "it has been closed");
        }
        // Another process may take a connection before this one does: then accepting it must not wait for the next.
        channel.configureBlocking(false);
        Selector selector = Selector.open();
        try {
            channel.register(selector, SelectionKey.OP_ACCEPT);
            Listener listener = new Listener(channel, null, selector);
            listener.first.set(acceptFirst(channel));
            return listener;
        } catch (Throwable e) {
            selector.close();
            throw e;
        }
    }

    private static SocketChannel acceptFirst(ServerSocketChannel channel) throws SocketException {
        try {
            return channel.accept();
        } catch (IOException e) {
            SocketException thrown = new SocketException(
                    CANNOT_INHERIT + "it is no listening socket: " + e.getMessage());
            thrown.initCause(e);
            throw thrown;
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

    /** The channel of a socket that a loop can accept from; do not close it directly. Empty for an inherited socket. */
    Optional<ServerSocketChannel> channel() {
        return selector == null ? Optional.of(channel) : Optional.empty();
    }

    /** Waits for the next connection, until {@link #stop()} at most. */
    SocketChannel accept() throws IOException {
        if (selector == null) {
            return channel.accept();
        }
        SocketChannel accepted = first.getAndSet(null);
        while (accepted == null) {
            selector.select();
            selector.selectedKeys().clear();
            accepted = channel.accept();
        }
        return accepted;
    }

    /**
     * Releases the thread that waits in {@link #accept()}. Closes the socket, and first removes the file of a Unix domain
     * socket. An inherited socket stays open: when it is closed, the JDK closes the standard output streams with it.
     */
    void stop() throws IOException {
        if (selector == null) {
            closeChannel();
            return;
        }
        SocketChannel unused = first.getAndSet(null);
        if (unused != null) {
            unused.close();
        }
        selector.close();
    }

    private void closeChannel() throws IOException {
        try {
            if (file != null) {
                file.remove();
            }
        } finally {
            channel.close();
        }
    }

    /** Stops, and closes an inherited socket too. */
    @Override
    public void close() throws IOException {
        try {
            stop();
        } finally {
            closeChannel();
        }
    }
}
