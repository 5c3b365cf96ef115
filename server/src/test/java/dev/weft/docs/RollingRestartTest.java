package dev.weft.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Installed;
import dev.weft.TestProcess;
import dev.weft.client.ReconnectEvent;
import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import dev.weft.server.Await;
import dev.weft.server.CloseOptions;
import dev.weft.server.DrainSettings;
import dev.weft.server.Handlers;
import dev.weft.server.ProbeSettings;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two servers behind HAProxy are restarted one after the other, while clients hold connections and reconnect: no client is
 * refused. {@code -Dweft.restart.connections} sets the number of clients, and {@code -Dweft.restart.spread} the seconds over
 * which their connections are closed. Skipped where HAProxy is not installed.
 */
@Timeout(value = 400, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RollingRestartTest {
    private static final Duration LIMIT = Duration.ofSeconds(350);
    private static final Duration PATIENCE = Duration.ofSeconds(100);
    private static final int CLIENTS = Integer.getInteger("weft.restart.connections", 40);
    private static final Duration SPREAD = Duration.ofSeconds(Integer.getInteger("weft.restart.spread", 1));
    /** Long enough for HAProxy's checks. */
    private static final DrainSettings DRAIN = DrainSettings.builder().notice(Duration.ofSeconds(1))
            .closing(CloseOptions.builder().reason(1001, "restart").spread(SPREAD).build()).build();
    private static final String CONFIGURATION = """
            global
                maxconn 9000
            defaults
                mode http
                timeout connect 5s
                timeout client 30s
                timeout server 30s
                timeout tunnel 60s
                timeout check 5s
                retries 3
                option redispatch
            frontend chat
                bind 127.0.0.1:%d
                default_backend weft
            backend weft
                balance leastconn
                option httpchk GET /readyz
                server one 127.0.0.1:%d check inter 100ms fall 1 rise 1
                server two 127.0.0.1:%d check inter 100ms fall 1 rise 1
            """;

    @TempDir
    private Path folder;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Queue<Long> reconnects = new ConcurrentLinkedQueue<>();
    private final AtomicInteger connected = new AtomicInteger();

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static WebSocketServer server(int port) throws IOException {
        return Handlers.echoServer().port(port).drainSettings(DRAIN)
                .probeSettings(ProbeSettings.builder().readiness("/readyz").build()).start();
    }

    private void note(ReconnectEvent event) {
        switch (event) {
            case ReconnectEvent.Connected now -> {
                connected.incrementAndGet();
                reconnects.add(System.nanoTime());
            }
            case ReconnectEvent.Disconnected gap -> {
                connected.decrementAndGet();
                if (!gap.status().clean()) {
                    failures.add(gap.toString());
                }
            }
            case ReconnectEvent.AttemptFailed failed -> failures.add(failed.toString());
            case ReconnectEvent.Stopped end -> {
                // At the end of the test.
            }
        }
    }

    /** Replaces a server by another one on the same port, when its clients have moved to the other server. */
    private WebSocketServer restart(WebSocketServer old) throws Exception {
        int port = old.port();
        reconnects.clear();
        old.drain();
        assertTrue(old.awaitDrained(PATIENCE));
        old.close();
        Await.until("every client is connected", PATIENCE, () -> connected.get() == CLIENTS);
        List<Long> times = reconnects.stream().sorted().toList();
        Duration took = Duration.ofNanos(times.getLast() - times.getFirst());
        System.out.println("restart: " + times.size() + " of " + CLIENTS + " clients reconnected within "
                + took.toMillis() + " ms, at most " + mostWithin(times, Duration.ofMillis(100)) + " within 100 ms");
        assertTrue(took.compareTo(SPREAD.dividedBy(2)) > 0, took::toString);
        WebSocketServer young = server(port);
        Await.until("HAProxy has checked the new server", PATIENCE,
                () -> young.statistics().acceptedConnections() > 1);
        return young;
    }

    private static int mostWithin(List<Long> times, Duration window) {
        int most = 0;
        int from = 0;
        for (int to = 0; to < times.size(); to++) {
            while (times.get(to) - times.get(from) > window.toNanos()) {
                from++;
            }
            most = Math.max(most, to - from + 1);
        }
        return most;
    }

    @Test
    void rollingRestartRefusesNoClient() throws Exception {
        String haproxy = Installed.program("haproxy");
        int port = freePort();
        WebSocketServer one = server(0);
        WebSocketServer two = server(0);
        Path file = Files.writeString(folder.resolve("haproxy.cfg"),
                CONFIGURATION.formatted(port, one.port(), two.port()));
        List<ReconnectingClient> clients = new ArrayList<>();
        try (TestProcess proxy = TestProcess.start(new ProcessBuilder(haproxy, "-db", "-f", file.toString())
                .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()), LIMIT);
                WebSocketClient client = WebSocketClient.builder().closeGrace(Duration.ZERO).build()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(ReconnectingClient.builder(client, URI.create("ws://127.0.0.1:" + port + "/"))
                        .minDelay(Duration.ofMillis(100)).listener(this::note).start(ws -> ws.awaitClose()));
            }
            Await.until("every client is connected", PATIENCE, () -> {
                assertTrue(proxy.process().isAlive(), () -> Documents.read(folder.resolve("log")));
                return connected.get() == CLIENTS;
            });
            // HAProxy may have begun to listen after the first attempts.
            failures.clear();
            one = restart(one);
            two = restart(two);
            assertTrue(proxy.process().isAlive(), () -> Documents.read(folder.resolve("log")));
            assertEquals(List.of(), List.copyOf(failures));
            assertEquals(CLIENTS, connected.get());
        } finally {
            clients.forEach(ReconnectingClient::close);
            one.close();
            two.close();
        }
    }
}
