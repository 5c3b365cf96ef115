package dev.weft.topics.json;

import dev.weft.WebSocketConnection;

/** Changes or refuses what clients publish, for example to add the user and the time. */
@FunctionalInterface
public interface PublishFilter {
    /** Publishes everything unchanged. */
    PublishFilter NONE = (from, topic, json) -> json;

    /**
     * Returns the value to publish in place of the one that a client has sent. Called on the thread of the client's
     * connection, before the {@link dev.weft.topics.TopicAuthorizer} is asked; may wait.
     *
     * @param from  the connection of the client
     * @param topic as the client has sent it: not necessarily a valid name
     * @param json  one JSON value, as the client has sent it
     * @return one JSON value within the limits of the subprotocol; anything else ends the connection with 1011
     * @throws IllegalArgumentException if the value must not be published: the client gets the error {@code refused}
     *                                  with the exception's message
     */
    String apply(WebSocketConnection from, String topic, String json);

    /**
     * Returns the value to publish in place of the latest value of a key that a client has sent. Otherwise as
     * {@link #apply}, which it calls by default. A value takes the place of a waiting one of the same key, whichever
     * client has published that one: if clients have keys of their own, this method must refuse all other keys.
     *
     * @param key as the client has sent it: not necessarily a valid one
     */
    default String applyLatest(WebSocketConnection from, String topic, String key, String json) {
        return apply(from, topic, json);
    }
}
