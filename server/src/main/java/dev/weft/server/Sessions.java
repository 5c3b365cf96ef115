package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.time.CoarseClock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The sessions of a server, by their threads. For any thread. */
final class Sessions implements BufferBudget.Relief {
    private final Map<Thread, ServerSession> byThread = new ConcurrentHashMap<>();
    private final CoarseClock clock;
    /** When all were looked at and none could be given up: not again before the clock has moved. */
    private volatile int inVainAt;

    Sessions(CoarseClock clock) {
        this.clock = clock;
    }

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

    /** Whether this thread serves a connection whose next frame has arrived. Asked by that thread itself. */
    boolean hasNextFrame(Thread thread) {
        ServerSession session = byThread.get(thread);
        Connection connection = session == null ? null : session.connection();
        return connection != null && connection.hasNextFrame();
    }

    /** Gives up the connection that holds most of those that are stuck. */
    @Override
    public long evictOne() {
        int now = clock.now();
        if (inVainAt == now) {
            return 0;
        }
        Connection largest = null;
        long most = 0;
        for (ServerSession session : byThread.values()) {
            Connection connection = session.connection();
            if (connection != null) {
                long held = connection.heldBytes();
                if (held > most && connection.isOpen() && connection.isStuck()) {
                    largest = connection;
                    most = held;
                }
            }
        }
        if (largest == null) {
            inVainAt = now;
            return 0;
        }
        largest.evict();
        return most;
    }
}
