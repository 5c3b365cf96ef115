package dev.weft.topics;

import dev.weft.PreparedMessage;
import java.time.Instant;

/** A message as it was published. Immutable. */
public final class Publication {
    private final String topic;
    private final Position position;
    private final Instant time;
    private final PreparedMessage message;

    Publication(String topic, Position position, Instant time, PreparedMessage message) {
        this.topic = topic;
        this.position = position;
        this.time = time;
        this.message = message;
    }

    /** The topic to which the message was published. */
    public String topic() {
        return topic;
    }

    /** The place of the message in its topic. */
    public Position position() {
        return position;
    }

    /** When the message was published. */
    public Instant time() {
        return time;
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
