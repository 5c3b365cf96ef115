package dev.weft.topics.json;

import dev.weft.topics.Position;

/** A message that {@link JsonTopicsClient} has received. Immutable. */
public final class TopicMessage {
    private final String topic;
    private final Position position;
    private final String data;
    private final boolean base64;

    TopicMessage(String topic, Position position, String data, boolean base64) {
        this.topic = topic;
        this.position = position;
        this.data = data;
        this.base64 = base64;
    }

    /** The topic to which it was published. */
    public String topic() {
        return topic;
    }

    /** Its place in its topic. */
    public Position position() {
        return position;
    }

    /** The payload: one JSON value, as text. */
    public String data() {
        return data;
    }

    /** Whether it was published as a binary message: then {@link #data()} is a string with its bytes in Base64. */
    public boolean isBase64() {
        return base64;
    }

    @Override
    public String toString() {
        return "TopicMessage[" + topic + " " + position + ", " + data.length() + " characters]";
    }
}
