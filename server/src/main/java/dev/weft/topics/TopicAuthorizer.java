package dev.weft.topics;

import dev.weft.WebSocketConnection;

/**
 * Decides which connection may subscribe and publish. Called by the thread that subscribes or publishes, before
 * anything else; may wait. An exception that it throws reaches the caller, and nothing is subscribed or published.
 */
public interface TopicAuthorizer {
    /** Allows everything. */
    TopicAuthorizer ALL = new TopicAuthorizer() {
        @Override
        public boolean maySubscribe(WebSocketConnection connection, String filter) {
            return true;
        }

        @Override
        public boolean mayPublish(WebSocketConnection connection, String topic) {
            return true;
        }
    };

    /** Whether the connection may subscribe to a filter. The filter is valid, and may contain wildcards. */
    boolean maySubscribe(WebSocketConnection connection, String filter);

    /** Whether the connection may publish to a topic. */
    boolean mayPublish(WebSocketConnection connection, String topic);
}
