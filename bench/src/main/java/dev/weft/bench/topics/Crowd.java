package dev.weft.bench.topics;

import dev.weft.ConnectionTimeouts;
import dev.weft.client.WebSocketClient;
import dev.weft.topics.json.JsonTopics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The clients and publishers of a fault run, of each kind. */
final class Crowd implements AutoCloseable {
    /** Of a publisher, between two messages, on the average. */
    private static final long PUBLISH_MILLIS = 400;
    private static final long PUBLISH_VALUE_MILLIS = 100;
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration END = Duration.ofSeconds(10);
    private static final long BETWEEN_CLIENTS_MILLIS = 4;
    private static final int VALUE_TOPICS = 2;
    /** So that values have to wait for slow clients. */
    private static final int SMALL_BUFFER = 8192;

    /** What the subscriptions of one kind have got. */
    record Tally(long deliveries, long gapsTold) {}

    private final WebSocketClient client = WebSocketClient.builder().connectTimeout(CONNECT).noDeflate()
            .receiveBufferSize(SMALL_BUFFER).build();
    private final WebSocketClient jsonClient = WebSocketClient.builder().connectTimeout(CONNECT).noDeflate()
            .subprotocols(JsonTopics.SUBPROTOCOL).timeouts(ConnectionTimeouts.builder()
                    .pingInterval(Duration.ofSeconds(2)).pongTimeout(Duration.ofSeconds(4)).build())
            .build();
    /** Stands for a load balancer: each connection goes to the next node. */
    private final CutProxy anyNode;
    private final FaultClients clients;

    private final List<String> rooms;
    /** Only filters with wildcards want some of these. */
    private final List<String> feeds;
    private final List<String> bareTopics;
    private final List<String> valueTopics = names("value/", VALUE_TOPICS);

    private final List<NamedClient> named = new ArrayList<>();
    private final List<FilterClient> filtering = new ArrayList<>();
    private final List<ValueClient> watching = new ArrayList<>();
    private final List<FilterClient> bare = new ArrayList<>();
    private final List<JsonClient> json = new ArrayList<>();
    private final List<Log> jsonFilterLogs = new ArrayList<>();
    private final List<Log> jsonValueLogs = new ArrayList<>();
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Thread> subscribing = new ArrayList<>();
    private final List<Thread> publishing = new ArrayList<>();

    Crowd(int clientCount, int topicCount, List<InetSocketAddress> nodes) throws IOException {
        AtomicInteger next = new AtomicInteger();
        this.anyNode = new CutProxy(() -> nodes.get(next.getAndIncrement() % nodes.size()));
        this.clients = new FaultClients(client, nodes);
        this.rooms = names("room/", topicCount);
        this.feeds = names("feed/", Math.max(2, topicCount / 10));
        this.bareTopics = names("bare/", Math.max(2, topicCount / 3));
        addClients(clientCount);
    }

    private static List<String> names(String prefix, int count) {
        return Stream.iterate(0, i -> i + 1).limit(count).map(i -> prefix + i).toList();
    }

    private void addClients(int count) throws IOException {
        for (int i = 0; i < Math.max(6, count / 100); i++) {
            filtering.add(filtering(i));
        }
        for (int i = 0; i < Math.max(6, count / 50); i++) {
            watching.add(new ValueClient(clients, of(valueTopics, i), "value" + i, i, i / VALUE_TOPICS % 2 == 0));
        }
        for (int i = 0; i < Math.max(6, count / 10); i++) {
            bare.add(i % 10 == 0
                    ? new FilterClient(clients, "/bare", i, List.of("bare/*", "bare/#"), bareTopics)
                    : new FilterClient(clients, "/bare", i, List.of(of(bareTopics, i)), List.of(of(bareTopics, i))));
        }
        for (int i = 0; i < Math.max(3, count / 10); i++) {
            addJson(i);
        }
        int rest = count - filtering.size() - watching.size() - bare.size() - json.size();
        for (int i = 0; i < rest; i++) {
            named.add(named(of(rooms, i), i / rooms.size()));
        }
    }

    private static String of(List<String> topics, int index) {
        return topics.get(index % topics.size());
    }

    /** Two clients each are one member. Every tenth does not come back, and is a member of its own. */
    private NamedClient named(String topic, int index) {
        boolean staysAway = index % 10 == 9;
        String name = staysAway ? "gone" + index : "member" + index / 2;
        return new NamedClient(clients, "/", topic, name, index, staysAway);
    }

    private FilterClient filtering(int index) {
        return switch (index % 3) {
            case 0 -> new FilterClient(clients, "/", index / 3, List.of("room/*", "room/#"), rooms);
            case 1 -> new FilterClient(clients, "/", index / 3, List.of("feed/#"), feeds);
            default -> new FilterClient(clients, "/", index / 3, List.of("feed/0", "feed/*"), feeds);
        };
    }

    private void addJson(int index) {
        JsonClient added = new JsonClient(jsonClient, anyNode.address(),
                of(rooms, index), "json" + index, clients.connects);
        json.add(added);
        switch (index % 3) {
            case 0 -> jsonFilterLogs.addAll(added.subscribeMatching("feed/*", feeds));
            case 1 -> jsonValueLogs.add(added.subscribeToValues(of(valueTopics, index)));
            default -> {}
        }
    }

    // The run.

    /** One after the other, so that the nodes, which have just started, are not overloaded. */
    void subscribe() {
        Stream.of(named, filtering, watching, bare).flatMap(Collection::stream).forEach(each -> {
            subscribing.add(Thread.ofVirtual().start(each));
            FaultClients.pause(BETWEEN_CLIENTS_MILLIS);
        });
    }

    /** Whether all are subscribed, except for those that have gone already. */
    boolean isSubscribed() {
        return named.stream().allMatch(each -> each.isSubscribed() || each.log.hasEnded())
                && Stream.of(filtering, watching, bare).flatMap(Collection::stream)
                        .allMatch(LineClient::isSubscribed)
                && json.stream().allMatch(JsonClient::isSubscribed);
    }

    void publish() {
        rooms.forEach(each -> add("/", each, false, PUBLISH_MILLIS));
        feeds.forEach(each -> add("/", each, false, PUBLISH_MILLIS));
        bareTopics.forEach(each -> add("/bare", each, false, PUBLISH_MILLIS));
        valueTopics.forEach(each -> add("/", each, true, PUBLISH_VALUE_MILLIS));
        publishers.forEach(each -> publishing.add(Thread.ofVirtual().start(each)));
    }

    private void add(String path, String topic, boolean latest, long pauseMillis) {
        publishers.add(new Publisher(clients, path, topic, latest, publishers.size(), pauseMillis));
    }

    /** The faults are over. Returns the number of the last message of each topic that was accepted until now. */
    Map<String, Integer> calm() {
        clients.calm.set(true);
        return lastAccepted();
    }

    private Map<String, Integer> lastAccepted() {
        Map<String, Integer> last = new HashMap<>();
        publishers.forEach(each -> last.put(each.topic, each.lastAccepted()));
        return last;
    }

    /** Whether all that are still there have got messages after these. */
    boolean isBeyond(Map<String, Integer> numbers) {
        return logsByKind().values().stream().flatMap(Collection::stream)
                .allMatch(each -> each.hasEnded() || each.newest() > numbers.get(each.topic));
    }

    /** Publishes the last messages. Waits until that is done, if it does not take longer than this. */
    void endPublishing(Duration longest) throws InterruptedException {
        clients.ending.set(true);
        long end = System.nanoTime() + longest.toNanos();
        for (Thread each : publishing) {
            each.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        }
    }

    /** Whether all that are still there have got the last message of each of their topics. */
    boolean hasAll() {
        Map<String, Integer> last = lastAccepted();
        return logsByKind().values().stream().flatMap(Collection::stream)
                .allMatch(each -> each.hasEnded() || each.newest() >= last.get(each.topic));
    }

    void end() throws InterruptedException {
        clients.over.set(true);
        for (Thread each : subscribing) {
            each.join(END);
        }
    }

    // What is found.

    FaultFindings checkPresence() {
        FaultFindings findings = new FaultFindings();
        List<Member> members = Stream.concat(named.stream(), json.stream()).toList();
        PresenceChecker checker = new PresenceChecker(members);
        checker.checkNodes(clients, findings);
        members.stream().filter(Member::isSubscribed).forEach(
                each -> each.told().ifPresent(told -> checker.checkWatcher(each, told, findings)));
        return findings;
    }

    /**
     * Compares all messages. Returns the number of values in whose place newer ones were sent.
     *
     * @param mayHaveLost says of a topic whether the broker may have lost messages
     */
    long check(FaultSequence faults, BrokerKind kind, Predicate<String> mayHaveLost, FaultFindings findings) {
        Checker checker = new Checker();
        LatestChecker latestChecker = new LatestChecker();
        for (Publisher each : publishers) {
            if (valueTopics.contains(each.topic)) {
                latestChecker.published(each.topic, each.fates());
            } else {
                boolean isConfirmed = !bareTopics.contains(each.topic) || kind.confirmsWithoutHistory();
                checker.published(each.topic, isConfirmed ? each.fates() : each.fates(faults), each.connections());
            }
        }
        logsByKind().forEach((subscription, logs) -> {
            FaultFindings found = new FaultFindings();
            for (Log each : logs) {
                if (valueTopics.contains(each.topic)) {
                    latestChecker.check(each, found);
                } else {
                    checker.check(each, found);
                }
                // With a position, everything else is read from the history.
                if (subscription.endsWith("by name") && !mayHaveLost.test(each.topic)) {
                    Checker.checkNoGap(each, found);
                }
            }
            findings.addAll(subscription, found);
        });
        return latestChecker.replaced();
    }

    private Map<String, List<Log>> logsByKind() {
        Map<String, List<Log>> logs = new LinkedHashMap<>();
        logs.put("by name", named.stream().map(each -> each.log).toList());
        logs.put("by filter", filtering.stream().flatMap(each -> each.logs().stream()).toList());
        logs.put("latest values", watching.stream().map(each -> each.log).toList());
        logs.put("no history", bare.stream().flatMap(each -> each.logs().stream()).toList());
        logs.put("JSON by name", json.stream().map(each -> each.log).toList());
        logs.put("JSON by filter", jsonFilterLogs);
        logs.put("JSON latest values", jsonValueLogs);
        return logs;
    }

    Map<String, Tally> tallies() {
        Map<String, Tally> tallies = new LinkedHashMap<>();
        logsByKind().forEach((kind, logs) -> tallies.put(kind, new Tally(logs.stream().mapToLong(Log::deliveries).sum(),
                logs.stream().mapToLong(Log::gapsTold).sum())));
        return tallies;
    }

    Map<Fate, Integer> fates() {
        Map<Fate, Integer> fates = new EnumMap<>(Fate.class);
        publishers.forEach(each -> each.fates().forEach(fate -> fates.merge(fate, 1, Integer::sum)));
        return fates;
    }

    int connects() {
        return clients.connects.get();
    }

    @Override
    public void close() throws IOException {
        clients.over.set(true);
        json.forEach(JsonClient::close);
        client.close();
        jsonClient.close();
        anyNode.close();
    }
}
