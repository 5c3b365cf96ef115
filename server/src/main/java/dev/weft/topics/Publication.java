package dev.weft.topics;

import dev.weft.PreparedMessage;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A message as it was published. Immutable. */
public final class Publication {
    private final String topic;
    private final Position position;
    private final Instant time;
    private final @Nullable String key;
    private final PreparedMessage message;

    Publication(String topic, Position position, Instant time, @Nullable String key, PreparedMessage message) {
        this.topic = topic;
        this.position = position;
        this.time = time;
        this.key = key;
        this.message = message;
    }

    /** A message of the broker, at a position that is the broker's or the topic's own. */
    Publication(BackplaneMessage message, Position position) {
        this(message.topic(), position, message.time(), message.key().orElse(null), message.message());
    }

    /** The topic to which the message was published. */
    public String topic() {
        return topic;
    }

    /** The place of the message in its topic. */
    public Position position() {
        return position;
    }

    /** The time at which the message was published. */
    public Instant time() {
        return time;
    }

    /**
     * The key of a value that was published by {@link Topics#publishLatest}; empty for other messages. A newer value of the
     * key can be sent in the place of an older one that still waits, so before messages that were published earlier. A client
     * that recovers by position must therefore not store the position of such a message.
     */
    public Optional<String> key() {
        return Optional.ofNullable(key);
    }

    /** The message. */
    public PreparedMessage message() {
        return message;
    }

    @Override
    public String toString() {
        return "Publication[" + topic + " " + position + ", " + message.length() + " bytes]";
    }
}
