package dev.weft.client;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LayeredTransport;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Shows a {@link WireListener} what passes through another transport. As with TLS, every write waits: so the listener sees
 * bytes before the network does, and never sees the reply first.
 */
final class ObservedTransport implements LayeredTransport {
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

    @Override
    public Transport below() {
        return below;
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
}
