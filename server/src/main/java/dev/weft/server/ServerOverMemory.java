package dev.weft.server;

import dev.weft.internal.testing.ManualTime;
import dev.weft.internal.testing.MemoryServer;
import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A server without listeners, for the test kit: it is given its connections, and its clock is advanced by hand. */
final class ServerOverMemory implements MemoryServer {
    private static final CloseOptions AT_ONCE = CloseOptions.builder().grace(Duration.ofMillis(500)).build();

    private final SteppedClock clock = new SteppedClock();
    private final WebSocketServer server;

    private ServerOverMemory(ServerConfiguration configuration, TransportFactory transports) throws IOException {
        // There is no proxy that would send its header.
        ProxySettings proxies = configuration.proxySettings().toBuilder().proxyProtocol(false).build();
        server = new WebSocketServer(configuration.toBuilder().proxySettings(proxies).build(), Listeners.none(),
                failures -> transports, clock);
        server.timer.start();
    }

    /** Lets the test kit open such servers. */
    static void register() {
        MemoryServer.Access
                .set((configuration, transports) -> new ServerOverMemory((ServerConfiguration) configuration,
                        transports));
    }

    @Override
    public boolean accept(Transport transport) {
        if (!server.shutdown().servesNew() && !server.shutdown().refusesNew()) {
            transport.close();
            return false;
        }
        server.admission().admit(server.transports.over(transport));
        return true;
    }

    @Override
    public void awaitOpened(long count) {
        SteppedClock.awaitBriefly(() -> server.counters().openedCount() >= count);
    }

    @Override
    public void advance(ManualTime time, Duration duration) {
        int[] shown = {server.services().clock().now()};
        time.advance(server.upkeep.sweeper(), duration, () -> {
            int next = server.services().clock().now();
            clock.advance(TimeUnit.MILLISECONDS.toNanos(next - shown[0]));
            shown[0] = next;
            clock.settle();
        });
    }

    @Override
    public void drain(Object settings) {
        clock.drainBegins();
        server.drain((DrainSettings) settings);
        clock.settle();
    }

    @Override
    public int connectionCount() {
        return server.connectionCount();
    }

    @Override
    public void close() {
        clock.release();
        server.close(AT_ONCE);
    }
}
