package dev.weft.bench.memory;

import dev.weft.CloseReason;
import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.Sweeper;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Role;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The server's ends of connections within the process. Like a server's connections, each has an entry in a registry, and
 * deadlines. Only the opening handshake, and the object that held its state, are missing. For any thread.
 */
public final class InMemoryEnds {
    /** The size of a buffer of their pool. */
    public static final int BUFFER_SIZE = 16_384;
    private static final Duration NO_DEADLINE = Duration.ofHours(1);

    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final ShortTimer timer = new ShortTimer(Runnable::run, Failures.toHandler("in-memory-timer"));
    private final ConnectionServices services;
    private final Sweeper sweeper;

    /** Ends with these limits. */
    public InMemoryEnds(ConnectionLimits limits) {
        var timeouts = ConnectionTimeouts.builder().pingInterval(NO_DEADLINE).pongTimeout(NO_DEADLINE)
                .messageTimeout(NO_DEADLINE).writeTimeout(NO_DEADLINE).streamTimeout(NO_DEADLINE)
                .closeTimeout(NO_DEADLINE).build();
        var budget = new BufferBudget(Runtime.getRuntime().maxMemory() / 4);
        var clock = new CoarseClock();
        services = new ConnectionServices(Role.SERVER, timeouts,
                new SendServices(limits, clock, new BufferPool(BUFFER_SIZE, budget), timer, thread -> false));
        sweeper = new Sweeper(clock, NO_DEADLINE, now -> connections.forEach(connection -> connection.sweep(now)),
                Failures.toHandler("in-memory-sweeper"));
        timer.start();
        sweeper.start();
    }

    /** Opens the end of this transport. */
    public Connection open(MemoryTransport transport) {
        Connection connection = new Connection(transport, new InboundBuffer(transport, services.pool()), 0,
                HandshakeResult.on("/", null), services);
        connection.start(() -> {});
        connections.add(connection);
        return connection;
    }

    /** Ends a connection, whose handler has returned. */
    public void finish(Connection connection, MemoryTransport transport) {
        connection.finish(new CloseReason(CloseCode.NORMAL_CLOSURE, ""));
        transport.close();
        connections.remove(connection);
    }

    /** The number of connections. */
    public int count() {
        return connections.size();
    }

    /** The bytes of all buffers and messages that these connections hold. */
    public long heldBytes() {
        return services.pool().budget().taken();
    }

    /** Stops the threads. */
    public void stop() throws InterruptedException {
        sweeper.stop();
        timer.stop();
    }
}
