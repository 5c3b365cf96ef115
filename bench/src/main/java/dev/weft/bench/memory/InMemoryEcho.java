package dev.weft.bench.memory;

import dev.weft.CloseReason;
import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.bench.peers.EchoHandler;
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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Echo connections within the process. Like a server's connections, each has a virtual thread, an entry in a registry, and
 * deadlines. Only the opening handshake, and the object that held its state, are missing.
 */
final class InMemoryEcho {
    private static final int PIPE_CAPACITY = 256;
    private static final int BUFFER_SIZE = 16_384;
    /** The number of connections served at a time, so that the threads need not take turns for each message. */
    private static final int BATCH = 1_000;
    private static final Duration NO_DEADLINE = Duration.ofHours(1);
    /** "Hello", masked, and its echo (RFC 6455 §5.7). */
    private static final byte[] HELLO = {(byte) 0x81, (byte) 0x85, 0x37, (byte) 0xfa, 0x21, 0x3d, 0x7f, (byte) 0x9f,
            0x4d, 0x51, 0x58};
    private static final byte[] HELLO_ECHO = {(byte) 0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};

    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final ShortTimer timer = new ShortTimer(Runnable::run, Failures.toHandler("in-memory-timer"));
    private final CoarseClock clock = new CoarseClock();
    private final ConnectionServices services;
    private final Sweeper sweeper;
    private final List<MemoryTransport> clients = new ArrayList<>();

    InMemoryEcho() {
        var timeouts = ConnectionTimeouts.builder().pingInterval(NO_DEADLINE).pongTimeout(NO_DEADLINE)
                .messageTimeout(NO_DEADLINE).writeTimeout(NO_DEADLINE).streamTimeout(NO_DEADLINE)
                .closeTimeout(NO_DEADLINE).build();
        var budget = new BufferBudget(Runtime.getRuntime().maxMemory() / 4);
        services = new ConnectionServices(Role.SERVER, timeouts, new SendServices(
                ConnectionLimits.builder().readAheadSize(BUFFER_SIZE).build(), clock,
                new BufferPool(BUFFER_SIZE, budget),
                timer,
                thread -> false));
        sweeper = new Sweeper(clock, NO_DEADLINE,
                now -> connections.forEach(connection -> connection.sweep(now)),
                Failures.toHandler("in-memory-sweeper"));
        timer.start();
        sweeper.start();
    }

    /** Opens this number of further connections, each of which echoes once. */
    void open(int count) throws IOException {
        for (int done = 0; done < count; done += BATCH) {
            List<MemoryTransport> batch = new ArrayList<>();
            for (int i = done; i < Math.min(count, done + BATCH); i++) {
                MemoryTransport[] ends = pair();
                batch.add(ends[0]);
                Thread.ofVirtual().inheritInheritableThreadLocals(false).start(() -> serve(ends[1]));
            }
            echo(batch);
            clients.addAll(batch);
        }
    }

    /** Echoes once more over all open connections. */
    void echo() throws IOException {
        for (int from = 0; from < clients.size(); from += BATCH) {
            echo(clients.subList(from, Math.min(clients.size(), from + BATCH)));
        }
    }

    /** The number of connections on the server's side. */
    int connections() {
        return connections.size();
    }

    /** Two ends of the kind that the connections have. */
    static MemoryTransport[] pair() {
        return MemoryTransport.pair(PIPE_CAPACITY);
    }

    private void serve(MemoryTransport transport) {
        InboundBuffer input = new InboundBuffer(transport, services.pool());
        Connection connection = new Connection(transport, input, 0, HandshakeResult.on("/", null),
                services);
        connection.start(() -> {});
        connections.add(connection);
        try {
            new EchoHandler().handle(connection);
        } catch (IOException e) {
            // The client's end was closed.
        } finally {
            connection.finish(new CloseReason(CloseCode.NORMAL_CLOSURE, ""));
            transport.close();
            connections.remove(connection);
        }
    }

    private static void echo(List<MemoryTransport> ends) throws IOException {
        for (MemoryTransport end : ends) {
            end.write(ByteBuffer.wrap(HELLO));
        }
        ByteBuffer expected = ByteBuffer.wrap(HELLO_ECHO);
        for (MemoryTransport end : ends) {
            ByteBuffer reply = ByteBuffer.allocate(HELLO_ECHO.length);
            while (reply.hasRemaining()) {
                if (end.read(reply) < 0) {
                    throw new IOException("the server ended a connection");
                }
            }
            if (!reply.flip().equals(expected)) {
                throw new IOException("not an echo");
            }
        }
    }

    /** Closes all connections; more can be opened afterwards. */
    void closeConnections() throws InterruptedException {
        clients.forEach(MemoryTransport::close);
        clients.clear();
        while (!connections.isEmpty()) {
            Thread.sleep(1);
        }
    }

    /** Closes all connections for good. */
    void end() throws InterruptedException {
        closeConnections();
        sweeper.stop();
        timer.stop();
    }
}
