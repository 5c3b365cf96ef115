package dev.weft.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.BrokerContract;
import dev.weft.topics.BrokerProcess;
import dev.weft.topics.Position;
import dev.weft.topics.Recovery;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.TopicException;
import dev.weft.topics.TopicException.Reason;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.PurgeOptions;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfoOptions;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.Thread.State;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real NATS server. */
@SuppressWarnings("try") // A connection may be interrupted when it is closed.
class NatsBackplaneTest extends BrokerContract {
    private static BrokerProcess broker;
    private static int monitoring;
    private static int groups;

    private String prefix;
    /** All that this test has made. */
    private final List<NatsBackplane> nodes = new ArrayList<>();

    @BeforeAll
    static void startBroker() throws Exception {
        monitoring = BrokerProcess.freePort();
        broker = BrokerProcess.nats("-m", "" + monitoring);
    }

    @AfterAll
    static void endBroker() throws Exception {
        if (broker != null) {
            broker.close();
        }
    }

    @BeforeEach
    void newGroup() {
        prefix = "test" + groups++;
    }

    @Override
    protected Backplane node() {
        return node(broker);
    }

    @Override
    protected BrokerProcess ownBroker() throws Exception {
        return BrokerProcess.nats();
    }

    @Override
    protected NatsBackplane node(BrokerProcess server) {
        NatsBackplane node = builder(uri(server)).build();
        nodes.add(node);
        return node;
    }

    private NatsBackplane.Builder builder(String... uris) {
        return NatsBackplane.builder(uris).prefix(prefix).timeout(Duration.ofSeconds(1))
                .nodeTimeout(Duration.ofMillis(600));
    }

    private static String uri(BrokerProcess server) {
        return "nats://127.0.0.1:" + server.port();
    }

    @Test
    void nodeMustSubscribeOnlyToWhatItsConnectionsWant() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        topics.subscribeMatching(end(pair), "b/*/c", SubscribeOptions.DEFAULT);
        topics.subscribeMatching(end(pair), "d/#", SubscribeOptions.DEFAULT);
        topics.publish("x", "of interest to nobody");
        assertEquals("[" + prefix + ".c.a, " + prefix + ".c.b.*.c, " + prefix + ".c.d.>]", subscribed());

        topics.unsubscribe(end(pair), "a");
        end(pair).abort();
        Await.until("nothing is subscribed", () -> subscribed().equals("[]"));
    }

    /** The channels to which nodes are subscribed, as the server reports. */
    private String subscribed() {
        try {
            String all = HttpClient.newHttpClient().send(HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + monitoring + "/subsz?subs=1&limit=10000")).build(),
                    BodyHandlers.ofString())
                    .body();
            return Pattern.compile("\"subject\": \"(" + prefix + "\\.c\\.[^\"]*)\"").matcher(all).results()
                    .map(each -> each.group(1)).map(each -> each.replace("\\u003e", ">")).sorted().toList().toString();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void streamThatIsDeletedMustBeginAnew() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", PLACED);
        Position before = topics.publish("a", "1");
        peer(pair).expectText(before + " 1");
        try (Connection operator = Nats.connect(uri(broker))) {
            operator.jetStreamManagement().deleteStream(prefix);
        }
        Position after = published(topics, "a", "2");
        peer(pair).expectText("gap").expectText(after + " 2");
        assertNotEquals(before.epoch(), after.epoch());
    }

    /** The node that publishes makes the stream again; the other one is told by nobody. */
    @Test
    void nodeMustNoticeThatAnotherOneHasMadeTheStreamAgain() throws Exception {
        Topics first = topics(HISTORY);
        Topics second = topics(HISTORY);
        TestPair pair = pair();
        second.subscribe(end(pair), "a", PLACED);
        for (int i = 1; i <= 5; i++) {
            peer(pair).expectText(first.publish("a", "" + i) + " " + i);
        }
        try (Connection operator = Nats.connect(uri(broker))) {
            operator.jetStreamManagement().deleteStream(prefix);
        }
        Position after = published(first, "a", "6");
        peer(pair).expectText("gap").expectText(after + " 6");
    }

    @Test
    void messageWithALowerOffsetThanTheLastMustForceAComparison() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair exact = pair();
        TestPair filtering = pair();
        topics.subscribe(end(exact), "a", PLACED);
        topics.subscribeMatching(end(filtering), "b/*", PLACED);
        topics.publish("other", "x");
        Position first = topics.publish("a", "1");
        Position second = topics.publish("a", "2");
        peer(exact).expectText(first + " 1").expectText(second + " 2");
        try (Connection other = Nats.connect(uri(broker))) {
            Headers early = new Headers().put("Nats-Sequence", "1").put("Nats-Last-Sequence", "0");
            other.publish(prefix + ".c.a", early, message("0"));
            other.flush(Duration.ofSeconds(30));
        }
        // Nobody knows of which topics it has missed something.
        peer(filtering).expectText("gap");
        Position third = topics.publish("a", "3");
        peer(exact).expectText(third + " 3");
    }

    /** As a node passes it to the server. */
    static byte[] message(String text) {
        byte[] payload = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(26 + payload.length).put((byte) 1).put((byte) 1);
        return bytes.putLong(System.currentTimeMillis()).putLong(1).putLong(1).put(payload).array();
    }

    @Test
    void serverWithoutJetStreamMustPassMessages() throws Exception {
        try (BrokerProcess plain = BrokerProcess
                .start((port, folder) -> List.of("nats-server", "--port", "" + port, "--addr",
                        "127.0.0.1"))) {
            Topics first = Topics.builder().backplane(opened(node(plain))).build();
            Topics second = Topics.builder().backplane(opened(node(plain))).build();
            TestPair pair = pair();
            second.subscribe(end(pair), "a");
            first.publish("a", "1");
            peer(pair).expectText("1");
            NatsBackplane node = opened(node(plain));
            Topics needing = Topics.builder().limits(HISTORY).backplane(node).build();
            assertReason(Reason.BACKPLANE_AWAY, () -> needing.publish("a", "1"));
            assertTrue(node.health().detail().contains("JetStream"), node.health().detail());
        }
    }

    @Test
    void membersThatCouldNotBeKeptAtFirstMustBeKeptLater() throws Exception {
        try (Connection operator = Nats.connect(uri(broker))) {
            JetStreamManagement management = operator.jetStreamManagement();
            String other = prefix + "_other";
            management.addStream(
                    StreamConfiguration.builder().name(other).subjects(new Subjects(prefix).allMembers()).build());
            NatsBackplane node = opened(node(broker));
            Topics topics = Topics.builder().member(connection -> "ann").backplane(node).build();
            topics.subscribe(end(pair()), "a");
            assertTrue(node.health().connected());
            assertReason(Reason.BACKPLANE_AWAY, () -> topics.presence("a"));

            management.deleteStream(other);
            Await.until("ann is there", () -> {
                try {
                    return topics.presence("a").equals(Map.of("ann", 1));
                } catch (TopicException e) {
                    return false;
                }
            });
        }
    }

    /** The offsets are those of one stream for all topics: the one before that of the message belongs to another topic. */
    @Test
    void positionOfAnEmptyTopicMustStayGoodWhateverIsPublishedElsewhere() throws Exception {
        Topics first = topics(HISTORY);
        TestPair pair = pair();
        Position start = first.subscribe(end(pair), "a", PLACED).start();
        first.unsubscribe(end(pair), "a");
        first.publish("other", "x");
        Position one = first.publish("a", "1");
        first.publish("other", "x");

        Topics second = topics(HISTORY);
        assertEquals(Recovery.COMPLETE, second.subscribe(end(pair), "a", PLACED.since(start)).recovery());
        peer(pair).expectText(one + " 1");
    }

    /** Before, because the node may end in between, and after, because the removal may take long. */
    @Test
    void noticeOfAMemberThatLeavesMustBePassedBeforeAndAfter() throws Exception {
        Topics topics = withPresence(new LinkedBlockingQueue<>(), "ann");
        TestPair pair = pair();
        try (Connection other = Nats.connect(uri(broker))) {
            var notices = other.subscribe(prefix + ".c.a");
            other.flush(Duration.ofSeconds(30));
            topics.subscribe(end(pair), "a");
            assertNotNull(notices.nextMessage(Duration.ofSeconds(30)));
            topics.unsubscribe(end(pair), "a");
            assertNotNull(notices.nextMessage(Duration.ofSeconds(30)));
            assertNotNull(notices.nextMessage(Duration.ofSeconds(30)));
            assertEquals(Map.of(), topics.presence("a"));
        }
    }

    @Test
    void membersOfANodeThatStandsStillMustLeaveAndComeBack() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics watching = withPresence(events, "ann");
        watching.subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        try (Connection ghost = Nats.connect(uri(broker))) {
            // As a node leaves that has died: nothing renews its heartbeat.
            ghost.jetStream().publish(prefix + ".m.a.bob.ghost.2", new byte[0]);
            ghost.jetStream().publish(prefix + ".m.a.ann.ghost.2", new byte[0]);
            ghost.jetStream().publish(prefix + ".n.ghost", new byte[]{'+'});
            assertEquals(Map.of("ann", 3, "bob", 2), watching.presence("a"));
            assertEquals("-bob a", next(events));
            Await.until("the ghost is forgotten", () -> watching.presence("a").equals(Map.of("ann", 1)));
            assertTrue(events.isEmpty());

            // This node was given up by the others, and returns.
            JetStreamManagement streams = ghost.jetStreamManagement();
            streams.purgeStream(prefix + "_members");
            assertEquals("+ann a", next(events));
            assertEquals(Map.of("ann", 1), watching.presence("a"));
        }
    }

    /** A third node, which does not remove them, must hear the heartbeats of those that do. */
    @Test
    void manyMembersOfADeadNodeMustLeaveWithoutHarmToOthers() throws Exception {
        int count = 3000;
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        withPresence(events, "ann").subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        withPresence(events, "bob").subscribe(end(pair()), "a");
        assertEquals("+bob a", next(events));
        try (Connection ghost = Nats.connect(uri(broker))) {
            List<CompletableFuture<PublishAck>> published = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                published.add(ghost.jetStream().publishAsync(prefix + ".m.room-" + i % 100 + ".ghost-" + i + ".dead.1",
                        new byte[0]));
            }
            published.add(ghost.jetStream().publishAsync(prefix + ".n.dead", new byte[]{'+'}));
            CompletableFuture.allOf(published.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
        }

        Set<String> left = new HashSet<>();
        left.add(next(events));
        withPresence(events, "carl").subscribe(end(pair()), "a");
        boolean joined = false;
        while (left.size() < count || !joined) {
            String event = events.poll(5, TimeUnit.MILLISECONDS);
            nodes.forEach(each -> assertTrue(each.health().connected(), each.health().detail()));
            if (event != null && event.equals("+carl a")) {
                joined = true;
            } else if (event != null) {
                assertTrue(event.startsWith("-ghost-"), event);
                left.add(event);
            }
        }
        Topics last = withPresence(events, "dora");
        assertEquals(Map.of("ann", 1, "bob", 1, "carl", 1), last.presence("a"));
        Await.until("the dead node is forgotten", () -> heartbeats().size() == 4);
        assertTrue(events.isEmpty(), events.toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void allMembersMustBeListedWhileOthersLeave(int leavingAtOnce) throws Exception {
        int staying = 2000;
        NatsBackplane node = opened(node(broker));
        NatsBackplane reader = opened(node(broker));
        node.start(NO_HISTORY, new Silent());
        reader.start(NO_HISTORY, new Silent());
        setMembers(staying);
        AtomicBoolean over = new AtomicBoolean();
        List<FutureTask<?>> leaving = new ArrayList<>();
        for (int i = 0; i < leavingAtOnce; i++) {
            String name = "leaving" + i + "-";
            FutureTask<?> task = new FutureTask<>(() -> {
                for (int number = 0; !over.get(); number++) {
                    node.present("a", name + number, 1);
                    node.present("a", name + number, 0);
                }
            }, null);
            leaving.add(task);
            Thread.ofVirtual().start(task);
        }
        try {
            for (int i = 0; i < 20; i++) {
                Set<String> listed = reader.presence("a").keySet();
                assertEquals(staying, listed.stream().filter(each -> each.startsWith("m")).count());
            }
        } finally {
            over.set(true);
        }
        for (FutureTask<?> each : leaving) {
            each.get();
        }
    }

    /** As if another node had members of topic a. */
    private void setMembers(int count) throws Exception {
        try (Connection other = Nats.connect(uri(broker))) {
            List<CompletableFuture<PublishAck>> published = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                published.add(other.jetStream().publishAsync(prefix + ".m.a.m" + i + ".x.1", new byte[0]));
            }
            CompletableFuture.allOf(published.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
        }
    }

    /** Requests of many nodes wait for each other in the server. */
    @Test
    void listOfMembersMustTakeOneRequest() throws Exception {
        try (BrokerProcess own = ownBroker(); Connection operator = Nats.connect(uri(own))) {
            // Otherwise it looks after nodes meanwhile.
            NatsBackplane node = opened(builder(uri(own)).nodeTimeout(Duration.ofMinutes(5)).build());
            node.start(NO_HISTORY, new Silent());
            node.present("a", "ann", 1);
            node.present("a", "bob", 2);
            var requests = operator.subscribe("$JS.API.>");
            var answers = operator.subscribe("_INBOX.>");
            operator.flush(Duration.ofSeconds(30));
            assertEquals(Map.of("ann", 1, "bob", 2), node.presence("a"));
            operator.flush(Duration.ofSeconds(30));
            assertEquals("$JS.API.STREAM.INFO." + prefix + "_members",
                    requests.nextMessage(Duration.ofSeconds(30)).getSubject());
            assertEquals(0, requests.getPendingMessageCount());
            assertEquals(1, answers.getPendingMessageCount());
        }
    }

    /** The new number is set before the old one is removed. */
    @Test
    void memberWhoseConnectionsAreCountedMeanwhileMustHaveOneOfBothNumbers() throws Exception {
        NatsBackplane node = opened(node(broker));
        NatsBackplane reader = opened(node(broker));
        node.start(NO_HISTORY, new Silent());
        reader.start(NO_HISTORY, new Silent());
        List<String> names = IntStream.range(0, 20).mapToObj(i -> "changing" + i).toList();
        names.forEach(each -> node.present("a", each, 1));
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<?> changing = new FutureTask<>(() -> {
            for (int i = 1; !over.get(); i++) {
                int connections = i % 2 + 1;
                names.forEach(each -> assertFalse(node.present("a", each, connections)));
            }
        }, null);
        Thread.ofVirtual().start(changing);
        try {
            for (int i = 0; i < 200; i++) {
                Map<String, Integer> listed = reader.presence("a");
                assertEquals(Set.copyOf(names), listed.keySet());
                assertTrue(Set.of(1, 2).containsAll(listed.values()), listed.toString());
            }
        } finally {
            over.set(true);
        }
        changing.get();
        names.forEach(each -> assertTrue(node.present("a", each, 0)));
        assertEquals(Map.of(), reader.presence("a"));
    }

    @Test
    void entryThatAFailedChangeHasLeftMustBeRemovedByTheNext() throws Exception {
        NatsBackplane node = opened(node(broker));
        node.start(NO_HISTORY, new Silent());
        String name = new Subjects(prefix).nodeOf(heartbeats().iterator().next());
        try (Connection other = Nats.connect(uri(broker))) {
            node.present("a", "ann", 1);
            other.jetStream().publish(prefix + ".m.a.ann." + name + ".7", new byte[0]);
            assertEquals(Map.of("ann", 7), node.presence("a"));
            assertFalse(node.present("a", "ann", 2));
            assertEquals(Map.of("ann", 2), node.presence("a"));
            other.jetStream().publish(prefix + ".m.a.ann." + name + ".7", new byte[0]);
            assertTrue(node.present("a", "ann", 0));
            assertEquals(Map.of(), node.presence("a"));
        }
    }

    /** Its entry moves to the end of the stream. */
    @Test
    void memberWhoseConnectionsChangeMustBeListedOnce() throws Exception {
        NatsBackplane node = opened(node(broker));
        NatsBackplane reader = opened(node(broker));
        node.start(NO_HISTORY, new Silent());
        reader.start(NO_HISTORY, new Silent());
        setMembers(500);
        List<String> names = IntStream.range(0, 50).mapToObj(i -> "changing" + i).toList();
        names.forEach(each -> node.present("a", each, 1));
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<?> changing = new FutureTask<>(() -> {
            while (!over.get()) {
                names.forEach(each -> node.present("a", each, 1));
            }
        }, null);
        Thread.ofVirtual().start(changing);
        try {
            for (int i = 0; i < 100; i++) {
                Map<String, Integer> listed = reader.presence("a");
                names.forEach(each -> assertEquals(1, listed.get(each), each));
            }
        } finally {
            over.set(true);
        }
        changing.get();
    }

    /** The subjects of all heartbeats. */
    private Set<String> heartbeats() {
        return subjects("n.*");
    }

    /** The subjects in the stream of members that match a filter. */
    private Set<String> subjects(String filter) {
        try (Connection operator = Nats.connect(uri(broker))) {
            Map<String, Long> found = operator.jetStreamManagement()
                    .getStreamInfo(prefix + "_members", StreamInfoOptions.filterSubjects(prefix + "." + filter))
                    .getStreamState().getSubjectMap();
            return found == null ? Set.of() : found.keySet();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** It stood still, and goes on before they are done: its heartbeat is still there then. */
    @Test
    void nodeWhoseMembersOthersHaveBegunToRemoveMustTellThemAgain() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = withPresence(events, "ann");
        topics.subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        // The event of this node may come before the broker has been told.
        Await.until("the broker has the member", () -> !subjects("m.>").isEmpty());
        String heartbeat = heartbeats().iterator().next();
        try (Connection other = Nats.connect(uri(broker))) {
            other.jetStream().publish(heartbeat, new byte[]{'!'});
            other.jetStreamManagement().purgeStream(prefix + "_members", PurgeOptions.subject(prefix + ".m.>"));
        }
        assertEquals("+ann a", next(events));
        assertEquals(Map.of("ann", 1), topics.presence("a"));
    }

    @Test
    void entryMustBeRemovedOnlyIfItIsOlderThanTheClaim() throws Exception {
        try (Connection connection = Nats.connect(uri(broker))) {
            Streams streams = new Streams(connection, new Subjects(prefix), prefix, Duration.ofSeconds(5));
            streams.prepareMembers(1);
            String heartbeat = prefix + ".n.x";
            String entry = prefix + ".m.a.ann.x.1";
            byte[] value = {'1'};
            long before = streams.set(entry, value);
            long alive = streams.set(heartbeat, value);
            long claim = streams.setAfter(alive, heartbeat, value);
            assertTrue(claim > alive);
            assertEquals(0, streams.setAfter(alive, heartbeat, value));
            assertTrue(streams.removeBefore(claim, entry));
            assertFalse(streams.removeBefore(claim, entry));
            long again = streams.set(entry, value);
            assertTrue(before < claim && claim < again);
            assertFalse(streams.removeBefore(claim, entry));
            assertEquals(again, streams.get(entry).getSeq());
            assertTrue(streams.removeBefore(claim + 1, heartbeat));
            assertEquals(0, streams.setAfter(claim, heartbeat, value));
        }
    }

    @Test
    void moreSubjectsThanOneAnswerHoldsMustBeListed() throws Exception {
        int count = 100_001;
        try (BrokerProcess own = ownBroker(); Connection connection = Nats.connect(uri(own))) {
            Streams streams = new Streams(connection, new Subjects(prefix), prefix, Duration.ofSeconds(30));
            streams.prepareMembers(1);
            for (int i = 1; i < count; i++) {
                connection.publish(prefix + ".m.a.m" + i + ".x.1", new byte[0]);
            }
            // The server stores them in their order.
            streams.set(prefix + ".m.a.m0.x.1", new byte[0]);
            assertEquals(count, streams.subjects(prefix + ".m.a.*.*.*").size());
        }
    }

    @Test
    void backplaneMustKeepTheSettingsItWasBuiltWith() throws Exception {
        NatsBackplane.Builder builder = builder(uri(broker)).streamSize(2 << 20);
        NatsBackplane node = opened(builder.build());
        // A single server refuses a stream with replicas.
        builder.prefix("other").replicas(3).streamSize(4 << 20).timeout(Duration.ofMinutes(5));
        Topics.builder().limits(HISTORY).backplane(node).build();
        assertTrue(node.health().connected(), node.health().detail());
        try (Connection operator = Nats.connect(uri(broker))) {
            StreamConfiguration made = operator.jetStreamManagement().getStreamInfo(prefix).getConfiguration();
            assertEquals(2 << 20, made.getMaxBytes());
        }
    }

    /** The client gives up for good when the same server has refused it twice. */
    @Test
    void nodeMustReturnAfterTheServerHasRefusedItsPassword() throws Exception {
        AtomicReference<String> password = new AtomicReference<>("right");
        AtomicReference<Path> log = new AtomicReference<>();
        try (BrokerProcess own = BrokerProcess.start((port, folder) -> {
            log.set(folder.resolve("log"));
            return List.of("nats-server", "--port", "" + port, "--addr", "127.0.0.1", "--user", "weft", "--pass",
                    password.get());
        })) {
            NatsBackplane node = opened(builder("nats://weft:right@127.0.0.1:" + own.port()).build());
            Topics topics = Topics.builder().backplane(node).build();
            TestPair pair = pair();
            topics.subscribe(end(pair), "a", PLACED);
            own.kill();
            password.set("wrong");
            own.restart();
            Await.until("the node is refused twice", Duration.ofSeconds(30), () -> refusals(log.get()) >= 2);
            own.kill();
            password.set("right");
            own.restart();

            Await.until("the node is connected", Duration.ofSeconds(30), () -> node.health().connected());
            peer(pair).expectText("gap");
            topics.publish("a", "1");
            assertTrue(peer(pair).expectText().endsWith(" 1"));
        }
    }

    private static long refusals(Path log) {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(each -> each.contains("authentication error")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void backplaneThatIsClosedWithoutABrokerMustNotGoOnConnecting() throws Exception {
        NatsBackplane node = builder("nats://127.0.0.1:" + BrokerProcess.freePort()).build();
        Topics.builder().backplane(node).build();
        node.close();
        Await.until("no thread connects", () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(each -> each.getName().equals("NATS - async connection")));
    }

    /** No later message shows that it is missing, if there is no history. */
    @Test
    void errorWhileAMessageIsReceivedMustBeTold() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        NatsBackplane node = opened(node(broker));
        node.start(NO_HISTORY, new Silent() {
            @Override
            public void received(BackplaneMessage message) {
                throw new OutOfMemoryError("on purpose");
            }

            @Override
            public void back() {
                told.countDown();
            }
        });
        node.subscribe("a");
        topics(NO_HISTORY).publish("a", "1");
        assertTrue(told.await(30, TimeUnit.SECONDS));
    }

    /** A node for which nothing is delivered. */
    private static class Silent implements Backplane.Receiver {
        @Override
        public void received(BackplaneMessage message) {}

        @Override
        public void away() {}

        @Override
        public void back() {}

        @Override
        public void memberGone(String topic, String member) {}

        @Override
        public void membersChanged(String topic) {}
    }

    /** The client gives up a connection on which too many pings are not answered. */
    @Test
    void manySubscriptionsAtTheSameTimeMustNotInterruptTheConnection() throws Exception {
        NatsBackplane node = opened(node(broker));
        List<String> told = new CopyOnWriteArrayList<>();
        node.start(NO_HISTORY, new Silent() {
            @Override
            public void away() {
                told.add("away");
            }
        });
        List<FutureTask<?>> subscribing = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            String filter = "a" + i;
            FutureTask<?> task = new FutureTask<>(() -> node.subscribe(filter), null);
            subscribing.add(task);
            Thread.ofVirtual().start(task);
        }
        for (FutureTask<?> each : subscribing) {
            each.get();
        }
        assertEquals(List.of(), told);
    }

    /** What it waits for has not happened. */
    @Test
    void subscriptionThatIsInterruptedMustNotFailOthers() throws Exception {
        NatsBackplane node = opened(node(broker));
        node.start(NO_HISTORY, new Silent());
        for (int i = 0; i < 200; i++) {
            int number = i;
            Thread interrupted = Thread.ofVirtual().start(() -> assertThrows(BackplaneException.class, () -> {
                Thread.currentThread().interrupt();
                node.subscribe("a" + number);
            }));
            Thread dying = Thread.ofVirtual().start(() -> {
                try {
                    node.subscribe("b" + number);
                } catch (BackplaneException e) {
                    // It was interrupted before the answer.
                }
            });
            FutureTask<?> other = new FutureTask<>(() -> node.subscribe("c" + number), null);
            Thread.ofVirtual().start(other);
            dying.interrupt();
            other.get();
            interrupted.join();
            dying.join();
        }
        assertTrue(node.health().connected());
    }

    @Test
    void returnMustNotBeToldAfterALaterLoss() throws Exception {
        try (BrokerProcess own = ownBroker()) {
            List<String> told = new CopyOnWriteArrayList<>();
            NatsBackplane node = opened(node(own));
            node.start(NO_HISTORY, new Silent() {
                @Override
                public void away() {
                    told.add("away");
                }

                @Override
                public void back() {
                    try {
                        own.kill();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                    Await.until("the node has noticed", () -> !node.health().connected());
                    // Waits for the lock with which it has done so.
                    node.unsubscribe("a");
                    told.add("back");
                }
            });
            try (Connection operator = Nats.connect(uri(own))) {
                // As if the others had given up this node.
                operator.jetStreamManagement().purgeStream(prefix + "_members");
            }
            Await.until("both are told", () -> told.size() == 2);
            assertEquals(List.of("back", "away"), told);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void messageThatIsTooLargeForTheServerMustBeRefused(int history) throws Exception {
        NatsBackplane node = opened(node(broker));
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(history).build())
                .goesOnAlone(true).backplane(node).build();
        Await.until("the node is connected", () -> node.health().connected());
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        String large = "x".repeat(1 << 20);
        assertReason(Reason.MESSAGE_TOO_LARGE, () -> topics.publish("a", large));
        topics.publish("a", large.substring(100));
        assertEquals((1 << 20) - 100, peer(pair).expectText().length());
    }

    @Test
    void messageThatIsTooLargeForTheStreamMustBeRefused() throws Exception {
        NatsBackplane node = opened(node(broker));
        Topics topics = Topics.builder().limits(HISTORY).goesOnAlone(true).backplane(node).build();
        Await.until("the node is connected", () -> node.health().connected());
        try (Connection operator = Nats.connect(uri(broker))) {
            JetStreamManagement management = operator.jetStreamManagement();
            management.updateStream(StreamConfiguration.builder(management.getStreamInfo(prefix).getConfiguration())
                    .maximumMessageSize(1000).build());
        }
        assertReason(Reason.MESSAGE_TOO_LARGE, () -> topics.publish("a", "x".repeat(1000)));
        topics.publish("a", "x".repeat(900));
    }

    /** The client of NATS drops without an exception what such a thread sends. */
    @Test
    void threadThatIsInterruptedMustLoseNothing() throws Exception {
        Topics topics = topics(NO_HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        topics.subscribe(end(pair), "b");
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            Thread.currentThread().interrupt();
            topics.publish("a", "1");
            topics.unsubscribe(end(pair), "b");
            return Thread.interrupted();
        });
        Thread.ofVirtual().start(task);
        assertTrue(task.get());
        peer(pair).expectText("1");
        Await.until("one is subscribed", () -> subscribed().equals("[" + prefix + ".c.a]"));
    }

    /** Its network takes nothing. */
    @Test
    void subscriptionThatTheClientDoesNotSendMustBeMadeLater() throws Exception {
        try (BrokerProcess own = ownBroker()) {
            NatsBackplane node = opened(node(own));
            Topics topics = Topics.builder().goesOnAlone(true).backplane(node).build();
            own.stop();
            AtomicLong sent = new AtomicLong();
            Thread flood = Thread.ofVirtual().start(() -> assertThrows(BackplaneException.class, () -> {
                while (true) {
                    node.publish(BackplaneMessage.decode("x", ByteBuffer.allocate(1000).put((byte) 1).array()));
                    sent.incrementAndGet();
                }
            }));
            Await.until("the client has no room", () -> sent.get() > 5000 && flood.getState() == State.TIMED_WAITING);
            TestPair pair = pair();
            topics.subscribe(end(pair), "a", PLACED);
            own.goOn();
            flood.join();

            peer(pair).expectText("gap");
            Await.until("the node is connected", () -> node.health().connected());
            Topics.builder().backplane(opened(node(own))).build().publish("a", "1");
            assertTrue(peer(pair).expectText().endsWith(" 1"));
        }
    }

    /** The client returns as if it had subscribed. */
    @Test
    void subscriptionsThatTheServerRefusesMustFail() throws Exception {
        try (BrokerProcess own = BrokerProcess.start((port, folder) -> {
            String permissions = "{publish: \">\", subscribe: [\"_INBOX.>\", \"" + prefix + ".n.*\", \"" + prefix
                    + ".c.ok.>\"]}";
            return List.of("nats-server", "--port", "" + port, "--addr", "127.0.0.1", "-js", "-sd", folder.toString(),
                    "-c", written(folder.resolve("settings"), "authorization: {users: [{user: weft, password: x, "
                            + "permissions: " + permissions + "}]}"));
        })) {
            NatsBackplane node = opened(builder("nats://weft:x@127.0.0.1:" + own.port()).build());
            node.start(NO_HISTORY, new Silent());
            List<FutureTask<?>> subscribing = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int number = i;
                FutureTask<?> task = new FutureTask<>(() -> {
                    node.subscribe("ok/" + number);
                    BackplaneException e = assertThrows(BackplaneException.class, () -> node.subscribe("no/" + number));
                    assertFalse(e.isUncertain());
                    assertTrue(e.getMessage().contains("ermission"), e.getMessage());
                }, null);
                subscribing.add(task);
                Thread.ofVirtual().start(task);
            }
            for (FutureTask<?> each : subscribing) {
                each.get();
            }
            assertTrue(node.health().connected());
        }
    }

    private static String written(Path file, String text) {
        try {
            return Files.writeString(file, text).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The client drops what it has no room for, and reports only the first message. */
    @Test
    void nodeMustBeToldAfterTheLastMessageBeforeALoss() throws Exception {
        CountDownLatch goesOn = new CountDownLatch(1);
        List<String> told = new CopyOnWriteArrayList<>();
        // Otherwise it may be told because others have given it up.
        NatsBackplane node = opened(builder(uri(broker)).nodeTimeout(Duration.ofMinutes(1)).build());
        node.start(NO_HISTORY, new Silent() {
            @Override
            public void received(BackplaneMessage message) {
                told.add("message");
                try {
                    goesOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }

            @Override
            public void back() {
                told.add("back");
            }
        });
        node.subscribe("a");
        try (Connection publisher = Nats.connect(uri(broker))) {
            byte[] large = ByteBuffer.allocate(1_000_000).put((byte) 1).array();
            while (!told.contains("back")) {
                publisher.publish(prefix + ".c.a", large);
                publisher.flush(Duration.ofSeconds(5));
            }
            publisher.publish(prefix + ".c.a", large);
            publisher.flush(Duration.ofSeconds(5));
            // What was sent to the node before is dropped.
            node.subscribe("b");
        }
        assertEquals(List.of("message", "back"), told);
        goesOn.countDown();
        Await.until("it is told again", () -> told.lastIndexOf("back") > 1);
        assertEquals(told.size() - 1, told.lastIndexOf("back"));
        assertTrue(told.size() > 60, told.toString());
    }

    @Test
    void backplaneThatAnInterruptedThreadClosesMustDisconnect() throws Exception {
        NatsBackplane node = opened(node(broker));
        node.start(NO_HISTORY, new Silent());
        long others = connections() - 1;
        FutureTask<Boolean> closing = new FutureTask<>(() -> {
            Thread.currentThread().interrupt();
            node.close();
            return Thread.interrupted();
        });
        Thread.ofVirtual().start(closing);
        assertTrue(closing.get());
        Await.until("it is disconnected", () -> connections() == others);
    }

    /** How many there are, as the server reports. */
    private static long connections() {
        try {
            String all = HttpClient.newHttpClient().send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + monitoring + "/connz")).build(),
                    BodyHandlers.ofString()).body();
            return Pattern.compile("\"cid\":").matcher(all).results().count();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The longest ones are refused by the client of NATS, and shorter ones where they are read. */
    @ParameterizedTest
    @ValueSource(ints = {3_800, 4_000, 10_000})
    void memberWhoseNameIsTooLongMustNotDisturbOthers(int length) throws Exception {
        TestPair named = pair();
        Backplane node = opened(node(broker));
        Topics topics = Topics.builder().backplane(node)
                .member(connection -> connection == end(named) ? "x".repeat(length) : "bob").build();
        topics.subscribe(end(named), "a");
        topics.subscribe(end(pair()), "a");
        topics.subscribe(end(pair()), "b");
        Await.until("bob is there", () -> topics.presence("b").size() == 1);
        assertEquals(Map.of("bob", 1), topics.presence("a"));
        assertTrue(node.health().connected());
        assertThrows(IllegalArgumentException.class, () -> node.present("a", "x".repeat(length), 1));
    }

    @Test
    void longestMemberMustBeListed() throws Exception {
        String topic = "日".repeat(255);
        String member = "é".repeat((3_700 - 9 * 255) / 6);
        Topics topics = start(Topics.builder().member(connection -> member));
        topics.subscribe(end(pair()), topic);
        Await.until("the member is there", () -> topics.presence(topic).equals(Map.of(member, 1)));
    }

    @Test
    void errorMustNotBeTheEndOfReconnecting() throws Exception {
        NatsBackplane node = opened(node(broker));
        CountDownLatch returned = new CountDownLatch(2);
        node.start(NO_HISTORY, new Silent() {
            @Override
            public void away() {
                throw new StackOverflowError("planted");
            }

            @Override
            public void back() {
                returned.countDown();
                if (returned.getCount() > 0) {
                    throw new StackOverflowError("planted");
                }
            }
        });
        try (Connection operator = Nats.connect(uri(broker))) {
            operator.jetStreamManagement().purgeStream(prefix + "_members");
        }
        assertTrue(returned.await(30, TimeUnit.SECONDS));
        Await.until("the node is connected", () -> node.health().connected());
    }
}
