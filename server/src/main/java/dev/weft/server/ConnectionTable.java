package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.internal.buffer.Tally;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionFacts;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a server, or some of them, and what each connection and its thread is doing. Immutable;
 * {@link #toString()} returns the table as lines of text. A connection that has ended, but whose handler has not
 * returned, is included as {@link ConnectionState#CLOSING}. The rows are read one after another while the server runs.
 */
public final class ConnectionTable {
    /** The largest number of rows. */
    public static final int MOST_ROWS = 10_000;

    /** Which connections come first. Those that are not open are last. */
    public enum Order {
        /** By {@link Row#id()}: those that were opened first. */
        OLDEST,
        /** Those whose peers have sent nothing for the longest time. */
        IDLE,
        /** Those that have the most bytes to send. */
        QUEUED
    }

    /**
     * One connection.
     *
     * @param id          as {@link dev.weft.WebSocketConnection#id()}; 0 if it has not been opened
     * @param state what the connection is doing
     * @param endpoint    the path of its endpoint, or {@code *} for the handler of all other paths; empty if it has not been
     *                    opened
     * @param client      the client's address, as {@link dev.weft.WebSocketConnection#remoteAddress()}
     * @param tls         the version of TLS, such as {@code TLSv1.3}; empty without TLS
     * @param subprotocol the subprotocol, if there is one
     * @param since       when it was opened, in whole seconds; before that, when it was accepted, or began to serve or to wait for
     *                    another request
     * @param idle        how long the peer has sent nothing, accurate to about a second; empty if it has not been opened
     * @param queuedBytes the number of bytes that wait to be sent
     * @param counts      what it has received and sent; empty unless the server has {@link
     *                    WebSocketServerBuilder#connectionDetails} or an access log
     * @param latency     as {@link dev.weft.WebSocketConnection#latency()}
     * @param threadId    the {@link Thread#threadId} of its thread, by which a thread dump lists it
     * @param threadState the state of that thread
     * @param activity    the line of the application's code that the thread executes, and the method that it calls
     *                    there
     */
    public record Row(long id, ConnectionState state, Optional<String> endpoint, SocketAddress client,
            Optional<String> tls, Optional<String> subprotocol, Instant since, Optional<Duration> idle,
            long queuedBytes, Optional<Counts> counts, Optional<Duration> latency, long threadId,
            Thread.State threadState, String activity) {}

    /**
     * What a connection has received and sent.
     *
     * @param receivedMessages the number of messages received
     * @param receivedBytes    the number of bytes received, requests and frame headers included, TLS excluded
     * @param sentMessages     the number of messages sent
     * @param sentBytes        the number of bytes sent in frames, TLS excluded
     */
    public record Counts(long receivedMessages, long receivedBytes, long sentMessages, long sentBytes) {}

    private final Instant time = Instant.now();
    private final List<Row> rows;
    private final int connections;

    private ConnectionTable(List<Row> rows, int connections) {
        this.rows = rows;
        this.connections = connections;
    }

    /**
     * Reads the connections that are first in an order. Goes through all connections once, and looks at the stacks of the
     * threads of those that it returns: up to 150 µs for each row under full load. No thread waits for another.
     *
     * @param maxRows the maximum number of rows, 0 to {@value #MOST_ROWS}
     * @throws IllegalArgumentException if the number of rows is not within its bounds
     */
    public static ConnectionTable of(WebSocketServer server, int maxRows, Order order) {
        Bounds.check("maxRows", maxRows, 0, MOST_ROWS);
        Selection selection = new Selection(maxRows, order);
        server.sessions.forEach(selection::offer);
        return new ConnectionTable(selection.sessions().map(ConnectionTable::row).toList(), selection.seen);
    }

    /** The sessions that are first, of those that were offered. */
    private static final class Selection {
        private record Candidate(ServerSession session, long rank) {}

        private final int most;
        private final Order order;
        /** The last one is the head. */
        private final PriorityQueue<Candidate> first = new PriorityQueue<>(
                Comparator.comparingLong(Candidate::rank).reversed());
        private int seen;

        Selection(int most, Order order) {
            this.most = most;
            this.order = Objects.requireNonNull(order, "order");
        }

        void offer(ServerSession session) {
            if (session.isFull()) {
                return;
            }
            seen++;
            long rank = rank(session.connection());
            if (first.size() < most || !first.isEmpty() && rank < first.peek().rank) {
                first.add(new Candidate(session, rank));
                if (first.size() > most) {
                    first.remove();
                }
            }
        }

        private long rank(@Nullable Connection connection) {
            if (connection == null) {
                return Long.MAX_VALUE;
            }
            return switch (order) {
                case OLDEST -> connection.id();
                case IDLE -> -ConnectionFacts.silence(connection).toMillis();
                case QUEUED -> -ConnectionFacts.queuedBytes(connection);
            };
        }

        Stream<ServerSession> sessions() {
            return first.stream().sorted(Comparator.comparingLong(Candidate::rank)).map(Candidate::session);
        }
    }

    private static Row row(ServerSession session) {
        // The order matters: if there is no handshake, there is a connection.
        ServerHandshake early = session.handshake();
        Connection open = session.connection();
        Thread thread = session.thread();
        if (open == null) {
            return new Row(0, early.state(), Optional.empty(), session.client(), session.tls(), Optional.empty(),
                    Instant.now().minus(early.observer().age()), Optional.empty(), 0,
                    Optional.ofNullable(early.observer().pool().traffic().tally()).map(ConnectionTable::counts),
                    Optional.empty(),
                    thread.threadId(), thread.getState(), ThreadActivity.of(thread));
        }
        return new Row(open.id(), session.state(),
                Optional.of(ConnectionCensus.label(ConnectionFacts.endpoint(open))), session.client(), session.tls(),
                open.subprotocol(), ConnectionFacts.openedAt(open), Optional.of(ConnectionFacts.silence(open)),
                ConnectionFacts.queuedBytes(open),
                Optional.ofNullable(ConnectionFacts.tally(open)).map(ConnectionTable::counts), open.latency(),
                thread.threadId(), thread.getState(), ThreadActivity.of(thread));
    }

    private static Counts counts(Tally tally) {
        return new Counts(tally.receivedMessages(), tally.receivedBytes(), tally.sentMessages(), tally.sentBytes());
    }

    /** The rows, in the order that was asked for. Unmodifiable. */
    public List<Row> rows() {
        return rows;
    }

    /** The number of all connections, with and without a row. */
    public int connections() {
        return connections;
    }

    /** When the table was made. */
    public Instant time() {
        return time;
    }

    /** A line of heads, a line for each row, and a line with the number of connections. */
    @Override
    public String toString() {
        return ConnectionTableText.of(this);
    }
}
