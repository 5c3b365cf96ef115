package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.Position;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client against the server, over sockets. */
@Timeout(60)
class JsonTopicsClientTest {
    private static final Duration QUICK = Duration.ofMillis(20);

    private final List<JsonTopicsClient> clients = new ArrayList<>();
    private RestartableServer server;
    private WebSocketClient client;

    @BeforeEach
    void start() throws IOException {
        server = new RestartableServer();
        client = WebSocketClient.builder().subprotocols(JsonTopics.SUBPROTOCOL).noDeflate().build();
    }

    @AfterEach
    void stop() {
        clients.forEach(JsonTopicsClient::close);
        client.close();
        server.close();
    }

    private JsonTopicsClient connect(URI uri) {
        JsonTopicsClient topics = JsonTopicsClient
                .start(ReconnectingClient.builder(client, uri).minDelay(QUICK).maxDelay(QUICK));
        clients.add(topics);
        return topics;
    }

    private JsonTopicsClient connect() {
        return connect(server.uri("/topics?user=ann"));
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    private static String failure(CompletableFuture<?> future) {
        ExecutionException failed = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
        return assertInstanceOf(IOException.class, failed.getCause()).getMessage();
    }

    @Test
    void messagesMustArriveWithTheirPositions() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder room = new ListenerRecorder();
        TopicSubscription subscription = topics.subscribe("room/1", room);
        room.expect("subscribed 0");
        Position position = get(topics.publish("room/1", "{\"text\": \"🧵\"}"));
        room.expect("{\"text\": \"🧵\"}");
        Await.until("the listener has returned", () -> position.equals(subscription.position().orElseThrow()));
        assertEquals(1, position.offset());
        assertTrue(subscription.isActive());
        subscription.unsubscribe();
        subscription.unsubscribe();
        get(topics.publish("room/1", "2"));
        assertEquals(0, room.events.size());
        assertFalse(subscription.isActive());
        topics.subscribe("room/1", TopicOptions.DEFAULT.last(5), room); // the topic is free again
        room.expect("subscribed 2", "{\"text\": \"🧵\"}", "2");
    }

    @Test
    void twoSubscriptionsToOneTopicMustBeRefused() {
        JsonTopicsClient topics = connect();
        topics.subscribe("a", message -> {});
        assertThrows(IllegalStateException.class, () -> topics.subscribe("a", message -> {}));
    }

    @Test
    void whatWasMissedMustBeRecoveredExactly() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        connect().subscribe("a", room);
        room.expect("subscribed 0");
        server.publish("a", 1, 3);
        room.expectNumbers(1, 3);
        server.stop();
        server.publish("a", 4, 4 + RestartableServer.HISTORY - 1);
        server.start();
        room.expect("subscribed " + RestartableServer.HISTORY);
        room.expectNumbers(4, 4 + RestartableServer.HISTORY - 1);
        server.publish("a", 200, 201);
        room.expectNumbers(200, 201);
    }

    /** Also if nothing has arrived before. */
    @Test
    void whatWasMissedBeforeTheFirstMessageMustBeRecovered() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        connect().subscribe("a", room);
        room.expect("subscribed 0");
        server.stop();
        server.publish("a", 1, 2);
        server.start();
        room.expect("subscribed 2", "1", "2");
    }

    @Test
    void aHistoryThatIsTooShortMustBeTold() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        connect().subscribe("a", room);
        room.expect("subscribed 0");
        server.publish("a", 1, 1);
        room.expectNumbers(1, 1);
        server.stop();
        server.publish("a", 2, 2 + RestartableServer.HISTORY);
        server.start();
        room.expect("subscribed 0", "gap");
        server.publish("a", 500, 501);
        room.expectNumbers(500, 501);
    }

    @Test
    void aServerThatHasForgottenMustBeTold() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        TopicSubscription subscription = connect().subscribe("a", room);
        room.expect("subscribed 0");
        server.publish("a", 1, 5);
        room.expectNumbers(1, 5);
        long epoch = subscription.position().orElseThrow().epoch();
        server.stop();
        server.forget();
        server.start();
        server.publish("a", 6, 20); // beyond the old offset
        room.expect("subscribed 0", "gap");
        server.publish("a", 21, 22);
        List<String> rest = new ArrayList<>();
        while (!rest.contains("22")) {
            rest.add(room.events.poll(20, TimeUnit.SECONDS));
        }
        assertFalse(rest.contains("gap"), rest.toString());
        assertTrue(epoch != subscription.position().orElseThrow().epoch());
    }

    /** Of the topic and of a filter with wildcards, with cut connections at random: each number once, and in order. */
    @Test
    void everyMessageMustArriveOnceWhateverHappensToConnections() throws Exception {
        for (int seed = 0; seed < 3; seed++) {
            Random random = new Random(seed);
            ListenerRecorder room = new ListenerRecorder();
            ListenerRecorder others = new ListenerRecorder();
            JsonTopicsClient topics = connect(server.uri("/kept"));
            String topic = "chaos/" + seed;
            topics.subscribe("*/" + seed, others);
            topics.subscribe(topic, room);
            room.expect("subscribed 0");
            Thread cutter = Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 15; i++) {
                    LockSupport.parkNanos(random.nextInt(20_000_000));
                    server.abort();
                }
            });
            List<String> numbers = new ArrayList<>();
            for (int i = 1; cutter.isAlive() || i < 300; i++) {
                server.publish(topic, i, i);
                numbers.add(Integer.toString(i));
                do {
                    LockSupport.parkNanos(1_000_000);
                } while (room.events.size() < i - RestartableServer.HISTORY / 2); // or the history would be too short
            }
            List<String> received = new ArrayList<>();
            while (received.size() < numbers.size()) {
                String event = room.events.poll(20, TimeUnit.SECONDS);
                assertTrue(event != null, "seed " + seed + ": of " + numbers.size() + " only " + received);
                if (!event.startsWith("subscribed")) {
                    received.add(event);
                }
            }
            assertEquals(numbers, received, "seed " + seed);
            List<Integer> seen = others.events.stream().filter(each -> each.matches("\\d+")).map(Integer::valueOf)
                    .toList();
            assertEquals(seen.stream().distinct().sorted().toList(), seen, "seed " + seed);
            topics.close();
        }
    }

    @Test
    void aListenerThatIsTooSlowMustGetEverythingLater() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        CountDownLatch wake = new CountDownLatch(1);
        JsonTopicsClient topics = connect();
        topics.subscribe("a", new TopicListener() {
            @Override
            public void message(TopicMessage message) {
                try {
                    wake.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                room.message(message);
            }

            @Override
            public void gap() {
                room.gap();
            }

            @Override
            public void subscribed(int messages) {
                room.subscribed(messages);
            }
        });
        room.expect("subscribed 0");
        String large = "x".repeat(60_000);
        for (int i = 0; i < RestartableServer.HISTORY / 10; i++) {
            server.topics().publish("a", "\"" + i + large + "\"");
        }
        // Its queue holds 256 KiB, and the network less than this.
        for (int i = 0; server.topics().statistics("a").orElseThrow().undelivered() == 0; i++) {
            assertTrue(i < 80, "never refused");
            server.topics().publish("a", "\"" + large + "\"");
        }
        server.publish("a", 1, 5);
        wake.countDown();
        List<String> all = new ArrayList<>();
        while (!all.contains("5")) {
            String event = room.events.poll(20, TimeUnit.SECONDS);
            assertTrue(event != null && !event.equals("gap"), "after " + all.size() + ": " + event);
            all.add(event);
        }
        assertTrue(all.stream().anyMatch(event -> event.matches("subscribed [1-9].*")), "it was closed, and came back");
        assertEquals(server.topics().statistics("a").orElseThrow().published(),
                all.stream().filter(event -> !event.startsWith("subscribed")).count());
    }

    @Test
    void presenceMustFollowWhoComesAndGoes() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        JsonTopicsClient ann = connect();
        ann.subscribe("a", TopicOptions.DEFAULT.presence(true), room);
        room.expect("subscribed 0", "present [ann] of 1");
        JsonTopicsClient bob = connect(server.uri("/topics?user=bob"));
        bob.subscribe("a", message -> {});
        room.expect("present [ann, bob] of 2");
        assertEquals(new TopicMembers(List.of("ann", "bob"), 2), get(ann.presence("a")));
        bob.close();
        room.expect("present [ann] of 1");
        assertEquals("not_subscribed: not subscribed to this topic", failure(ann.presence("b")));
    }

    @Test
    void refusalsMustBeTold() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder secret = new ListenerRecorder();
        TopicSubscription subscription = topics.subscribe("secret/1", secret);
        secret.expect("refused not_authorized");
        assertFalse(subscription.isActive());
        assertTrue(failure(topics.publish("secret/1", "1")).startsWith("not_authorized: "));
        assertTrue(failure(topics.publish("a//b", "1")).startsWith("invalid_name: "));
        assertThrows(IllegalArgumentException.class, () -> topics.publish("a", "no JSON"));
    }

    @Test
    void requestsWithHalfOfASurrogatePairMustChangeNothing() throws Exception {
        String half = "a\ud800";
        JsonTopicsClient topics = connect();
        assertThrows(IllegalArgumentException.class, () -> topics.subscribe(half, message -> {}));
        ListenerRecorder room = new ListenerRecorder();
        topics.subscribe("a", room);
        room.expect("subscribed 0");
        assertThrows(IllegalArgumentException.class, () -> topics.subscribe(half, message -> {}));
        for (int i = 0; i < 10_000; i++) {
            assertThrows(IllegalArgumentException.class, () -> topics.presence(half));
        }
        assertThrows(IllegalArgumentException.class, () -> topics.publish(half, "1"));
        assertThrows(IllegalArgumentException.class, () -> topics.publishLatest("a", half, "1"));

        get(topics.publish("a", "2"));
        room.expect("2");
        server.stop();
        server.start();
        room.expect("subscribed 0");
        get(topics.publish("a", "3"));
        room.expect("3");
    }

    @Test
    void requestsWithoutAConnectionMustFail() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder room = new ListenerRecorder();
        topics.subscribe("a", room);
        room.expect("subscribed 0");
        server.stop();
        Await.until("disconnected", () -> topics.connection().isEmpty());
        assertEquals("not connected", failure(topics.publish("a", "1")));
        topics.subscribe("b", room);
        server.start();
        room.expect("subscribed 0", "subscribed 0");
    }

    /** This server takes requests, and ends without an answer. */
    @Test
    void aRequestMustFailWithItsConnection() throws Exception {
        try (WebSocketServer silent = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            ws.receive();
            ws.abort();
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start()) {
            JsonTopicsClient topics = connect(URI.create("ws://127.0.0.1:" + silent.port() + "/"));
            Await.until("connected", () -> topics.connection().isPresent());
            String failure = failure(topics.publish("a", "1"));
            assertTrue(failure.equals("the connection has ended before the answer") || failure.equals("not connected"),
                    failure);
        }
    }

    @Test
    void aListenerThatFailsMustGetTheNextMessage() throws Exception {
        ListenerRecorder room = new ListenerRecorder();
        connect().subscribe("a", message -> {
            room.message(message);
            throw new IllegalStateException("this listener fails, as the test wants");
        });
        Await.until("subscribed", () -> server.topics().presence("a").size() == 1);
        server.publish("a", 1, 2);
        room.expectNumbers(1, 2);
    }

    @Test
    void aListenerMustBeAbleToPublish() throws Exception {
        ListenerRecorder echo = new ListenerRecorder();
        JsonTopicsClient topics = connect();
        topics.subscribe("b", echo);
        topics.subscribe("a", message -> topics.publish("b", message.data())
                .thenAccept(position -> echo.events.add("at " + position.offset())));
        echo.expect("subscribed 0");
        Await.until("subscribed", () -> server.topics().presence("a").size() == 1);
        server.publish("a", 7, 7);
        List<String> both = List.of(echo.events.poll(20, TimeUnit.SECONDS), echo.events.poll(20, TimeUnit.SECONDS));
        assertTrue(both.containsAll(List.of("7", "at 1")), both.toString());
    }

    @Test
    void wildcardsMustGetMessagesOnce() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder all = new ListenerRecorder();
        ListenerRecorder one = new ListenerRecorder();
        topics.subscribe("room/*", all);
        topics.subscribe("room/1", one);
        one.expect("subscribed 0");
        all.expect("subscribed 0");
        server.publish("room/1", 1, 1);
        server.publish("room/2", 2, 2);
        all.expectNumbers(1, 2);
        one.expectNumbers(1, 1);
        assertEquals(0, one.events.size());
    }

    /** They are not for the filter, which has got them before, or was not subscribed then. */
    @Test
    void messagesOfTheHistoryMustNotReachAFilterWhenTheirSubscriptionHasEnded() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder all = new ListenerRecorder();
        topics.subscribe("room/*", all);
        all.expect("subscribed 0");
        server.publish("room/1", 1, 3);
        all.expectNumbers(1, 3);

        ListenerRecorder one = new ListenerRecorder();
        CompletableFuture<TopicSubscription> subscribed = new CompletableFuture<>();
        subscribed.complete(topics.subscribe("room/1", TopicOptions.DEFAULT.last(3), new TopicListener() {
            @Override
            public void message(TopicMessage message) {
                one.message(message);
                subscribed.join().unsubscribe();
            }
        }));
        one.expectNumbers(1, 1);
        subscribed.join().unsubscribe();
        // Ends before the answer, in which the server says what follows.
        topics.subscribe("room/1", TopicOptions.DEFAULT.last(3), one).unsubscribe();
        topics.subscribe("room/1", TopicOptions.DEFAULT.last(2), one);
        one.expect("subscribed 2", "2", "3");

        server.publish("room/1", 4, 4);
        all.expectNumbers(4, 4);
        one.expectNumbers(4, 4);
        assertEquals(0, all.events.size() + one.events.size());
    }

    /** A filter has no position, so nobody knows what it has missed. */
    @Test
    void eachFurtherConnectionMustBeAGapForWildcards() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder all = new ListenerRecorder();
        ListenerRecorder one = new ListenerRecorder();
        topics.subscribe("room/*", all);
        topics.subscribe("room/1", one);
        all.expect("subscribed 0");
        one.expect("subscribed 0");
        for (int i = 0; i < 2; i++) {
            server.stop();
            server.start();
            all.expect("subscribed 0", "gap");
            one.expect("subscribed 0");
        }
        server.publish("room/1", 1, 1);
        one.expectNumbers(1, 1);
        all.expectNumbers(1, 1);
    }

    /** A dependent on the thread that receives must not wait; one on another thread may. */
    @Test
    void anAsyncDependentMustBeAbleToWaitForTheNextAnswer() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder room = new ListenerRecorder();
        topics.subscribe("a", room);
        room.expect("subscribed 0");
        assertEquals(List.of("ann"), get(topics.publish("a", "1")
                .thenApplyAsync(position -> topics.presence("a").join().names(), Thread::startVirtualThread)));
    }

    /** The rest of the members are only counted. */
    @Test
    void membersThatAreNotListedMustBeCounted() throws Exception {
        Topics members = Topics.builder().member(connection -> connection.query().first("user").orElseThrow()).build();
        try (WebSocketServer cutting = WebSocketServer.builder()
                .endpoint("/", JsonTopics.builder(members).maxMembers(2).build().endpoint()).start()) {
            List<JsonTopicsClient> users = new ArrayList<>();
            for (String name : List.of("ann", "bob", "carl", "dora")) {
                users.add(connect(URI.create("ws://127.0.0.1:" + cutting.port() + "/?user=" + name)));
                users.getLast().subscribe("a", message -> {});
                int count = users.size();
                Await.until("subscribed", () -> members.presence("a").size() == count);
            }
            ListenerRecorder room = new ListenerRecorder();
            JsonTopicsClient eve = connect(URI.create("ws://127.0.0.1:" + cutting.port() + "/?user=eve"));
            eve.subscribe("a", TopicOptions.DEFAULT.presence(true), room);
            room.expect("subscribed 0", "present [ann, bob] of 5");
            assertEquals(new TopicMembers(List.of("ann", "bob"), 5), get(eve.presence("a")));
            users.get(3).close();
            room.expect("present [ann, bob] of 4");
            users.get(0).close();
            room.expect("present [bob] of 3");
        }
    }

    /**
     * A slow subscriber to which A1, B1 and A2 were published, of which A2 has taken the place of A1, reads one message. It must
     * go on before B1.
     */
    @Test
    void thePositionOfALatestValueMustNotBeKept() throws Exception {
        BlockingQueue<String> requests = new LinkedBlockingQueue<>();
        try (WebSocketServer slow = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            requests.add(ws.receive().toString());
            ws.send("{\"type\":\"subscribed\",\"id\":" + requests.size()
                    + ",\"topic\":\"a\",\"position\":\"a:5\",\"messages\":0,"
                    + "\"recovered\":true}");
            ws.send("{\"type\":\"message\",\"topic\":\"a\",\"position\":\"a:6\",\"data\":0}");
            ws.send("{\"type\":\"message\",\"topic\":\"a\",\"position\":\"a:9\",\"latest\":true,\"data\":\"A2\"}");
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start()) {
            ListenerRecorder room = new ListenerRecorder();
            BlockingQueue<Boolean> latest = new LinkedBlockingQueue<>();
            connect(URI.create("ws://127.0.0.1:" + slow.port() + "/")).subscribe("a", message -> {
                room.message(message);
                latest.add(message.isLatest());
            });
            room.expect("0", "\"A2\"", "0");
            assertEquals(List.of(false, true), List.of(latest.take(), latest.take()));
            assertFalse(requests.take().contains("since"));
            String second = requests.take();
            assertTrue(second.contains("\"since\":\"a:6\""), second);
        }
    }

    @Test
    void aLatestValueMustBePublishedWithItsKey() throws Exception {
        JsonTopicsClient topics = connect();
        ListenerRecorder room = new ListenerRecorder();
        BlockingQueue<TopicMessage> messages = new LinkedBlockingQueue<>();
        TopicSubscription subscription = topics.subscribe("a", new TopicListener() {
            @Override
            public void message(TopicMessage message) {
                messages.add(message);
            }

            @Override
            public void subscribed(int count) {
                room.subscribed(count);
            }
        });
        room.expect("subscribed 0");
        Position start = subscription.position().orElseThrow();
        Position position = get(topics.publishLatest("a", "EUR \ud83e\uddf5\"", "1.09"));
        TopicMessage received = messages.poll(20, TimeUnit.SECONDS);
        assertTrue(received.isLatest());
        assertEquals("1.09 " + position, received.data() + " " + received.position());
        assertEquals("EUR \ud83e\uddf5\"", server.topics().history("a", 1).getFirst().key().orElseThrow());
        get(topics.presence("a")); // the listener has returned
        assertEquals(start, subscription.position().orElseThrow());
        get(topics.publish("a", "2"));
        assertFalse(messages.poll(20, TimeUnit.SECONDS).isLatest());
    }

    @Test
    void refusalsOfLatestValuesMustBeTold() {
        JsonTopicsClient topics = connect();
        Await.until("connected", () -> topics.connection().isPresent());
        assertTrue(failure(topics.publishLatest("secret/1", "A", "1")).startsWith("not_authorized: "));
        assertTrue(failure(topics.publishLatest("a", "", "1")).startsWith("invalid: key ''"));
        assertTrue(failure(topics.publishLatest("a", "k".repeat(256), "1")).startsWith("invalid: key 'kkk"));
        assertThrows(IllegalArgumentException.class, () -> topics.publishLatest("a", "A", "no JSON"));
        assertThrows(NullPointerException.class, () -> topics.publishLatest("a", null, "1"));
        assertEquals(0, server.topics().topicCount());
    }

    /** This server ends the first connection without an answer, and refuses the first publication on the second one for now. */
    @Test
    void publicationsMustNotBeRepeated() throws Exception {
        BlockingQueue<String> requests = new LinkedBlockingQueue<>();
        BlockingQueue<String> begun = new LinkedBlockingQueue<>();
        try (WebSocketServer stub = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            begun.add("connection");
            while (ws.receive() instanceof Message.Text(String text)) {
                requests.add(text);
                if (requests.size() == 1) {
                    ws.abort();
                } else if (text.contains("\"data\":2")) {
                    ws.send("{\"type\":\"error\",\"id\":2,\"code\":\"backplane_away\",\"message\":\"\"}");
                } else {
                    ws.send("{\"type\":\"published\",\"id\":3,\"position\":\"a:1\"}");
                }
            }
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start()) {
            JsonTopicsClient topics = connect(URI.create("ws://127.0.0.1:" + stub.port() + "/"));
            Await.until("connected", () -> topics.connection().isPresent() && begun.size() == 1);
            assertEquals("the connection has ended before the answer", failure(topics.publishLatest("a", "A", "1")));
            Await.until("connected again", () -> topics.connection().isPresent() && begun.size() == 2);
            assertEquals("backplane_away: ", failure(topics.publishLatest("a", "A", "2")));
            assertEquals("a:1", get(topics.publishLatest("a", "A", "3")).toString());
            assertEquals(List.of("1", "2", "3"),
                    requests.stream().map(each -> each.replaceAll(".*\"key\":\"A\",\"data\":(\\d)}", "$1")).toList());
        }
    }

    /** Neither a message that is no JSON, nor one of a later version, may do harm. */
    @Test
    void aServerThatMakesMistakesMustBeLeft() throws Exception {
        try (WebSocketServer wrong = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            ws.receive();
            ws.send("{\"type\":\"news\",\"more\":{}}");
            ws.send("{\"type\":\"subscribed\",\"id\":1,\"topic\":\"a\",\"position\":\"a:0\",\"messages\":0,\"new\":1}");
            ws.send("{\"type\":\"message\",\"topic\":\"a\",\"position\":\"a:1\",\"data\":1,\"new\":[2]}");
            ws.send("{\"type\":\"message\",\"topic\":\"a\",\"position\":2,\"data\":2}");
            ws.awaitClose();
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start()) {
            ListenerRecorder room = new ListenerRecorder();
            connect(URI.create("ws://127.0.0.1:" + wrong.port() + "/")).subscribe("a", room);
            // And again after it has come back: it asks with the position, and this server tells nonsense.
            room.expect("subscribed 0", "1");
            Await.until("closed with 1007",
                    () -> wrong.statistics().closes().keySet().stream().anyMatch(each -> each.code().equals("1007")));
        }
    }

    /** A server that reads the history for the first subscription by name sends what arrives meanwhile to filters, afterwards. */
    @Test
    void aMessageOfTheHistoryMustArriveOnceIfItAlsoComesForAFilter() throws Exception {
        try (WebSocketServer scripted = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            ws.receive();
            ws.send("{\"type\":\"subscribed\",\"id\":1,\"topic\":\"a/*\"}");
            ws.receive();
            ws.send("{\"type\":\"subscribed\",\"id\":2,\"topic\":\"a/1\",\"position\":\"e:9\",\"messages\":2}");
            for (int offset : List.of(10, 11, 10, 11, 12)) {
                ws.send("{\"type\":\"message\",\"topic\":\"a/1\",\"position\":\"e:" + offset + "\",\"data\":" + offset
                        + "}");
            }
            ws.send("{\"type\":\"message\",\"topic\":\"a/1\",\"position\":\"f:1\",\"data\":13}");
            ws.awaitClose();
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start()) {
            JsonTopicsClient topics = connect(URI.create("ws://127.0.0.1:" + scripted.port() + "/"));
            ListenerRecorder all = new ListenerRecorder();
            ListenerRecorder one = new ListenerRecorder();
            topics.subscribe("a/*", all);
            all.expect("subscribed 0");
            topics.subscribe("a/1", TopicOptions.DEFAULT.last(2), one);
            one.expect("subscribed 2");
            one.expectNumbers(10, 13);
            all.expectNumbers(10, 13);
            assertEquals(0, all.events.size() + one.events.size());
        }
    }
}
