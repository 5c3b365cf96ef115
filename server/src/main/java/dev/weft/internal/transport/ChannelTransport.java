package dev.weft.internal.transport;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A transport over a connected socket channel, whose addresses are known even after it is closed. */
public abstract class ChannelTransport implements Transport {
    /** The socket of this end. */
    protected final SocketChannel channel;
    /** {@code null}: the channel tells it, also after it is closed. */
    private final SocketAddress local;
    /** As the local one. Immutable, so that other threads see the earlier or the later one. */
    private SocketAddress remote;

    /** A transport over this channel. */
    protected ChannelTransport(SocketChannel channel) throws IOException {
        this.channel = channel;
        boolean isOwn = channel instanceof OwnChannel;
        this.local = isOwn ? null : channel.getLocalAddress();
        this.remote = isOwn ? null : channel.getRemoteAddress();
    }

    /** Whether this is a Unix domain socket; the JDK gives access to fewer properties of these than of TCP sockets. */
    protected final boolean isUnixDomain() {
        return local instanceof UnixDomainSocketAddress;
    }

    /**
     * Whether bytes have arrived that were not read, or, on a Unix domain socket, also their end. Does not wait.
     *
     * @return always false for a Unix domain socket in blocking mode, for which this cannot be determined
     */
    protected final boolean hasArrived() throws IOException {
        if (!isUnixDomain()) {
            // The only way to check without reading; does not wait for another thread's read.
            return channel.socket().getInputStream().available() > 0;
        }
        if (channel.isBlocking()) {
            return false;
        }
        try (Selector selector = channel.provider().openSelector()) {
            channel.register(selector, SelectionKey.OP_READ);
            return selector.selectNow() > 0;
        }
    }

    @Override
    public boolean hasUnread() {
        try {
            return hasArrived();
        } catch (IOException e) {
            return false;
        }
    }

    /** Closes the channel; no caller could use an exception, and the descriptor is released either way. */
    protected void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            // See above.
        }
    }

    @Override
    public final <T> void setOption(SocketOption<T> option, T value) throws IOException {
        if (channel.supportedOptions().contains(option)) {
            channel.setOption(option, value);
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public final SocketAddress localAddress() {
        return local != null ? local : ((OwnChannel) channel).localAddress();
    }

    @Override
    public final SocketAddress remoteAddress() {
        SocketAddress known = remote;
        return known != null ? known : ((OwnChannel) channel).remoteAddress();
    }

    @Override
    public final void remoteAddress(SocketAddress client) {
        remote = client;
    }
}
