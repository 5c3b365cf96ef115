package dev.weft.topics.json;

import dev.weft.topics.Position;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a client asks of the server. Each request has an id, which its answer repeats; 0 if a publication wants no answer. */
sealed interface ClientRequest {
    /** The most messages of the history that a client can ask for. */
    int MOST_MESSAGES = 10_000;

    long id();

    /** Messages of a topic, or of all topics that match a filter. */
    record Subscribe(long id, String topic, @Nullable Position since, int last,
            boolean presence) implements ClientRequest {}

    record Unsubscribe(long id, String topic) implements ClientRequest {}

    /** A message, or the latest value of a key. */
    record Publish(long id, String topic, @Nullable String key, String data) implements ClientRequest {}

    /** Who is there. */
    record Presence(long id, String topic) implements ClientRequest {}

    record Ping(long id) implements ClientRequest {}

    /** Reads a request. */
    static ClientRequest of(JsonObject message) throws InvalidMessageException {
        String type = message.string("type");
        return switch (type) {
            case "subscribe" -> subscribe(message);
            case "unsubscribe" -> {
                message.allow(Set.of("type", "id", "topic"));
                yield new Unsubscribe(requiredId(message), message.string("topic"));
            }
            case "publish" -> {
                message.allow(Set.of("type", "id", "topic", "key", "data"));
                yield new Publish(message.id(), message.string("topic"),
                        message.has("key") ? message.string("key") : null, message.text("data"));
            }
            case "presence" -> {
                message.allow(Set.of("type", "id", "topic"));
                yield new Presence(requiredId(message), message.string("topic"));
            }
            case "ping" -> {
                message.allow(Set.of("type", "id"));
                yield new Ping(requiredId(message));
            }
            default -> throw new InvalidMessageException("unknown type '" + JsonObject.shown(type) + "'");
        };
    }

    private static Subscribe subscribe(JsonObject message) throws InvalidMessageException {
        message.allow(Set.of("type", "id", "topic", "since", "last", "presence"));
        String topic = message.string("topic");
        boolean fromHistory = message.has("since") || message.has("last");
        boolean presence = message.has("presence") && message.bool("presence");
        if (message.has("since") && message.has("last")) {
            throw new InvalidMessageException("'since' and 'last' exclude each other");
        }
        if (TopicFilter.hasWildcard(topic) && (fromHistory || presence)) {
            throw new InvalidMessageException("'since', 'last' and 'presence' need a topic without wildcards");
        }
        return new Subscribe(requiredId(message), topic, message.has("since") ? message.position("since") : null,
                message.has("last") ? (int) message.integer("last", 1, MOST_MESSAGES) : 0, presence);
    }

    private static long requiredId(JsonObject message) throws InvalidMessageException {
        message.text("id");
        return message.id();
    }
}
