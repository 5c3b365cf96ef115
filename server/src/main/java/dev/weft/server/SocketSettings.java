package dev.weft.server;

import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The options of a connection's socket.
 *
 * @param tcpNoDelay        whether small writes are sent at once (TCP_NODELAY)
 * @param keepAlive         whether the system also detects dead peers (SO_KEEPALIVE)
 * @param receiveBufferSize the size in bytes of the system's receive buffer (SO_RCVBUF)
 * @param sendBufferSize    the size in bytes of the system's send buffer (SO_SNDBUF)
 */
record SocketSettings(Optional<Boolean> tcpNoDelay, Optional<Boolean> keepAlive, OptionalInt receiveBufferSize,
        OptionalInt sendBufferSize) {
    static final SocketSettings UNSET = new SocketSettings(Optional.empty(), Optional.empty(), OptionalInt.empty(),
            OptionalInt.empty());

    SocketSettings withTcpNoDelay(boolean value) {
        return new SocketSettings(Optional.of(value), keepAlive, receiveBufferSize, sendBufferSize);
    }

    SocketSettings withKeepAlive(boolean value) {
        return new SocketSettings(tcpNoDelay, Optional.of(value), receiveBufferSize, sendBufferSize);
    }

    SocketSettings withReceiveBufferSize(int size) {
        return new SocketSettings(tcpNoDelay, keepAlive, OptionalInt.of(size), sendBufferSize);
    }

    SocketSettings withSendBufferSize(int size) {
        return new SocketSettings(tcpNoDelay, keepAlive, receiveBufferSize, OptionalInt.of(size));
    }

    /** Applies the settings that are present to a connection after its handshake. */
    void apply(Transport transport) throws IOException {
        if (tcpNoDelay.isPresent()) {
            transport.setOption(StandardSocketOptions.TCP_NODELAY, tcpNoDelay.get());
        }
        if (keepAlive.isPresent()) {
            transport.setOption(StandardSocketOptions.SO_KEEPALIVE, keepAlive.get());
        }
        if (receiveBufferSize.isPresent()) {
            transport.setOption(StandardSocketOptions.SO_RCVBUF, receiveBufferSize.getAsInt());
        }
        if (sendBufferSize.isPresent()) {
            transport.setOption(StandardSocketOptions.SO_SNDBUF, sendBufferSize.getAsInt());
        }
    }

    /** Applies a server's settings to an accepted connection, which has the receive buffer size of its listener. */
    void configure(SocketChannel channel) throws IOException {
        boolean tcp = channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY);
        if (tcp) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, tcpNoDelay.orElseThrow());
        }
        if (tcp && keepAlive.orElseThrow()) {
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
        if (sendBufferSize.isPresent()) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, sendBufferSize.getAsInt());
        }
    }
}
