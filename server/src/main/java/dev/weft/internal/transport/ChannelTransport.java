package dev.weft.internal.transport;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;

/** A transport over a connected socket channel, whose addresses are known even after it is closed. */
public abstract class ChannelTransport implements Transport {
    /** Connects this end with the other. */
    protected final SocketChannel channel;
    private final SocketAddress local;
    private final SocketAddress remote;

    /** A transport over this channel. */
    protected ChannelTransport(SocketChannel channel) throws IOException {
        this.channel = channel;
        this.local = channel.getLocalAddress();
        this.remote = channel.getRemoteAddress();
    }

    /** Does not wait for a read that waits: there is no other way of the JDK to ask without reading. */
    @Override
    public final boolean hasUnread() {
        try {
            return channel.socket().getInputStream().available() > 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public final void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public final SocketAddress localAddress() {
        return local;
    }

    @Override
    public final SocketAddress remoteAddress() {
        return remote;
    }
}
