package dev.weft.bench.memory;

import dev.weft.ConnectionLimits;
import dev.weft.bench.peers.EchoHandler;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.testing.MemoryTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Echo connections within the process. Like a server's connections, each has a virtual thread, an entry in a registry, and
 * deadlines. Only the opening handshake, and the object that held its state, are missing.
 */
final class InMemoryEcho {
    private static final int PIPE_CAPACITY = 256;
    /** The number of connections served at a time, so that the threads need not take turns for each message. */
    private static final int BATCH = 1_000;
    /** "Hello", masked, and its echo (RFC 6455 §5.7). */
    private static final byte[] HELLO = {(byte) 0x81, (byte) 0x85, 0x37, (byte) 0xfa, 0x21, 0x3d, 0x7f, (byte) 0x9f,
            0x4d, 0x51, 0x58};
    private static final byte[] HELLO_ECHO = {(byte) 0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};

    private final InMemoryEnds ends = new InMemoryEnds(
            ConnectionLimits.builder().readAheadSize(InMemoryEnds.BUFFER_SIZE).build());
    private final List<MemoryTransport> clients = new ArrayList<>();

    /** Opens this number of further connections, each of which echoes once. */
    void open(int count) throws IOException {
        for (int done = 0; done < count; done += BATCH) {
            List<MemoryTransport> batch = new ArrayList<>();
            for (int i = done; i < Math.min(count, done + BATCH); i++) {
                MemoryTransport[] pair = pair();
                batch.add(pair[0]);
                Thread.ofVirtual().inheritInheritableThreadLocals(false).start(() -> serve(pair[1]));
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
        return ends.count();
    }

    /** Two ends of the kind that the connections have. */
    static MemoryTransport[] pair() {
        return MemoryTransport.pair(PIPE_CAPACITY);
    }

    private void serve(MemoryTransport transport) {
        Connection connection = ends.open(transport);
        try {
            new EchoHandler().handle(connection);
        } catch (IOException e) {
            // The client's end was closed.
        } finally {
            ends.finish(connection, transport);
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
        while (ends.count() > 0) {
            Thread.sleep(1);
        }
    }

    /** Closes all connections for good. */
    void end() throws InterruptedException {
        closeConnections();
        ends.stop();
    }
}
