package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.loop.IdleEngine;
import dev.weft.internal.loop.Loops;
import dev.weft.internal.testing.ManualTime;
import dev.weft.internal.testing.MemoryConnections;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.TimeLimit;
import dev.weft.parser.Role;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One message to many subscribers, and many messages to slow ones. */
@Timeout(60)
class FanOutTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A subscriber: the server's end, and what its peer reads from. */
    private record Subscribed(WebSocketConnection connection, MemoryTransport peer) {}

    private final MemoryConnections connections = new MemoryConnections(new ManualTime(), ConnectionLimits.DEFAULT,
            ConnectionTimeouts.DEFAULT);
    private final Topics topics = Topics.builder().build();

    @AfterEach
    void close() {
        connections.close();
    }

    private Subscribed subscribe(String topic, int networkSize) {
        MemoryTransport[] ends = MemoryTransport.pair(networkSize);
        WebSocketConnection connection = connections.connect(Role.SERVER, ends[0], connections.input(ends[0]),
                HandshakeResult.on("/", null));
        topics.subscribe(connection, topic);
        return new Subscribed(connection, ends[1]);
    }

    private List<Subscribed> subscribe(int count, String topic, int networkSize) {
        return IntStream.range(0, count).mapToObj(i -> subscribe(topic, networkSize)).toList();
    }

    /** No other thread has to run, let alone one for each subscriber. */
    @Test
    void messageMustBeWrittenByTheThreadThatPublishes() throws Exception {
        List<Subscribed> all = subscribe(2000, "a", 1 << 10);

        topics.publish("a", "to all");

        for (Subscribed each : all) {
            assertTrue(each.peer().hasUnread(), "it was left to another thread");
        }
        for (Subscribed each : all) {
            assertEquals("to all", text(read(each.peer())));
        }
    }

    /** A slice is bounded in bytes, not only in subscribers. */
    @Test
    void threadsOfTheSameLoopMustHaveTheirTurnsWhileManyAreServed() throws Exception {
        subscribe(100, "a", 1 << 16);
        PreparedMessage large = PreparedMessage.binary(new byte[60_000]);
        AtomicInteger turns = new AtomicInteger();
        AtomicInteger meanwhile = new AtomicInteger();
        Loops loops = new Loops("test-fan-out-", List.of(new IdleEngine()), (what, failed, latest) -> {});
        try {
            Thread publisher = loops.scheduler(0).threadBuilder().unstarted(() -> {
                while (turns.get() == 0) {
                    Thread.yield();
                }
                int before = turns.get();
                topics.publish("a", large);
                meanwhile.set(turns.get() - before);
            });
            Thread other = loops.scheduler(0).threadBuilder().unstarted(() -> {
                while (publisher.isAlive()) {
                    turns.incrementAndGet();
                    Thread.yield();
                }
            });
            publisher.start();
            other.start();
            assertTrue(publisher.join(PATIENCE) && other.join(PATIENCE));
        } finally {
            loops.stop();
        }
        // 6 MB, in turns of 256 KiB.
        assertTrue(meanwhile.get() >= 10, "turns: " + meanwhile);
    }

    /** RFC 7692 §7.1.1: a message that refers to no earlier one may stand between others that do. */
    @Test
    void compressedMessagesMustStandBetweenThoseOfEachConnection() {
        String topic = "a long text that occurs again and again ".repeat(20);
        try (TestServer server = TestServer.of("/", Endpoint.of(ws -> {
            topics.subscribe(ws, "a");
            while (ws.receive() instanceof Message.Text(String text)) {
                ws.send(text);
            }
        }))) {
            List<TestConnection> clients = new ArrayList<>();
            for (String parameters : List.of("", "server_max_window_bits=9", "server_no_context_takeover",
                    "server_max_window_bits=12; server_no_context_takeover")) {
                clients.add(server.request("/").deflate(parameters).open());
            }
            clients.add(server.open("/"));
            Await.until("all are subscribed",
                    () -> topics.statistics("a").map(TopicStatistics::subscribers).orElse(0) == clients.size());
            for (int round = 0; round < 20; round++) {
                String own = "own " + round + topic;
                for (TestConnection client : clients) {
                    client.send(own).expectText(own);
                }
                topics.publish("a", round + topic);
                for (TestConnection client : clients) {
                    client.expectText(round + topic);
                }
            }
        }
    }

    /** The feed of 1,000 keys to 2,000 subscribers of the issue in small: the bench program LatestValues has it in full. */
    @Test
    void slowSubscribersMustGetTheNewestValuesAndQuickOnesAll() throws Exception {
        int keys = 50;
        int updates = 4000;
        int length = 40;
        List<Subscribed> quick = subscribe(18, "prices", 1 << 16);
        List<Subscribed> slow = subscribe(2, "prices", 1 << 10);

        for (int update = 0; update < updates; update++) {
            topics.publishLatest("prices", "key" + update % keys, value(update, length));
            // Quick ones read before the network is full.
            if (update % 100 == 99) {
                for (Subscribed each : quick) {
                    for (int i = update - 99; i <= update; i++) {
                        assertEquals(i, read(each.peer()).getInt(), "a quick subscriber gets every value");
                    }
                }
            }
            for (Subscribed each : slow) {
                // Each value counts 128 bytes more than its length; the rest is the buffer of the frames begun.
                long most = keys * (length + 128L) + (1 << 15);
                assertTrue(each.connection().queue().queuedBytes() <= most,
                        () -> "waiting bytes: " + each.connection().queue().queuedBytes());
            }
        }
        topics.publish("prices", PreparedMessage.binary(ByteBuffer.allocate(4).putInt(0, -1)));

        for (Subscribed each : slow) {
            Map<Integer, Integer> newest = new HashMap<>();
            int received = 0;
            int value;
            while ((value = read(each.peer()).getInt()) >= 0) {
                Integer older = newest.put(value % keys, value);
                assertTrue(older == null || older < value, "an older value came later");
                received++;
            }
            for (int key = 0; key < keys; key++) {
                assertEquals(updates - keys + key, newest.get(key), "the newest value of each key");
            }
            assertEquals(updates, received + each.connection().queue().replacedMessages());
            assertTrue(received < updates / 4, "values: " + received);
            assertTrue(each.connection().isOpen());
        }
    }

    private static PreparedMessage value(int number, int length) {
        return PreparedMessage.binary(ByteBuffer.allocate(length).putInt(0, number));
    }

    private static String text(ByteBuffer payload) {
        return new String(payload.array(), 0, payload.limit(), StandardCharsets.UTF_8);
    }

    /** The payload of the next frame, which is short and not masked. */
    private static ByteBuffer read(MemoryTransport peer) throws IOException {
        ByteBuffer head = readFully(peer, 2);
        return readFully(peer, head.get(1));
    }

    private static ByteBuffer readFully(MemoryTransport peer, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        while (target.hasRemaining()) {
            if (peer.read(target, TimeLimit.in(PATIENCE)) <= 0) {
                throw new IOException("nothing more is received");
            }
        }
        return target.flip();
    }
}
