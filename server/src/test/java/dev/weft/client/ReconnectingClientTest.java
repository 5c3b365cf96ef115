package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseCause;
import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.ReconnectEvent.AttemptFailed;
import dev.weft.client.ReconnectEvent.Connected;
import dev.weft.client.ReconnectEvent.Disconnected;
import dev.weft.client.ReconnectEvent.Stopped;
import dev.weft.parser.http.Headers;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReconnectingClientTest {
    private final BlockingQueue<ReconnectEvent> events = new LinkedBlockingQueue<>();

    private ReconnectingClientBuilder quick(WebSocketClient client, URI uri) {
        return ReconnectingClient.builder(client, uri).minDelay(Duration.ofMillis(1)).maxDelay(Duration.ofMillis(5))
                .listener(events::add);
    }

    private <T extends ReconnectEvent> T next(Class<T> type) throws InterruptedException {
        return assertInstanceOf(type, events.poll(10, TimeUnit.SECONDS));
    }

    private static URI uri(int port) {
        return URI.create("ws://127.0.0.1:" + port + "/");
    }

    @Test
    void connectionMustBeReopenedAfterRestartsAndGapsReported() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        AtomicInteger tokens = new AtomicInteger();
        List<String> seen = new CopyOnWriteArrayList<>();
        try (WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(port))
                        .headers(() -> Headers.of("X-Token", Integer.toString(tokens.incrementAndGet())))
                        .sendTimeout(Duration.ofSeconds(10)).start(Handlers::echo)) {
            int failures = 0;
            for (int round = 0; round < 20; round++) {
                BlockingQueue<Message> echoed = new LinkedBlockingQueue<>();
                try (WebSocketServer server = WebSocketServer.builder().port(port).policy(request -> {
                    seen.add(request.headers().first("X-Token").orElseThrow());
                    return dev.weft.server.HandshakeDecision.accept();
                }).handler(ws -> {
                    echoed.add(ws.receive());
                    ws.awaitClose();
                }).start()) {
                    assertEquals(port, server.port());
                    // Waits for the gap's end.
                    kept.send("message " + round);
                    assertEquals(new Message.Text("message " + round), echoed.poll(10, TimeUnit.SECONDS));
                }
                ReconnectEvent event = events.poll(10, TimeUnit.SECONDS);
                while (event instanceof AttemptFailed) {
                    failures++;
                    event = events.poll(10, TimeUnit.SECONDS);
                }
                assertTrue(assertInstanceOf(Connected.class, event).attempts() >= 1);
                assertEquals(1001, next(Disconnected.class).status().received().orElseThrow().code());
            }
            assertEquals(20, seen.stream().distinct().count());
            assertEquals(20, seen.size());
            assertTrue(tokens.get() >= 20 + failures);
        }
    }

    @Test
    @SuppressWarnings("try")
    void builderMayBeUsedForAnotherClient() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().policy(request -> {
            seen.add(request.headers().first("X-Token").orElseThrow());
            return dev.weft.server.HandshakeDecision.accept();
        }).handler(ws -> {
            opened.add(ws);
            ws.awaitClose();
        }).start(); WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClientBuilder builder = quick(client, uri(server.port()))
                    .headers(() -> Headers.of("X-Token", "a"));
            try (ReconnectingClient first = builder.start(Handlers::echo)) {
                WebSocketConnection before = opened.poll(10, TimeUnit.SECONDS);
                BlockingQueue<ReconnectEvent> others = new LinkedBlockingQueue<>();
                try (ReconnectingClient second = builder.headers(() -> Headers.of("X-Token", "b"))
                        .listener(others::add).sendTimeout(Duration.ofDays(1)).start(Handlers::echo)) {
                    opened.poll(10, TimeUnit.SECONDS);
                    before.close();
                    opened.poll(10, TimeUnit.SECONDS);
                    assertEquals(List.of("a", "b", "a"), seen);
                    assertTrue(first.await(Duration.ofSeconds(10)).isOpen()
                            && second.await(Duration.ofSeconds(10)).isOpen());
                    next(Connected.class);
                    next(Disconnected.class);
                    next(Connected.class);
                    assertNotSame(first, second);
                }
            }
        }
    }

    /** As a subscription does that continues where the last connection has ended. */
    @Test
    void eachAttemptMustAskForTheUri() throws Exception {
        AtomicInteger positions = new AtomicInteger();
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            seen.add(ws.query().first("since").orElseThrow());
            ws.close(1001, "");
            ws.awaitClose();
        }).start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(server.port()))
                        .uri(() -> URI.create(uri(server.port()) + "?since=" + positions.incrementAndGet()))
                        .start(Handlers::echo)) {
            assertNotNull(kept);
            for (int i = 1; i <= 3; i++) {
                assertEquals(Integer.toString(i), seen.poll(10, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void clientMustStopAfterAFailureThatIsNotToBeRetried() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        try (WebSocketServer server = WebSocketServer.builder().policy(request -> dev.weft.server.HandshakeDecision
                .reject(requests.incrementAndGet() < 3 ? 503 : 401, "no")).handler(Handlers::echo).start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(server.port())).sendTimeout(Duration.ofMinutes(1))
                        .retryIf(failure -> !(failure instanceof WebSocketConnectException refused)
                                || refused.response().orElseThrow().status() != 401)
                        .start(Handlers::echo)) {
            assertEquals("no connection could be opened, and retryIf wants no further attempt",
                    assertThrows(NotConnectedException.class, () -> kept.send("x")).getMessage());
            assertTrue(kept.awaitTermination(Duration.ofSeconds(10)));
            assertEquals(3, requests.get());
            next(AttemptFailed.class);
            next(AttemptFailed.class);
            assertEquals(Duration.ZERO, next(AttemptFailed.class).delay());
            next(Stopped.class);
        }
    }

    /** A predicate that throws must not end the client. */
    @Test
    void attemptsMustGoOnIfThePredicateFails() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(1)).retryIf(failure -> {
                    if (asked.incrementAndGet() < 3) {
                        throw new IllegalStateException("planned");
                    }
                    return false;
                }).start(Handlers::echo)) {
            assertTrue(kept.awaitTermination(Duration.ofSeconds(20)));
            assertEquals(3, asked.get());
        }
    }

    @Test
    void sendsMustSayThatTheHandlerHasReturned() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().handler(Handlers::echo).start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(server.port())).start(ws -> {})) {
            assertFalse(kept.awaitTermination(Duration.ZERO) && events.isEmpty());
            assertTrue(kept.awaitTermination(Duration.ofSeconds(10)));
            assertEquals("the handler has returned while its connection was open",
                    assertThrows(NotConnectedException.class, () -> kept.send("x")).getMessage());
        }
    }

    @Test
    void waitsMustHaveBounds() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().handler(Handlers::echo).start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(server.port())).start(Handlers::echo)) {
            assertThrows(IllegalArgumentException.class, () -> kept.await(Duration.ofDays(200_000)));
            assertThrows(IllegalArgumentException.class, () -> kept.await(Duration.ofMillis(-1)));
            assertTrue(kept.await(Duration.ofSeconds(10)).isOpen());
        }
    }

    @Test
    void sendsInAGapMustFailAtOnceUnlessTheyMayWait() throws Exception {
        try (ScriptedServer full = new ScriptedServer(peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 503 Full\r\nRetry-After: 3000\r\nContent-Length: 0\r\n\r\n");
        }); WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = quick(client, full.uri()).start(Handlers::echo);
            AttemptFailed failed = next(AttemptFailed.class);
            assertEquals(1, failed.attempts());
            assertTrue(failed.delay().toSeconds() >= 3000, failed.toString());
            assertEquals(503, assertInstanceOf(WebSocketConnectException.class, failed.failure()).response()
                    .orElseThrow().status());
            assertThrows(NotConnectedException.class, () -> kept.send("x"));
            assertThrows(NotConnectedException.class, () -> kept.await(Duration.ofMillis(20)));
            assertTrue(kept.connection().isEmpty());
            // Closing ends the wait for the next attempt, too.
            kept.close();
            next(Stopped.class);
            assertThrows(NotConnectedException.class, () -> kept.send(new byte[1]));
        }
    }

    /** The JVM itself throws some errors, such as that of exhausted memory, anywhere. */
    @Test
    void errorMustCountAsAFailedAttempt() throws Exception {
        OutOfMemoryError error = new OutOfMemoryError("of the test");
        AtomicInteger calls = new AtomicInteger();
        BlockingQueue<String> reported = new LinkedBlockingQueue<>();
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = ReconnectingClient.builder(client, uri(server.port()))
                        .minDelay(Duration.ofMillis(1)).maxDelay(Duration.ofMillis(5)).headers(() -> {
                            if (calls.incrementAndGet() == 1) {
                                throw error;
                            }
                            return Headers.EMPTY;
                        }).listener(event -> {
                            events.add(event);
                            reported.add(event.getClass().getSimpleName());
                            throw error;
                        }).start(Handlers::echo)) {
            assertEquals(error, next(AttemptFailed.class).failure().getCause());
            assertEquals(2, next(Connected.class).attempts());
            assertTrue(kept.await(Duration.ofSeconds(10)).isOpen());
        }
        next(Disconnected.class);
        next(Stopped.class);
        assertEquals(List.of("AttemptFailed", "Connected", "Disconnected", "Stopped"), List.copyOf(reported));
    }

    @Test
    void exampleMustSubscribeAnew() throws Exception {
        AtomicInteger rounds = new AtomicInteger();
        BlockingQueue<String> prices = new LinkedBlockingQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            assertEquals(new Message.Text("subscribe"), ws.receive());
            ws.send("price " + rounds.incrementAndGet());
        }).start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient feed = Snippets.reconnect(client, uri(server.port()), () -> "t", prices::add)) {
            assertEquals("price 1", prices.poll(10, TimeUnit.SECONDS));
            assertEquals("price 2", prices.poll(10, TimeUnit.SECONDS));
            assertNotNull(feed);
        }
    }

    @Test
    void closingMustCloseTheConnectionAndEndIt() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = quick(client, uri(server.port())).start(ws -> ws.awaitClose());
            next(Connected.class);
            assertTrue(kept.await(Duration.ZERO).isOpen());
            kept.close();
            CloseStatus status = next(Disconnected.class).status();
            assertEquals(1001, status.sent().orElseThrow().code());
            assertTrue(status.clean());
            next(Stopped.class);
            Await.until("nothing is left", () -> client.sessionCount() == 0);
        }
    }

    /** The handler has returned: its connection is being closed already. */
    @Test
    void closingMustNotCutOffAClosingHandshake() throws Exception {
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            assertEquals("88 03e8", peer.readFrame());
            closing.countDown();
            assertTrue(goOn.await(10, TimeUnit.SECONDS));
            peer.hex("8802 03e8");
        }); WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = quick(client, server.uri()).start(ws -> {});
            assertTrue(closing.await(10, TimeUnit.SECONDS));
            kept.close();
            goOn.countDown();
            next(Connected.class);
            CloseStatus status = next(Disconnected.class).status();
            assertTrue(status.clean(), status.toString());
            next(Stopped.class);
            assertEquals("done", server.end());
        }
    }

    @Test
    void handlerThatReturnsEarlyMustEndItAndOneThatThrowsMustNot() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, uri(server.port())).start(ws -> {
                    switch (runs.incrementAndGet()) {
                        case 1 -> throw new IllegalStateException("a bug");
                        case 2 -> {
                            ws.abort();
                            ws.receive();
                        }
                        default -> ws.send("done");
                    }
                })) {
            next(Connected.class);
            assertEquals(1011, next(Disconnected.class).status().sent().orElseThrow().code());
            next(Connected.class);
            assertFalse(next(Disconnected.class).status().clean());
            next(Connected.class);
            assertEquals(1000, next(Disconnected.class).status().sent().orElseThrow().code());
            next(Stopped.class);
            assertEquals(3, runs.get());
            assertTrue(kept.connection().isEmpty());
        }
    }

    @Test
    void endOfTheClientMustEndIt() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            WebSocketClient client = WebSocketClient.builder().build();
            ReconnectingClient kept = quick(client, uri(server.port())).start(Handlers::echo);
            next(Connected.class);
            client.close();
            next(Disconnected.class);
            next(Stopped.class);
            kept.close();
        }
    }

    @Test
    void endOfTheClientInAGapMustEndItAtOnce() throws Exception {
        try (ScriptedServer full = new ScriptedServer(peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 503 Full\r\nRetry-After: 3000\r\nContent-Length: 0\r\n\r\n");
        })) {
            WebSocketClient client = WebSocketClient.builder().build();
            ReconnectingClient kept = quick(client, full.uri()).start(Handlers::echo);
            next(AttemptFailed.class);
            client.close();
            next(Stopped.class);
            assertTrue(kept.awaitTermination(Duration.ofSeconds(10)));
            NotConnectedException stopped = assertThrows(NotConnectedException.class, () -> kept.send("x"));
            assertEquals("the client was closed", stopped.getMessage());
        }
    }

    /** Nobody has used this connection: its end would have no beginning. */
    @Test
    void connectionOpenedAfterTheEndMustNotBeReported() throws Exception {
        CompletableFuture<ReconnectingClient> started = new CompletableFuture<>();
        BlockingQueue<CloseStatus> ends = new LinkedBlockingQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            ws.onClose(ends::add);
            ws.awaitClose();
        }).start(); WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = quick(client, uri(server.port())).headers(() -> {
                started.join().close();
                // A supplier that swallows the interrupt.
                assertTrue(Thread.interrupted());
                return Headers.EMPTY;
            }).start(Handlers::echo);
            started.complete(kept);
            assertTrue(kept.awaitTermination(Duration.ofSeconds(10)));
            assertEquals(1001, ends.poll(10, TimeUnit.SECONDS).received().orElseThrow().code());
            next(Stopped.class);
            assertTrue(events.isEmpty(), events.toString());
        }
    }

    /** A listener may wait, for example for space in a queue. */
    @Test
    void closingMustNotInterruptTheListener() throws Exception {
        CompletableFuture<ReconnectingClient> started = new CompletableFuture<>();
        List<String> interrupted = new CopyOnWriteArrayList<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> ws.close(1001, "")).start();
                WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = quick(client, uri(server.port())).listener(event -> {
                if (event instanceof Disconnected) {
                    started.join().close();
                }
                if (Thread.currentThread().isInterrupted()) {
                    interrupted.add(event.toString());
                }
            }).start(WebSocketConnection::awaitClose);
            started.complete(kept);
            assertTrue(kept.awaitTermination(Duration.ofSeconds(10)));
        }
        try (WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = ReconnectingClient.builder(client, uri(1)).minDelay(Duration.ofDays(1))
                    .listener(event -> {
                        events.add(event);
                        if (Thread.currentThread().isInterrupted()) {
                            interrupted.add(event.toString());
                        }
                    }).start(Handlers::echo);
            next(AttemptFailed.class);
            kept.close();
            next(Stopped.class);
        }
        assertEquals(List.of(), interrupted);
    }

    @Test
    void interruptByTheApplicationMustNotShortenADelay() throws Exception {
        BlockingQueue<Long> requests = new LinkedBlockingQueue<>();
        try (ScriptedServer full = new ScriptedServer(peer -> {
            peer.readRequest();
            requests.add(System.nanoTime());
            peer.text("HTTP/1.1 503 Full\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        });
                WebSocketClient client = WebSocketClient.builder().build();
                ReconnectingClient kept = quick(client, full.uri())
                        .listener(event -> Thread.currentThread().interrupt()).start(Handlers::echo)) {
            assertNotNull(kept);
            long first = requests.poll(10, TimeUnit.SECONDS);
            assertTrue(requests.poll(10, TimeUnit.SECONDS) - first >= TimeUnit.SECONDS.toNanos(1));
        }
    }

    @Test
    void attemptMustBeInterruptedByTheEnd() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (ScriptedServer silent = new ScriptedServer(peer -> {
            peer.readRequest();
            asked.countDown();
            peer.readToEnd();
        }); WebSocketClient client = WebSocketClient.builder().build()) {
            ReconnectingClient kept = quick(client, silent.uri()).start(Handlers::echo);
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            kept.close();
            next(Stopped.class);
            assertEquals("done", silent.end());
        }
    }

    // The delays

    private static CloseStatus received(int code) {
        return new CloseStatus(Optional.of(new CloseReason(code, "")), Optional.empty(), Optional.empty(),
                CloseCause.DISCONNECTED, Optional.empty());
    }

    private static FailedResponse retryAfter(String value) {
        return new FailedResponse(503, Headers.of("Retry-After", value), new byte[0]);
    }

    @Test
    void delaysMustGrowUpToTheMostAndBeSpreadOverAllOfIt() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(1000), new Random(1));
        for (int failures = 0; failures < 100; failures++) {
            long most = failures > 3 ? 1000 : 100L << failures;
            long shortest = Long.MAX_VALUE;
            long longest = 0;
            for (int i = 0; i < 200; i++) {
                long delay = backoff.afterFailure(failures, Optional.empty(), Instant.EPOCH).toMillis();
                shortest = Math.min(shortest, delay);
                longest = Math.max(longest, delay);
            }
            assertTrue(shortest < most / 5 && longest <= most && longest > most * 4 / 5,
                    shortest + " to " + longest + " of " + most);
        }
    }

    @Test
    void retryAfterMustBeHonouredWithinBounds() {
        Backoff backoff = new Backoff(Duration.ofMillis(1), Duration.ofMillis(1), new Random(1));
        Instant now = Instant.parse("1994-11-06T08:49:00Z");
        for (List<String> each : List.of(List.of("120", "120"), List.of("0", "0"),
                List.of("Sun, 06 Nov 1994 08:49:37 GMT", "37"), List.of("Sun, 06 Nov 1994 08:48:37 GMT", "0"),
                List.of("Sunday, 06-Nov-94 08:49:37 GMT", "37"), List.of("Sun Nov  6 08:49:37 1994", "37"),
                List.of("999999999", "3600"), List.of("99999999999999999999", "3600"), List.of("0".repeat(30), "0"),
                List.of("0".repeat(30) + "120", "120"), List.of("soon", "0"))) {
            assertEquals(Long.parseLong(each.get(1)),
                    backoff.afterFailure(0, Optional.of(retryAfter(each.get(0))), now).toSeconds(), each.get(0));
        }
    }

    @Test
    void codes1012And1013MustBeHonoured() {
        Backoff backoff = new Backoff(Duration.ofMillis(1), Duration.ofSeconds(60), new Random(1));
        for (int i = 0; i < 200; i++) {
            Duration restart = backoff.afterEnd(0, received(1012));
            assertTrue(restart.toSeconds() >= 5 && restart.toSeconds() <= 30, restart.toString());
            Duration later = backoff.afterEnd(0, received(1013));
            assertTrue(later.toSeconds() >= 30 && later.toSeconds() <= 60, later.toString());
            assertTrue(backoff.afterEnd(0, received(1001)).toMillis() <= 1);
        }
    }

    @Test
    void settingsMustBeChecked() throws IOException {
        try (WebSocketClient client = WebSocketClient.builder().build()) {
            assertThrows(IllegalArgumentException.class,
                    () -> ReconnectingClient.builder(client, URI.create("ftp://a")));
            ReconnectingClientBuilder builder = ReconnectingClient.builder(client, URI.create("ws://a"));
            assertThrows(IllegalArgumentException.class, () -> builder.minDelay(Duration.ZERO));
            assertThrows(IllegalArgumentException.class, () -> builder.maxDelay(Duration.ofDays(2)));
            assertThrows(IllegalArgumentException.class, () -> builder.sendTimeout(Duration.ofMillis(-1)));
        }
    }
}
