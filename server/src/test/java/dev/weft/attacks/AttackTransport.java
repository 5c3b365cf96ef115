package dev.weft.attacks;

import dev.weft.TestKeys;
import dev.weft.WebSocketHandler;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The transports on which attacks run, with and without TLS. */
enum AttackTransport {
    LOOPS(TransportKind.LOOPS, false), PARKING(TransportKind.PARKING, false), PARKING_PLATFORM(
            TransportKind.PARKING_PLATFORM,
            false), BLOCKING(TransportKind.BLOCKING, false), LOOPS_TLS(TransportKind.LOOPS, true), PARKING_TLS(
                    TransportKind.PARKING, true), BLOCKING_TLS(TransportKind.BLOCKING, true);

    /** A task that is run over one transport. */
    interface Task {
        void run(AttackTransport wire) throws Exception;
    }

    private final TransportKind kind;
    private final boolean tls;

    AttackTransport(TransportKind kind, boolean tls) {
        this.kind = kind;
        this.tls = tls;
    }

    /** Whether threads that compute are taken over; not if the tests run without loops. */
    boolean hasLoops() {
        return kind == TransportKind.LOOPS && Integer.getInteger("dev.weft.loops", 1) > 0;
    }

    /** The settings of a server with this transport, which aborts open connections at the end of a test. */
    WebSocketServerBuilder server(WebSocketHandler handler) {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(kind).handler(handler)
                .shutdownGrace(Duration.ZERO);
        return tls ? builder.tls(TestKeys.context()) : builder;
    }

    /** Runs a slow task over all transports at the same time, and fails if it fails over any of them. */
    static void allAtOnce(Task task) throws InterruptedException {
        run(List.of(values()), task);
    }

    /** Likewise over those that can tell a slow reader from none: a write of the JDK's blocking channels shows no progress. */
    static void allThatShowProgressAtOnce(Task task) throws InterruptedException {
        run(List.of(LOOPS, PARKING, PARKING_PLATFORM, LOOPS_TLS, PARKING_TLS), task);
    }

    private static void run(List<AttackTransport> wires, Task task) throws InterruptedException {
        Map<AttackTransport, Throwable> failures = new ConcurrentHashMap<>();
        List<Thread> threads = new ArrayList<>();
        for (AttackTransport wire : wires) {
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                try {
                    task.run(wire);
                } catch (Throwable e) {
                    failures.put(wire, e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            AssertionError failure = new AssertionError(failures.toString());
            failures.values().forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
