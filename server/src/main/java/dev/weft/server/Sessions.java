package dev.weft.server;

import dev.weft.internal.connection.Connection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The sessions of a server, by their threads. For any thread. */
final class Sessions {
    private final Map<Thread, ServerSession> byThread = new ConcurrentHashMap<>();

    void add(ServerSession session) {
        byThread.put(session.thread(), session);
    }

    void remove(ServerSession session) {
        byThread.remove(session.thread());
    }

    boolean isEmpty() {
        return byThread.isEmpty();
    }

    void forEach(Consumer<ServerSession> action) {
        byThread.values().forEach(action);
    }

    Stream<ServerSession> stream() {
        return byThread.values().stream();
    }

    /** Whether this thread serves a connection whose next frame has arrived. Called by that thread itself. */
    boolean hasNextFrame(Thread thread) {
        ServerSession session = byThread.get(thread);
        Connection connection = session == null ? null : session.connection();
        return connection != null && connection.hasNextFrame();
    }

    /** The connections that are currently open. */
    Iterable<Connection> connections() {
        return () -> byThread.values().stream().map(ServerSession::connection).filter(Objects::nonNull).iterator();
    }
}
