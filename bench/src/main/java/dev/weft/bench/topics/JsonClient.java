package dev.weft.bench.topics;

import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import dev.weft.topics.json.JsonTopicsClient;
import dev.weft.topics.json.TopicListener;
import dev.weft.topics.json.TopicMembers;
import dev.weft.topics.json.TopicMessage;
import dev.weft.topics.json.TopicOptions;
import dev.weft.topics.json.TopicSubscription;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A {@link JsonTopicsClient}, which connects again and recovers by itself. It is a member of a topic, and watches it. */
final class JsonClient implements Member, AutoCloseable {
    private static final Duration MIN_DELAY = Duration.ofMillis(100);
    private static final Duration MAX_DELAY = Duration.ofSeconds(1);

    private final JsonTopicsClient client;
    private final String name;
    final Log log;
    private final TopicSubscription subscription;
    private final AtomicInteger connects;
    private volatile Set<String> told = Set.of();

    /** @param nodes where any of them is found */
    JsonClient(WebSocketClient client, InetSocketAddress nodes, String topic, String name, AtomicInteger connects) {
        this.client = JsonTopicsClient.start(
                ReconnectingClient.builder(client, FaultClients.uri(nodes, "/json?member=" + name)).minDelay(MIN_DELAY)
                        .maxDelay(MAX_DELAY));
        this.name = name;
        this.log = new Log(topic);
        this.connects = connects;
        this.subscription = this.client.subscribe(topic, TopicOptions.DEFAULT.presence(true), new Room());
    }

    /** Begins to watch the latest values of a topic. */
    Log subscribeToValues(String topic) {
        Log values = new Log(topic);
        client.subscribe(topic, new Begun(Map.of(topic, values)));
        return values;
    }

    /** Subscribes by a filter that matches these topics. */
    List<Log> subscribeMatching(String filter, List<String> topics) {
        Map<String, Log> logs = topics.stream().collect(Collectors.toMap(Function.identity(), Log::new));
        client.subscribe(filter, new Begun(logs));
        return List.copyOf(logs.values());
    }

    private static int number(TopicMessage message) {
        return Integer.parseInt(message.data().strip());
    }

    private final class Room implements TopicListener {
        @Override
        public void message(TopicMessage message) {
            log.received(number(message));
        }

        @Override
        public void gap() {
            log.toldGap();
        }

        @Override
        public void subscribed(int messages) {
            connects.incrementAndGet();
        }

        @Override
        public void presence(TopicMembers members) {
            told = Set.copyOf(members.names());
        }
    }

    /** What may bring messages again after a new connection. */
    private record Begun(Map<String, Log> logs) implements TopicListener {
        @Override
        public void message(TopicMessage message) {
            logs.get(message.topic()).received(number(message));
        }

        @Override
        public void gap() {
            logs.values().forEach(Log::toldGap);
        }

        @Override
        public void subscribed(int messages) {
            logs.values().forEach(Log::begins);
        }
    }

    @Override
    public String topic() {
        return log.topic;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isSubscribed() {
        return subscription.isActive();
    }

    @Override
    public Optional<Set<String>> told() {
        return Optional.of(told);
    }

    @Override
    public void close() {
        client.close();
    }
}
