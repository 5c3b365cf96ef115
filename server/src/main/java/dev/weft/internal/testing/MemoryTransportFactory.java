package dev.weft.internal.testing;

import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * The factory of an in-memory server, which has no channels. The JDK schedules its threads.
 *
 * @param time is notified of each thread that is started
 */
public record MemoryTransportFactory(ManualTime time) implements TransportFactory {
    /** True, so that no lag is measured: each measurement starts threads, for which the clock of a test would wait. */
    @Override
    public boolean isIdle() {
        return true;
    }

    @Override
    public Transport over(SocketChannel channel) {
        throw new IllegalStateException("an in-memory server has no channels");
    }

    @Override
    public void start(Runnable start) {
        time.start(start);
    }

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return Thread.ofVirtual();
    }

    @Override
    public String description() {
        return "the JDK's scheduler, over memory";
    }

    @Override
    public Optional<String> impairment() {
        return Optional.empty();
    }

    @Override
    public boolean beat() {
        return true;
    }

    @Override
    public boolean isDead() {
        return false;
    }

    @Override
    public void close() {
        // There is nothing to close.
    }
}
