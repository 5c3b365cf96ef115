package dev.weft.client;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLSession;

/**
 * Shows a {@link WireListener} what passes through another transport. As with TLS, every write waits: so the listener sees bytes
 * before the network does, and never sees the reply first.
 */
final class ObservedTransport implements Transport {
    private final Transport below;
    private final Logger logger;
    /** {@code null} once it has failed. */
    private volatile WireListener listener;

    /** Over a transport whose own handshake is done; the listener is told at once. */
    ObservedTransport(Transport below, WireListener listener, Logger logger) {
        this.below = below;
        this.listener = listener;
        this.logger = logger;
        tell(told -> told.connected(below.localAddress(), below.remoteAddress(), below.tlsSession()));
    }

    private void tell(Consumer<WireListener> what) {
        WireListener told = listener;
        if (told != null) {
            try {
                what.accept(told);
            } catch (Throwable e) {
                listener = null;
                logger.log(Level.WARNING, "a wire listener failed: " + below.remoteAddress(), e);
            }
        }
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        return received(target, below.read(target, limit));
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return received(target, below.readNow(target));
    }

    @Override
    public int poll(ByteBuffer target) throws IOException {
        return received(target, below.poll(target));
    }

    private int received(ByteBuffer target, int count) {
        if (count > 0) {
            tell(told -> told.received(target.asReadOnlyBuffer().flip().position(target.position() - count)));
        }
        return count;
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        tell(told -> told.sent(source.asReadOnlyBuffer()));
        below.write(source);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        tell(told -> {
            told.sent(first.asReadOnlyBuffer());
            told.sent(second.asReadOnlyBuffer());
        });
        below.write(first, second);
    }

    @Override
    public boolean writesWithoutWaiting() {
        return false;
    }

    @Override
    public void writeNow(ByteBuffer source) {
        // A write waits.
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) {
        // As above.
    }

    // The rest is that of the other transport.

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return below.threadBuilder();
    }

    @Override
    public int place() {
        return below.place();
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        below.setOption(option, value);
    }

    @Override
    public Optional<SSLSession> tlsSession() {
        return below.tlsSession();
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        return below.awaitReadable(limit);
    }

    @Override
    public void onUnread(UnreadListener listener) {
        below.onUnread(listener);
    }

    @Override
    public void reportUnread() {
        below.reportUnread();
    }

    @Override
    public boolean willReportUnread() {
        return below.willReportUnread();
    }

    @Override
    public boolean hasUnread() {
        return below.hasUnread();
    }

    @Override
    public byte writeProgress() {
        return below.writeProgress();
    }

    @Override
    public void retryWrite() {
        below.retryWrite();
    }

    @Override
    public void shutdownOutput() throws IOException {
        below.shutdownOutput();
    }

    @Override
    public void close() {
        below.close();
    }

    @Override
    public SocketAddress localAddress() {
        return below.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return below.remoteAddress();
    }
}
