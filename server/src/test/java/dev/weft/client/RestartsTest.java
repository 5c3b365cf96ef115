package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.ReconnectEvent.AttemptFailed;
import dev.weft.client.ReconnectEvent.Connected;
import dev.weft.client.ReconnectEvent.Disconnected;
import dev.weft.client.ReconnectEvent.Stopped;
import dev.weft.client.RestartedServer.Kind;
import dev.weft.server.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A reconnecting client through restarts of its server, while threads send: what was acknowledged must have arrived, and the
 * application must be told of each gap.
 * <p>
 * {@code -Dweft.restarts=100} adds restarts that take longer: a fifth each ends by the death of the server's process, and a few
 * with 1012, after which a client waits for 5 to 30 s.
 */
@Timeout(value = 8, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RestartsTest {
    private static final int LONG = Integer.getInteger("weft.restarts", 0);
    private static final int QUICK = 40;
    private static final int SENDERS = 3;
    private static final int ACKNOWLEDGED_IN_A_LIFE = 5;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    private final List<ReconnectEvent> events = new CopyOnWriteArrayList<>();
    private final List<Long> connections = new CopyOnWriteArrayList<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock. */
    private final Set<String> acknowledged = new HashSet<>();
    private final Set<Long> ended = new HashSet<>();
    private boolean done;

    /** The kind of each restart. */
    private static List<Kind> kinds() {
        List<Kind> kinds = new ArrayList<>();
        for (int i = 0; i < Math.max(QUICK, LONG); i++) {
            if (LONG > 0 && i % 25 == 24) {
                kinds.add(Kind.CLOSE_1012);
            } else if (i == 0 || LONG > 0 && i % 5 == 0) {
                kinds.add(Kind.KILLED_PROCESS);
            } else {
                kinds.add(List.of(Kind.CLOSE_1001, Kind.ABORT, Kind.CLOSE_1013).get(i % 3));
            }
        }
        return kinds;
    }

    @Test
    void restartsMustLoseNothingAcknowledgedAndBeTold() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        Path ledger = folder.resolve("ledger");
        List<Kind> kinds = kinds();
        try (WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = ReconnectingClient
                    .builder(client, URI.create("ws://127.0.0.1:" + port + "/"))
                    .minDelay(Duration.ofMillis(1)).maxDelay(Duration.ofMillis(10)).sendTimeout(PATIENCE)
                    .listener(events::add).start(this::receive);
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < SENDERS; i++) {
                int number = i;
                senders.add(Thread.ofVirtual().start(() -> send(kept, number)));
            }
            int toldBefore = 0;
            for (Kind kind : kinds) {
                RestartedServer server = RestartedServer.start(kind, port, ledger);
                try {
                    awaitMoreAcknowledged();
                } finally {
                    server.end();
                }
                toldBefore = awaitTold(kind, toldBefore);
            }
            set(() -> done = true);
            kept.close();
            for (Thread each : senders) {
                assertTrue(each.join(PATIENCE));
            }
            awaitStopped();
        }
        checkEvents(kinds.size());
        Set<String> arrived = RestartedServer.read(ledger);
        Set<String> lost = new HashSet<>(acknowledged);
        lost.removeAll(arrived);
        assertEquals(Set.of(), lost);
        assertTrue(acknowledged.size() >= kinds.size() * ACKNOWLEDGED_IN_A_LIFE);
    }

    // The application

    private void receive(WebSocketConnection ws) throws IOException {
        connections.add(ws.id());
        try {
            while (ws.receive() instanceof Message.Text(String text)) {
                set(() -> acknowledged.add(text));
            }
        } finally {
            set(() -> ended.add(ws.id()));
        }
    }

    /** Sends one message after another, each until it is acknowledged. */
    private void send(ReconnectingClient kept, int number) {
        for (int i = 0; !isDone(); i++) {
            String message = number + ":" + i;
            boolean arrived = false;
            while (!arrived && !isDone()) {
                try {
                    WebSocketConnection ws = kept.await(PATIENCE);
                    ws.send(message);
                    arrived = awaitAcknowledged(message, ws.id());
                } catch (IOException e) {
                    // A gap: once more, on the next connection.
                    Thread.yield();
                }
            }
        }
    }

    private boolean isDone() {
        lock.lock();
        try {
            return done;
        } finally {
            lock.unlock();
        }
    }

    private void set(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitAcknowledged(String message, long connection) {
        lock.lock();
        try {
            while (!acknowledged.contains(message) && !ended.contains(connection)) {
                changed.awaitUninterruptibly();
            }
            return acknowledged.contains(message);
        } finally {
            lock.unlock();
        }
    }

    // The test

    private void awaitMoreAcknowledged() throws InterruptedException {
        lock.lock();
        try {
            int enough = acknowledged.size() + ACKNOWLEDGED_IN_A_LIFE;
            long left = PATIENCE.toNanos();
            while (acknowledged.size() < enough) {
                assertTrue(left > 0, () -> "no acknowledgement in time: " + events);
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the end of this life was told, and checks how; returns the number of ends that have been told. */
    private int awaitTold(Kind kind, int before) throws InterruptedException {
        Await.until("the gap is told", () -> statuses().size() > before);
        // Of several connections in one life, the first was the one that was ended.
        CloseStatus status = statuses().get(before);
        int code = status.received().map(CloseReason::code).orElse(0);
        switch (kind) {
            case CLOSE_1001 -> assertEquals(1001, code);
            case CLOSE_1012 -> assertEquals(1012, code);
            case CLOSE_1013 -> assertEquals(1013, code);
            case ABORT, KILLED_PROCESS -> assertFalse(status.clean(), status.toString());
        }
        if (kind == Kind.ABORT) {
            // The client may have connected once more before the server ended: the end of that is told before it tries in vain.
            Await.until("it tries in vain", () -> events.getLast() instanceof AttemptFailed);
        }
        return statuses().size();
    }

    private List<CloseStatus> statuses() {
        return events.stream().filter(Disconnected.class::isInstance).map(event -> ((Disconnected) event).status())
                .toList();
    }

    private void awaitStopped() {
        Await.until("the client has stopped", () -> events.getLast() instanceof Stopped);
    }

    /** Each connection that the handler had begins and ends with an event, and failed attempts are counted. */
    private void checkEvents(int restarts) {
        int failures = 0;
        int connected = 0;
        boolean open = false;
        for (ReconnectEvent event : events) {
            switch (event) {
                case AttemptFailed failed -> {
                    assertFalse(open);
                    assertEquals(++failures, failed.attempts());
                }
                case Connected now -> {
                    assertFalse(open);
                    assertEquals(failures + 1, now.attempts());
                    failures = 0;
                    connected++;
                    open = true;
                }
                case Disconnected then -> {
                    assertTrue(open);
                    open = false;
                }
                case Stopped end -> assertFalse(open);
            }
        }
        assertEquals(connections.size(), connected);
        assertTrue(connected >= restarts);
    }
}
