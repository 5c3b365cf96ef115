package dev.weft.testing;

import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * One direction of a faulty network between two pairs of ends: a virtual thread passes the bytes on until the direction ends.
 * <pre>
 *   client ══ pair ══ link ══ pair ══ server
 * </pre>
 */
final class FaultLink {
    private static final int BUFFER_SIZE = 1 << 14;
    private static final Duration LONGEST_PIECE = Duration.ofMillis(20);
    private static final SocketAddress NAME = InetSocketAddress.createUnresolved("memory", 0);

    private final MemoryTransport from;
    private final MemoryTransport to;
    private final Faults faults;

    private FaultLink(MemoryTransport from, MemoryTransport to, Faults faults) {
        this.from = from;
        this.to = to;
        this.faults = faults;
    }

    /** The server's end and the client's end of a connection with these faults. Does not wait. */
    static MemoryTransport[] pair(int capacity, Optional<SocketAddress> client, Faults toServer, Faults toClient) {
        SocketAddress remote = client.orElse(NAME);
        MemoryTransport[] server = MemoryTransport.pair(capacity, NAME, remote);
        if (toServer == Faults.none() && toClient == Faults.none()) {
            return server;
        }
        MemoryTransport[] other = MemoryTransport.pair(capacity, NAME, remote);
        Thread.startVirtualThread(new FaultLink(other[0], server[1], toServer)::pass);
        Thread.startVirtualThread(new FaultLink(server[1], other[0], toClient)::pass);
        return new MemoryTransport[]{server[0], other[1]};
    }

    private void pass() {
        try {
            passAll();
        } catch (IOException e) {
            // One of the two is closed, so close the other one too.
            from.close();
            to.close();
        }
    }

    private void passAll() throws IOException {
        byte[] buffer = new byte[BUFFER_SIZE];
        long position = 0;
        while (position < faults.endsAt()) {
            int room = (int) Math.min(Math.min(faults.piece(), BUFFER_SIZE), faults.endsAt() - position);
            int count = from.read(ByteBuffer.wrap(buffer, 0, room));
            if (count < 0) {
                to.shutdownOutput();
                return;
            }
            if (faults.corrupted() >= position && faults.corrupted() < position + count) {
                buffer[(int) (faults.corrupted() - position)] ^= (byte) 0xff;
            }
            pause();
            to.write(ByteBuffer.wrap(buffer, 0, count));
            if (faults.piece() < BUFFER_SIZE) {
                to.awaitTaken(TimeLimit.in(LONGEST_PIECE));
            }
            position += count;
        }
        end();
    }

    private void pause() {
        long until = System.nanoTime() + faults.delay().toNanos();
        long left = faults.delay().toNanos();
        while (left > 0) {
            LockSupport.parkNanos(this, left);
            left = until - System.nanoTime();
        }
    }

    private void end() throws IOException {
        switch (faults.end()) {
            case NONE, STALL -> {
            }
            case HALF_CLOSE -> {
                to.shutdownOutput();
                ByteBuffer dropped = ByteBuffer.allocate(BUFFER_SIZE);
                while (from.read(dropped.clear()) >= 0) {}
            }
            case RESET -> {
                from.reset();
                to.reset();
            }
            case CUT -> {
                from.shutdownOutput();
                to.shutdownOutput();
                ByteBuffer dropped = ByteBuffer.allocate(BUFFER_SIZE);
                while (from.read(dropped.clear()) >= 0) {}
            }
        }
    }
}
