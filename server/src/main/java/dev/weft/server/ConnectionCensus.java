package dev.weft.server;

import dev.weft.internal.PathPattern;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionFacts;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a server's connections are doing. Goes through all of them once; does not wait. Not thread-safe. */
final class ConnectionCensus {
    /** Instead of the path of an endpoint that serves every path that no other endpoint serves. */
    static final String OTHER_PATHS = "*";

    private final Map<ConnectionState, Integer> byState = new EnumMap<>(ConnectionState.class);
    private final Map<String, Integer> byEndpoint = new TreeMap<>();
    private long queuedBytes;

    ConnectionCensus(WebSocketServer server) {
        for (ConnectionState state : ConnectionState.values()) {
            byState.put(state, 0);
        }
        server.endpoints().keySet().forEach(path -> byEndpoint.put(path, 0));
        server.configuration().handler().ifPresent(handler -> byEndpoint.put(OTHER_PATHS, 0));
        server.sessions.forEach(session -> {
            if (!session.isFull() && !session.isOver()) {
                count(session);
            }
        });
    }

    private void count(ServerSession session) {
        byState.merge(session.state(), 1, Integer::sum);
        Connection connection = session.connection();
        if (connection != null) {
            byEndpoint.merge(label(ConnectionFacts.endpoint(connection)), 1, Integer::sum);
            queuedBytes += ConnectionFacts.queuedBytes(connection);
        }
    }

    /** The name of an endpoint in statistics and logs: its path. */
    static String label(@Nullable PathPattern pattern) {
        return pattern == null ? OTHER_PATHS : pattern.toString();
    }

    /** The number of connections in each state; all states are present. Unmodifiable. */
    Map<ConnectionState, Integer> byState() {
        return Collections.unmodifiableMap(byState);
    }

    /** The number of WebSocket connections of each endpoint. Unmodifiable. */
    Map<String, Integer> byEndpoint() {
        return Collections.unmodifiableMap(byEndpoint);
    }

    /** The number of bytes that wait to be sent. */
    long queuedBytes() {
        return queuedBytes;
    }
}
