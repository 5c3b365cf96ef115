package dev.weft.internal.testing;

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
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.Sweeper;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Role;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Creates connections over in-memory transports, with a clock that stands still until it is moved. For any thread. */
public final class MemoryConnections implements AutoCloseable {
    private static final int READ_BUFFER_SIZE = 1 << 14;
    private static final long MAX_BUFFERED_SIZE = 1 << 28;

    /** One connection, and the input and transport that it reads from. */
    private record End(Connection connection, InboundBuffer input, Transport transport) {}

    private final ManualTime time;
    private final ConnectionServices services;
    private final ShortTimer timer;
    private final Sweeper sweeper;
    private final List<End> ends = new CopyOnWriteArrayList<>();

    /** Creates no connection yet. */
    public MemoryConnections(ManualTime time, ConnectionLimits limits, ConnectionTimeouts timeouts) {
        this.time = time;
        this.timer = time.newTimer("weft-test-timer");
        CoarseClock clock = new CoarseClock();
        BufferPool pool = new BufferPool(READ_BUFFER_SIZE, new BufferBudget(MAX_BUFFERED_SIZE));
        this.services = new ConnectionServices(Role.SERVER, timeouts,
                new SendServices(limits, clock, pool, timer, thread -> false));
        this.sweeper = new Sweeper("weft-test-sweeper", clock, timeouts.shortest(), this::sweep);
    }

    /** The budget of all connections, which nothing but their buffers needs. */
    public BufferBudget budget() {
        return services.pool().budget();
    }

    /** Reads what such a connection receives; until there is a connection, for one thread, which ends it after a failure. */
    public InboundBuffer input(Transport transport) {
        return new InboundBuffer(transport, services.pool());
    }

    /**
     * A connection whose handshake is done.
     *
     * @param input whose region holds the bytes that followed the handshake's head
     */
    public Connection connect(Role role, Transport transport, InboundBuffer input, HandshakeResult handshake) {
        Connection connection = new Connection(transport, input, 0, handshake, services.as(role));
        time.watch(transport);
        ends.add(new End(connection, input, transport));
        connection.start(() -> time.forget(transport));
        return connection;
    }

    private void sweep(int now) {
        ends.forEach(end -> end.connection.sweep(now));
    }

    /** Moves the clock and checks all deadlines, like {@link ManualTime#advance}. */
    public void advance(Duration duration) {
        time.advance(sweeper, duration);
    }

    /** Aborts all connections and frees what they hold. Waits for a thread that receives, not for a peer. */
    @Override
    public void close() {
        for (End end : ends) {
            end.connection.abort();
        }
        for (End end : ends) {
            end.connection.finish(new CloseReason(CloseCode.NORMAL_CLOSURE, ""));
            end.input.end();
            end.transport.close();
        }
        timer.stop();
    }
}
