package dev.weft.client.soak;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.ConnectionTimeouts;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.server.Await;
import dev.weft.server.ServerInsight;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.testing.Faults;
import dev.weft.testing.TestPair;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Conversations with faults on the way between a client and a server, both Weft's: over memory, and over sockets with and
 * without TLS and compression. Every byte is compared, and nothing may be held at the end.
 * <p>
 * {@code -Dweft.soak.seconds=240} makes each of the tests longer; {@code -Dweft.soak.seed=N} repeats the exchanges of a
 * failed run, though not which thread is first.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FaultSoakTest {
    private static final long SEED = Long.getLong("weft.soak.seed", System.nanoTime());
    private static final Duration LENGTH = Duration.ofMillis(1000 * Long.getLong("weft.soak.seconds", 0) + 1500);
    private static final int LANES = 8;
    private static final int SMALL = 400;
    private static final int LARGE = 50_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ConnectionTimeouts TIMEOUTS = ConnectionTimeouts.builder()
            .handshakeTimeout(Duration.ofSeconds(2)).pingInterval(Duration.ofMillis(300))
            .pongTimeout(Duration.ofSeconds(1)).messageTimeout(Duration.ofSeconds(1))
            .writeTimeout(Duration.ofSeconds(1)).streamTimeout(Duration.ofSeconds(2))
            .closeTimeout(Duration.ofMillis(500)).build();

    private final AtomicLong seeds = new AtomicLong(SEED);
    private final AtomicLong whole = new AtomicLong();
    private final AtomicLong cutOff = new AtomicLong();

    /** Has one exchange after another in several threads. */
    private interface Life {
        void live(long seed) throws Exception;
    }

    private void soak(Life life) throws Exception {
        long end = System.nanoTime() + LENGTH.toNanos();
        List<FutureTask<Void>> lanes = new ArrayList<>();
        for (int i = 0; i < LANES; i++) {
            FutureTask<Void> lane = new FutureTask<>(() -> {
                do {
                    life.live(seeds.incrementAndGet());
                } while (System.nanoTime() < end);
                return null;
            });
            lanes.add(lane);
            Thread.ofPlatform().daemon().start(lane);
        }
        for (FutureTask<Void> each : lanes) {
            each.get();
        }
        System.out.println("soak with seed " + SEED + ": " + whole + " exchanges were complete, " + cutOff
                + " were cut off");
        assertTrue(whole.get() > 0 && cutOff.get() > 0);
    }

    private void count(SeededExchange exchange) {
        (exchange.isComplete() ? whole : cutOff).incrementAndGet();
    }

    // Over memory

    @Test
    void messagesOverMemoryMustArriveUnchangedOrNotAtAll() throws Exception {
        soak(this::converseOverMemory);
    }

    private void converseOverMemory(long seed) throws Exception {
        Random random = new Random(seed);
        boolean small = random.nextBoolean();
        int before = 5 * (small ? SMALL : LARGE);
        Faults toServer = faults(random, small, before);
        Faults toClient = faults(random, small, before);
        boolean unsafe = (toServer + "" + toClient).contains("corrupt");
        SeededExchange exchange = new SeededExchange(seed, 20, small ? SMALL : LARGE, unsafe);
        try (TestPair pair = TestPair.builder().networkSize(1 + random.nextInt(1 << 16)).timeouts(TIMEOUTS)
                .faultsToServer(toServer).faultsToClient(toClient).connect()) {
            Thread.ofVirtual().start(() -> exchange.server().run(pair.server().connection()));
            Thread.ofVirtual().start(() -> exchange.client().run(pair.client().connection()));
            boolean mayWait = unsafe || (toServer + "" + toClient).contains(" at byte ");
            long patience = System.nanoTime() + PATIENCE.toNanos();
            awaitOver(exchange, mayWait ? Duration.ofMillis(100) : Duration.ofSeconds(20));
            while (!exchange.isOver()) {
                assertTrue(System.nanoTime() < patience, () -> exchange + " goes on: " + toServer + toClient);
                // A deadline finds that bytes are missing; the pair's clock stands still otherwise.
                pair.advance(Duration.ofMillis(500));
            }
        }
        exchange.check();
        if (toServer.equals(Faults.none()) && toClient.equals(Faults.none())) {
            assertTrue(exchange.isComplete(), exchange::toString);
        }
        count(exchange);
    }

    private static Faults faults(Random random, boolean small, int before) {
        Faults faults = small ? Faults.none().dribble(1 + random.nextInt(64)) : Faults.none();
        long at = random.nextInt(before);
        return switch (random.nextInt(8)) {
            case 0 -> faults.stallAt(at);
            case 1 -> faults.halfCloseAt(at);
            case 2 -> faults.resetAt(at);
            case 3 -> faults.cutAt(at);
            case 4 -> faults.corrupt(at);
            case 5 -> faults.delay(Duration.ofNanos(random.nextInt(500_000)));
            default -> Faults.none();
        };
    }

    private static void awaitOver(SeededExchange exchange, Duration most) {
        long end = System.nanoTime() + most.toNanos();
        while (!exchange.isOver() && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    // Over sockets

    @Test
    void messagesOverSocketsMustArriveUnchangedOrNotAtAll() throws Exception {
        Map<String, SeededExchange> underWay = new ConcurrentHashMap<>();
        try (WebSocketServer plain = server(underWay, false);
                WebSocketServer secure = server(underWay, true);
                WebSocketClient deflating = client().build();
                WebSocketClient other = client().noDeflate().build()) {
            soak(seed -> {
                boolean tls = seed % 2 == 0;
                converse(seed, tls, tls ? secure : plain, seed % 4 < 2 ? deflating : other, underWay);
            });
            for (WebSocketServer each : List.of(plain, secure)) {
                Await.until("the server's connections are over", PATIENCE, () -> each.connectionCount() == 0);
                Await.until("the server holds nothing", PATIENCE, () -> ServerInsight.budget(each).taken() == 0);
            }
            for (WebSocketClient each : List.of(deflating, other)) {
                Await.until("the client's connections are over", PATIENCE, () -> each.connectionCount() == 0);
            }
        }
    }

    private static WebSocketServer server(Map<String, SeededExchange> underWay, boolean tls) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder()
                .handshakeTimeout(TIMEOUTS.handshakeTimeout()).pingInterval(TIMEOUTS.pingInterval())
                .pongTimeout(TIMEOUTS.pongTimeout()).messageTimeout(TIMEOUTS.messageTimeout())
                .writeTimeout(TIMEOUTS.writeTimeout()).streamTimeout(TIMEOUTS.streamTimeout())
                .closeTimeout(TIMEOUTS.closeTimeout())
                .handler(ws -> underWay.get(ws.path()).server().run(ws));
        return (tls ? builder.tls(TestKeys.context()) : builder).start();
    }

    private static WebSocketClientBuilder client() {
        return WebSocketClient.builder().timeouts(TIMEOUTS).tls(TestKeys.context());
    }

    private void converse(long seed, boolean tls, WebSocketServer server, WebSocketClient client,
            Map<String, SeededExchange> underWay) throws Exception {
        Random random = new Random(seed);
        boolean small = random.nextBoolean();
        // TLS finds a changed byte, and most of the others would not be found.
        SeededExchange exchange = new SeededExchange(seed, 20, small ? SMALL : LARGE, false);
        underWay.put("/" + seed, exchange);
        try (FaultyRelay relay = new FaultyRelay(server.port(), seed, small, (tls ? 3000 : 500) + 4 * (small
                ? SMALL
                : LARGE), tls)) {
            long begin = System.nanoTime();
            try {
                WebSocketConnection ws = client
                        .open(URI.create((tls ? "wss" : "ws") + "://127.0.0.1:" + relay.port() + "/" + seed));
                exchange.client().run(ws);
            } catch (IOException e) {
                // On a busy machine, a handshake may exceed its short deadline.
                boolean slow = System.nanoTime() - begin > TIMEOUTS.handshakeTimeout().toNanos() / 2;
                assertTrue(relay.hasFault() || slow, () -> relay + ": " + e);
                // The server's handler may have been started nevertheless, and ends on its own.
                exchange.client().missing();
                cutOff.incrementAndGet();
                return;
            }
            awaitOver(exchange, PATIENCE);
            assertTrue(exchange.isOver(), () -> exchange + " goes on: " + relay);
            exchange.check();
            if (!relay.hasFault()) {
                assertTrue(exchange.isComplete() || endedByDeadline(exchange),
                        () -> exchange + " without a fault: " + relay);
            }
            count(exchange);
        }
    }

    /** On a busy machine, a thread may wait for longer than the short deadlines of this test. */
    private static boolean endedByDeadline(SeededExchange exchange) {
        return exchange.statuses().stream().map(CloseStatus::failure)
                .anyMatch(failure -> failure.isPresent()
                        && String.valueOf(failure.get().getMessage()).contains("Timeout"));
    }
}
