package dev.weft.testing;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.testing.ManualTime;
import dev.weft.internal.testing.MemoryConnections;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.TimeLimit;
import dev.weft.parser.Role;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * The two ends of one connection over memory, after its opening handshake. Each end is a real connection: it reads, masks,
 * answers pings and closes as it does over a network. Neither end has a handler: the test receives and sends on both.
 * <p>
 * Deadlines and keepalive pings follow the pair's own clock, which moves only when a test calls {@link #advance}.
 */
public final class TestPair implements AutoCloseable {
    private static final int MAX_NETWORK_SIZE = 1 << 24;

    private final MemoryConnections connections;
    private final TestConnection server;
    private final TestConnection client;

    private TestPair(Builder builder) {
        ManualTime time = new ManualTime();
        this.connections = new MemoryConnections(time, builder.limits, builder.timeouts);
        MemoryTransport[] ends = FaultLink.pair(builder.capacity, Optional.empty(), builder.toServer, builder.toClient);
        this.server = end(Role.SERVER, ends[0]);
        this.client = end(Role.CLIENT, ends[1]);
    }

    private TestConnection end(Role role, MemoryTransport transport) {
        return new TestConnection(connections.connect(role, transport, connections.input(transport),
                HandshakeResult.on("/", null)));
    }

    /** Collects the settings of a pair. */
    public static Builder builder() {
        return new Builder();
    }

    /** The server's end. */
    public TestConnection server() {
        return server;
    }

    /** The client's end. */
    public TestConnection client() {
        return client;
    }

    /**
     * Moves the clock of both ends: keepalive pings are sent and deadlines expire in the order in which they are due.
     * Does not wait for the duration. After each ping it waits about 30 ms for the answer, or at most half a second.
     * Only one thread at a time may call this method.
     *
     * @param duration not negative, at most 20 days
     * @throws IllegalArgumentException if the duration is out of bounds
     */
    public void advance(Duration duration) {
        Bounds.check("duration", duration, Duration.ZERO, TimeLimit.LONGEST);
        connections.advance(duration);
    }

    /** Aborts both ends, unless they have already ended. Does not wait for the peer. */
    @Override
    public void close() {
        connections.close();
    }

    /** Collects the settings of a pair; they apply to both ends. Not thread-safe. */
    public static final class Builder {
        private ConnectionLimits limits = ConnectionLimits.DEFAULT;
        private ConnectionTimeouts timeouts = ConnectionTimeouts.DEFAULT;
        private int capacity = 1 << 16;
        private Faults toServer = Faults.none();
        private Faults toClient = Faults.none();

        private Builder() {}

        /** Sets the limits of each end. Default: {@link ConnectionLimits#DEFAULT}. */
        public Builder limits(ConnectionLimits value) {
            limits = Objects.requireNonNull(value, "limits");
            return this;
        }

        /** Sets the deadlines and the ping interval of each end. Default: {@link ConnectionTimeouts#DEFAULT}. */
        public Builder timeouts(ConnectionTimeouts value) {
            timeouts = Objects.requireNonNull(value, "timeouts");
            return this;
        }

        /**
         * Sets the number of bytes that each direction holds before a write waits for the peer to read. Default 65,536.
         *
         * @throws IllegalArgumentException if it is not between 1 and 2^24
         */
        public Builder networkSize(int bytes) {
            Bounds.check("networkSize", bytes, 1, MAX_NETWORK_SIZE);
            capacity = bytes;
            return this;
        }

        /** Sets the faults in the direction of the server's end. Default: none. */
        public Builder faultsToServer(Faults faults) {
            toServer = Objects.requireNonNull(faults, "faults");
            return this;
        }

        /** Sets the faults in the direction of the client's end. Default: none. */
        public Builder faultsToClient(Faults faults) {
            toClient = Objects.requireNonNull(faults, "faults");
            return this;
        }

        /** Connects the pair. */
        public TestPair connect() {
            return new TestPair(this);
        }
    }
}
