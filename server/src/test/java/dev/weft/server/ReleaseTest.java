package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseCause;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Connections that begin and end in every way, with limits and rates on: afterwards nothing is counted, taken or reserved any
 * more. {@code -Dweft.release.seed=N} repeats what was done, though not which thread was first; {@code
 * -Dweft.release.rounds=N} does more of it.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReleaseTest {
    private static final long SEED = Long.getLong("weft.release.seed", System.nanoTime());
    private static final int LANES = 12;
    private static final int ROUNDS = Integer.getInteger("weft.release.rounds", 1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Each way is taken {@link #ROUNDS} times, in a random order, in several threads. */
    static List<Thread> visits(WebSocketServer server, ServerSocketChannel listener, Random random) {
        List<EveryEnd.Way> ways = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            ways.addAll(List.of(EveryEnd.Way.values()));
        }
        Collections.shuffle(ways, random);
        AtomicInteger next = new AtomicInteger();
        List<Thread> lanes = new ArrayList<>();
        for (int i = 0; i < LANES; i++) {
            EveryEnd visitor = new EveryEnd(server, listener, random.nextLong());
            lanes.add(Thread.ofVirtual().start(() -> {
                for (int n = next.getAndIncrement(); n < ways.size(); n = next.getAndIncrement()) {
                    visitor.visit(ways.get(n));
                }
            }));
        }
        return lanes;
    }

    static void assertNothingIsHeld(WebSocketServer server, boolean served) {
        Await.until("no connection counts", PATIENCE, () -> server.connectionCount() == 0);
        Await.until("no byte is taken", PATIENCE, () -> server.statistics().bufferedBytes() == 0);
        Await.until("no session is left", PATIENCE, () -> server.sessions.stream().findAny().isEmpty());
        ServerStatistics statistics = server.statistics();
        assertEquals(0, statistics.queuedBytes());
        assertEquals(0, statistics.tlsHandshakesInProgress() + statistics.tlsHandshakesWaiting());
        assertEquals(0, statistics.connectionsByState().values().stream().mapToInt(n -> n).sum());
        if (served) {
            // An address is forgotten when nothing of its rates is taken.
            Await.until("no address is counted", PATIENCE, () -> server.statistics().addresses() == 0);
        }
    }

    /** As many as may be: none of the places is lost. */
    private static void assertPlacesAreFree(WebSocketServer server) throws IOException {
        List<RawPeer> peers = new ArrayList<>();
        try {
            for (int i = 0; i < EveryEnd.MOST_CONNECTIONS; i++) {
                Socket socket = new Socket();
                socket.bind(new InetSocketAddress("127.0.0." + (2 + i / EveryEnd.MOST_PER_ADDRESS), 0));
                RawPeer peer = EveryEnd.request(RawPeer.connect(server, socket), "/ws");
                peers.add(peer);
                assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "), "connection " + i);
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
    }

    @SuppressWarnings("try") // closed before the end of their block
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void nothingMustBeHeldWhateverTheEndOfAConnection(TransportKind kind) throws Exception {
        Random random = new Random(SEED);
        for (boolean tls : new boolean[]{false, true}) {
            try (WebSocketServer server = EveryEnd.server(kind, tls).start();
                    ServerSocketChannel listener = ServerSocketChannel.open()
                            .bind(new InetSocketAddress("127.0.0.1", 0))) {
                for (Thread lane : visits(server, listener, random)) {
                    lane.join();
                }
                assertNothingIsHeld(server, true);
                if (!tls) {
                    assertVariety(server);
                }
                assertPlacesAreFree(server);
                assertNothingIsHeld(server, true);
                // The end of the server finds connections in every state.
                List<Thread> lanes = visits(server, listener, random);
                Await.until("there are connections", () -> server.connectionCount() > 5);
                server.close();
                assertNothingIsHeld(server, false);
                listener.close();
                for (Thread lane : lanes) {
                    lane.interrupt();
                    lane.join();
                }
                assertNothingIsHeld(server, false);
            } catch (Throwable e) {
                throw new AssertionError("seed " + SEED + ", tls " + tls, e);
            }
        }
    }

    /** Otherwise the test would prove little. */
    private static void assertVariety(WebSocketServer server) {
        Map<RefusalReason, Long> refusals = new EnumMap<>(server.refusals());
        refusals.values().removeIf(count -> count == 0);
        assertTrue(refusals.size() >= 3, refusals::toString);
        Set<CloseCause> causes = server.statistics().closes().keySet().stream().map(ServerStatistics.Closing::cause)
                .collect(Collectors.toSet());
        assertTrue(causes.size() >= 3, causes::toString);
    }
}
