package dev.weft.internal.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A TCP connection that a ring has accepted. Only the number of its descriptor is known, and the JDK makes no channel of that.
 * This one never waits, and cannot be registered with a selector. It is smaller than a channel of the JDK, and needs fewer system
 * calls.
 * <p>
 * The descriptor is released when the channel is closed and no operation is in progress. {@link SocketCalls} are not counted
 * here: see {@link NonBlockingTransport}.
 */
final class AcceptedChannel extends SocketChannel implements OwnChannel {
    private static final Map<SocketOption<?>, SocketFunctions.Option> OPTIONS = Map.of(
            StandardSocketOptions.TCP_NODELAY, SocketFunctions.Option.TCP_NODELAY,
            StandardSocketOptions.SO_KEEPALIVE, SocketFunctions.Option.SO_KEEPALIVE,
            StandardSocketOptions.SO_LINGER, SocketFunctions.Option.SO_LINGER,
            StandardSocketOptions.SO_SNDBUF, SocketFunctions.Option.SO_SNDBUF,
            StandardSocketOptions.SO_RCVBUF, SocketFunctions.Option.SO_RCVBUF);

    /** Added to the number of operations in progress when the channel is closed. */
    private static final int CLOSED = Integer.MIN_VALUE;
    private static final AtomicIntegerFieldUpdater<AcceptedChannel> OPERATIONS = AtomicIntegerFieldUpdater
            .newUpdater(AcceptedChannel.class, "operations");

    private final int descriptor;
    private final InetSocketAddress listening;
    /** {@code null}: the address of the listening socket. */
    private final CompactAddress local;
    private final CompactAddress remote;
    /** The number of operations in progress, and whether the channel is closed. */
    private volatile int operations;

    /**
     * The channel for a descriptor, which it owns.
     *
     * @param descriptor of a connected, non-blocking TCP socket
     * @param listening  the address of the socket that has accepted it
     * @throws IOException if the peer has already reset the connection; the caller then closes the descriptor
     */
    AcceptedChannel(int descriptor, InetSocketAddress listening) throws IOException {
        super(SelectorProvider.provider());
        this.descriptor = descriptor;
        this.remote = SocketFunctions.remoteAddress(descriptor);
        this.listening = listening;
        this.local = listening.getAddress().isAnyLocalAddress() ? SocketFunctions.localAddress(descriptor) : null;
    }

    /** The number of the descriptor, until this is closed. */
    int descriptor() {
        return descriptor;
    }

    private void enter() throws ClosedChannelException {
        int before;
        do {
            before = operations;
            if (before < 0) {
                throw new ClosedChannelException();
            }
        } while (!OPERATIONS.compareAndSet(this, before, before + 1));
    }

    private void leave() {
        if (OPERATIONS.decrementAndGet(this) == CLOSED) {
            SystemCalls.close(descriptor);
        }
    }

    @Override
    protected void implCloseSelectableChannel() {
        if (OPERATIONS.getAndAdd(this, CLOSED) == 0) {
            SystemCalls.close(descriptor);
        }
    }

    // Bytes.

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!target.hasRemaining()) {
            return 0;
        }
        int count;
        enter();
        try {
            count = SocketFunctions.receive(descriptor, target);
        } finally {
            leave();
        }
        target.position(target.position() + Math.max(0, count));
        return count;
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            int count = read(targets[i]);
            if (count < 0) {
                return total == 0 ? count : total;
            }
            total += count;
            if (targets[i].hasRemaining()) {
                break;
            }
        }
        return total;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return write(source, false);
    }

    private int write(ByteBuffer source, boolean more) throws IOException {
        int count;
        enter();
        try {
            count = SocketFunctions.send(descriptor, source, more);
        } finally {
            leave();
        }
        source.position(source.position() + count);
        return count;
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            total += write(sources[i], i + 1 < offset + length);
            if (sources[i].hasRemaining()) {
                break;
            }
        }
        return total;
    }

    @Override
    public boolean haveArrived() throws IOException {
        enter();
        try {
            return SocketFunctions.haveArrived(descriptor);
        } finally {
            leave();
        }
    }

    @Override
    public SocketChannel shutdownOutput() throws IOException {
        enter();
        try {
            SocketFunctions.shutdownOutput(descriptor);
        } finally {
            leave();
        }
        return this;
    }

    // Properties.

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return OPTIONS.keySet();
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        SocketFunctions.Option option = option(name);
        int number = value instanceof Integer integer ? integer : value.equals(true) ? 1 : 0;
        enter();
        try {
            SocketFunctions.set(descriptor, option, number);
        } finally {
            leave();
        }
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        SocketFunctions.Option option = option(name);
        int value;
        enter();
        try {
            value = SocketFunctions.get(descriptor, option);
        } finally {
            leave();
        }
        Object typed = name.type() == Boolean.class ? (Object) (value != 0) : (Object) value;
        return name.type().cast(typed);
    }

    private static SocketFunctions.Option option(SocketOption<?> name) {
        SocketFunctions.Option option = OPTIONS.get(name);
        if (option == null) {
            throw new UnsupportedOperationException(name + " is not supported");
        }
        return option;
    }

    @Override
    public SocketAddress localAddress() {
        return local == null ? listening : local.expand();
    }

    @Override
    public SocketAddress getLocalAddress() {
        return localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote.expand();
    }

    @Override
    public SocketAddress getRemoteAddress() {
        return remoteAddress();
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean isConnectionPending() {
        return false;
    }

    @Override
    protected void implConfigureBlocking(boolean block) {
        if (block) {
            throw unsupported();
        }
    }

    // What transports do not use.

    private static UnsupportedOperationException unsupported() {
        return new UnsupportedOperationException("a connection that a ring has accepted");
    }

    @Override
    public SocketChannel bind(SocketAddress address) {
        throw unsupported();
    }

    @Override
    public boolean connect(SocketAddress address) {
        throw unsupported();
    }

    @Override
    public boolean finishConnect() {
        throw unsupported();
    }

    @Override
    public SocketChannel shutdownInput() {
        throw unsupported();
    }

    @Override
    public Socket socket() {
        throw unsupported();
    }
}
