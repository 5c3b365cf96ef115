package dev.weft.topics.json;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.client.ReconnectingClient;
import dev.weft.client.ReconnectingClientBuilder;
import dev.weft.parser.CloseCode;
import dev.weft.topics.Position;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A client for {@link JsonTopics}. It keeps a connection, subscribes again after each gap, and recovers the messages
 * that were missed, or reports that this is not possible. {@snippet class = "dev.weft.topics.json.Snippets" region =
 * "client"} The {@link dev.weft.client.WebSocketClient} has to offer {@link JsonTopics#SUBPROTOCOL}, and its
 * {@code maxMessageSize} is the longest message that can be received. All methods may be called from any thread, also
 * by listeners, and none waits.
 * <p>
 * The futures that this client returns complete on the virtual thread that receives, which also calls the listeners, in
 * the order in which the server sends. While code that depends on a future runs on that thread, the client receives
 * nothing. So such code must not wait for another future. Use a method whose name ends in {@code Async}, such as
 * {@link CompletableFuture#thenAcceptAsync}, for code that may wait.
 */
public final class JsonTopicsClient implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics.json");
    private static final int MOST_PENDING = 10_000;
    /** The refusals of subscriptions that end by themselves. */
    private static final Set<String> TEMPORARY = Set.of("backplane_away", "backplane_uncertain", "too_many_topics");
    /** The longest wait before the first request after a temporary refusal. It doubles with each further one. */
    private static final long MIN_DELAY_MILLIS = 1000;
    private static final long MAX_DELAY_MILLIS = 30_000;
    private static final int MOST_DOUBLINGS = 5;

    private final ReconnectingClient connections;
    /** By the topic or filter. Changed under the lock. */
    private final Map<String, TopicSubscription> subscriptions = new ConcurrentHashMap<>();
    /** Requests that wait for their answer, except for subscriptions. */
    private final Map<Long, CompletableFuture<JsonObject>> pending = new ConcurrentHashMap<>();

    /** Puts requests in one order. Nothing under it waits for the peer. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private @Nullable WebSocketConnection open;
    private long lastId;

    /**
     * The number of messages from the history that still come, by topic, also if their subscription has ended. For the thread that
     * receives.
     */
    private final Map<String, Integer> replaying = new HashMap<>();

    private JsonTopicsClient(ReconnectingClientBuilder connections) {
        this.connections = connections.start(this::serve);
    }

    /** Starts to connect. Does not wait. */
    public static JsonTopicsClient start(ReconnectingClientBuilder connections) {
        return new JsonTopicsClient(connections);
    }

    // Any thread.

    /** Subscribes to messages that are published from now on. */
    public TopicSubscription subscribe(String topic, TopicListener listener) {
        return subscribe(topic, TopicOptions.DEFAULT, listener);
    }

    /**
     * Subscribes to a topic, or to a filter with wildcards if the server allows it: now or as soon as there is a
     * connection, and again on each further connection, then from the last message that the listener has got.
     *
     * @throws IllegalStateException    if there is a subscription to this topic or filter already
     * @throws IllegalArgumentException if the topic has an unpaired surrogate
     */
    public TopicSubscription subscribe(String topic, TopicOptions options, TopicListener listener) {
        TopicSubscription added = new TopicSubscription(this, topic, options, Objects.requireNonNull(listener));
        // Before it is known: otherwise, a request that cannot be sent would end each connection.
        encode(added.begin(0));
        lock.lock();
        try {
            if (subscriptions.putIfAbsent(topic, added) != null) {
                throw new IllegalStateException("subscribed to " + topic + " already");
            }
            if (open != null) {
                request(open, added);
            }
        } finally {
            lock.unlock();
        }
        return added;
    }

    void unsubscribe(TopicSubscription ended) {
        lock.lock();
        try {
            if (subscriptions.remove(ended.topic(), ended)) {
                ended.end();
                if (open != null) {
                    open.trySend(encode(new ClientRequest.Unsubscribe(++lastId, ended.topic())));
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Publishes a payload. It is sent once: this client repeats no publication, neither on another connection nor after a temporary
     * refusal.
     *
     * @param json one JSON value
     * @return the position of the message. Fails with {@link TopicRefusedException} if the server refuses it, and with another {@link
     *         IOException} if there is no connection, the server does not read, or the connection ends before the answer: then the
     *         message may have been published
     * @throws IllegalArgumentException if the text is not one JSON value within the limits of the subprotocol, or the topic has an
     *                                  unpaired surrogate
     */
    public CompletableFuture<Position> publish(String topic, String json) {
        return publish(topic, null, json);
    }

    /**
     * Publishes the latest value of a key: to a slow subscriber, it is sent in the place of an older one that still
     * waits, as {@link dev.weft.topics.Topics#publishLatest} says. Otherwise as {@link #publish}. A value whose
     * publication failed is not sent again either, because it could take the place of a newer one.
     *
     * @param key  1 to 255 characters, no control characters; the server refuses others as {@code invalid}
     * @param json one JSON value
     * @throws IllegalArgumentException as {@code publish}, or if the key has an unpaired surrogate
     */
    public CompletableFuture<Position> publishLatest(String topic, String key, String json) {
        return publish(topic, Objects.requireNonNull(key), json);
    }

    private CompletableFuture<Position> publish(String topic, @Nullable String key, String json) {
        try {
            JsonText.checkValue(json);
        } catch (InvalidJsonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getMessage());
        }
        return ask(id -> new ClientRequest.Publish(id, topic, key, json), answer -> answer.position("position"));
    }

    /**
     * Asks for the members of a topic. Only for topics to which this client is subscribed. Fails as {@link #publish}.
     *
     * @throws IllegalArgumentException if the topic has an unpaired surrogate
     */
    public CompletableFuture<TopicMembers> presence(String topic) {
        return ask(id -> new ClientRequest.Presence(id, topic), JsonTopicsClient::members);
    }

    private static TopicMembers members(JsonObject answer) throws InvalidMessageException {
        return new TopicMembers(JsonText.strings(answer.text("members")),
                (int) answer.integer("count", 0, Integer.MAX_VALUE));
    }

    /** The open connection; empty during a gap. */
    public Optional<WebSocketConnection> connection() {
        return connections.connection();
    }

    /** Ends all subscriptions, and closes the connection with 1001. */
    @Override
    public void close() {
        connections.close();
    }

    private interface Answer<T> {
        T of(JsonObject answer) throws InvalidMessageException;
    }

    private <T> CompletableFuture<T> ask(LongFunction<ClientRequest> request, Answer<T> answer) {
        CompletableFuture<JsonObject> asked = new CompletableFuture<>();
        lock.lock();
        try {
            long id = ++lastId;
            // First, because it may throw.
            PreparedMessage message = encode(request.apply(id));
            if (open == null) {
                asked.completeExceptionally(new IOException("not connected"));
            } else if (pending.size() >= MOST_PENDING) {
                asked.completeExceptionally(new IOException(MOST_PENDING + " requests wait for their answers"));
            } else {
                pending.put(id, asked);
                SendResult sent = open.trySend(message);
                if (!sent.isAccepted()) {
                    pending.remove(id);
                    asked.completeExceptionally(new IOException("not sent: " + sent));
                }
            }
        } finally {
            lock.unlock();
        }
        return asked.thenCompose(received -> {
            try {
                return CompletableFuture.completedFuture(answer.of(received));
            } catch (InvalidMessageException e) {
                return CompletableFuture.failedFuture(new IOException("invalid answer: " + e.getMessage()));
            }
        });
    }

    /** @throws IllegalArgumentException if a text in the request has an unpaired surrogate */
    private static PreparedMessage encode(ClientRequest request) {
        return PreparedMessage.text(Envelope.request(request));
    }

    /** Under the lock. If it cannot be sent, the next connection has to do it. */
    private void request(WebSocketConnection connection, TopicSubscription subscription) {
        SendResult sent = connection.trySend(encode(subscription.begin(++lastId)));
        if (!sent.isAccepted()) {
            connection.abort();
        }
    }

    // The thread that receives.

    private void serve(WebSocketConnection connection) throws IOException {
        if (connection.subprotocol().filter(JsonTopics.SUBPROTOCOL::equals).isEmpty()) {
            throw new IOException("the server does not speak " + JsonTopics.SUBPROTOCOL);
        }
        begin(connection);
        try {
            while (true) {
                Message message = connection.receive();
                if (message instanceof Message.Close) {
                    return;
                }
                received(connection, message);
            }
        } finally {
            end();
        }
    }

    private void begin(WebSocketConnection connection) {
        replaying.clear();
        lock.lock();
        try {
            open = connection;
            subscriptions.values().forEach(each -> request(connection, each));
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        List<CompletableFuture<JsonObject>> unanswered;
        lock.lock();
        try {
            open = null;
            subscriptions.values().forEach(TopicSubscription::end);
            unanswered = List.copyOf(pending.values());
            pending.clear();
        } finally {
            lock.unlock();
        }
        unanswered.forEach(
                each -> each.completeExceptionally(new IOException("the connection has ended before the answer")));
    }

    private void received(WebSocketConnection connection, Message message) {
        try {
            if (message instanceof Message.Text(String text)) {
                received(JsonObject.parse(text));
            } else {
                throw new InvalidMessageException("a binary message");
            }
        } catch (InvalidJsonException | InvalidMessageException e) {
            LOGGER.log(Level.WARNING, "the server has sent an invalid message: {0}", e.getMessage());
            connection.close(CloseCode.INVALID_FRAME_PAYLOAD_DATA, "");
        }
    }

    private void received(JsonObject message) throws InvalidMessageException {
        switch (message.string("type")) {
            case "message" -> message(message);
            case "gap" -> gap(message);
            case "subscribed" -> subscribed(message);
            case "presence" -> {
                if (message.has("id")) {
                    answered(message);
                } else {
                    TopicSubscription watching = subscription(message);
                    if (watching != null) {
                        watching.members(members(message));
                    }
                }
            }
            case "joined", "left" -> {
                TopicSubscription watching = subscription(message);
                if (watching != null) {
                    watching.changed(message.string("member"), message.string("type").equals("joined"));
                }
            }
            case "published" -> answered(message);
            case "error" -> refused(message);
            default -> {} // for later versions of the server, and what needs no answer
        }
    }

    private @Nullable TopicSubscription subscription(JsonObject message) throws InvalidMessageException {
        return subscriptions.get(message.string("topic"));
    }

    private void subscribed(JsonObject answer) throws InvalidMessageException {
        int messages = answer.has("messages") ? (int) answer.integer("messages", 0, Integer.MAX_VALUE) : 0;
        if (messages > 0) {
            if (replaying.size() >= MOST_PENDING) {
                throw new InvalidMessageException("more than " + MOST_PENDING + " histories at a time");
            }
            replaying.put(answer.string("topic"), messages);
        }
        TopicSubscription begun = subscription(answer);
        if (begun != null && begun.request() == answer.id()) {
            begun.subscribed(answer, messages);
        }
    }

    /** A message that is replayed is for the subscription that asked for it, and no other, even if that one has ended. */
    private void message(JsonObject received) throws InvalidMessageException {
        TopicMessage message = new TopicMessage(received.string("topic"), received.position("position"),
                received.text("data"), received.has("encoding"), received.has("latest") && received.bool("latest"));
        TopicSubscription exact = subscriptions.get(message.topic());
        boolean replayed = replaying.containsKey(message.topic());
        replaying.computeIfPresent(message.topic(), (topic, left) -> left == 1 ? null : left - 1);
        for (TopicSubscription each : subscriptions.values()) {
            if (each.isActive() && (each == exact || !replayed && each.matches(message.topic()))) {
                each.message(message);
            }
        }
    }

    /** Of a topic, or of a filter, for which the server cannot know the topics. */
    private void gap(JsonObject notice) throws InvalidMessageException {
        String topic = notice.string("topic");
        for (TopicSubscription each : subscriptions.values()) {
            if (each.isActive() && each.matches(topic)) {
                each.gap(notice);
            }
        }
    }

    private void answered(JsonObject message) throws InvalidMessageException {
        CompletableFuture<JsonObject> asked = pending.remove(message.id());
        if (asked != null) {
            asked.complete(message);
        }
    }

    private void refused(JsonObject message) throws InvalidMessageException {
        String code = message.string("code");
        String text = message.string("message");
        CompletableFuture<JsonObject> asked = pending.remove(message.id());
        if (asked != null) {
            asked.completeExceptionally(new TopicRefusedException(code, text));
            return;
        }
        for (TopicSubscription each : subscriptions.values()) {
            if (message.id() != 0 && each.request() == message.id()) {
                if (TEMPORARY.contains(code)) {
                    requestLater(each, message.id());
                } else {
                    each.refused(code, text);
                }
                return;
            }
        }
        LOGGER.log(Level.WARNING, "the server has refused a request: {0}: {1}", code, text);
    }

    /** At random, and later after each refusal, so that the clients of a broker that is back do not all come at once. */
    private void requestLater(TopicSubscription refused, long refusedRequest) {
        long most = Math.min(MAX_DELAY_MILLIS,
                MIN_DELAY_MILLIS << Math.min(refused.refusedForNow(), MOST_DOUBLINGS));
        CompletableFuture.delayedExecutor(ThreadLocalRandom.current().nextLong(most), TimeUnit.MILLISECONDS,
                task -> Thread.ofVirtual().name("weft-topics-retry").start(task))
                .execute(() -> requestAgain(refused, refusedRequest));
    }

    /** The number of a request is no longer that of the subscription if either it or its connection has ended. */
    private void requestAgain(TopicSubscription refused, long refusedRequest) {
        lock.lock();
        try {
            if (open != null && refused.request() == refusedRequest) {
                request(open, refused);
            }
        } finally {
            lock.unlock();
        }
    }
}
