package dev.weft.topics.json;

import dev.weft.topics.Position;

/** A message that {@link JsonTopicsClient} has received. Immutable. */
public final class TopicMessage {
    private final String topic;
    private final Position position;
    private final String data;
    private final boolean base64;
    private final boolean latest;

    TopicMessage(String topic, Position position, String data, boolean base64, boolean latest) {
        this.topic = topic;
        this.position = position;
        this.data = data;
        this.base64 = base64;
        this.latest = latest;
    }

    /** The topic to which the message was published. */
    public String topic() {
        return topic;
    }

    /** The place of the message in its topic. */
    public Position position() {
        return position;
    }

    /** The payload: one JSON value, as text. */
    public String data() {
        return data;
    }

    /**
     * Whether the message was published as a binary message: then {@link #data()} is a string with its bytes in Base64.
     */
    public boolean isBase64() {
        return base64;
    }

    /**
     * Whether the message is the latest value of a key, which the application or a client has published as such
     * ({@link dev.weft.topics.Topics#publishLatest}). It may then arrive before messages that were published earlier,
     * so a client must not continue from its position. It may also arrive again after the client has reconnected.
     */
    public boolean isLatest() {
        return latest;
    }

    @Override
    public String toString() {
        return "TopicMessage[" + topic + " " + position + ", " + data.length() + " characters]";
    }
}
