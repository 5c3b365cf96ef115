package dev.weft.topics.json;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.CloseCode;
import dev.weft.server.Endpoint;
import dev.weft.server.StaticFiles;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.util.Objects;

/**
 * Serves topics to browsers and other clients that speak the subprotocol {@value #SUBPROTOCOL}: they subscribe,
 * unsubscribe, publish, recover the messages that they have missed, and see the members of a topic, with messages in
 * JSON. {@code docs/guides/topics-json.md} describes the messages. For any thread. {@snippet class =
 * "dev.weft.topics.json.Snippets" region = "server"} <b>Payloads</b> are JSON values, and are sent as they were
 * published. A message that the application publishes as a text that is not JSON reaches these clients as a string, and
 * a binary one as a string in Base64.
 * <p>
 * <b>Gaps.</b> If a {@link dev.weft.topics.Backplane} has lost messages for good, clients get a notice, and stay
 * connected.
 * <p>
 * <b>Slow clients.</b> If a client reads too slowly, its connection is closed with 1013. It reconnects, and asks for
 * the messages that it has missed. An {@link dev.weft.OverflowPolicy} that drops messages must not be set for these
 * connections, because it could drop answers.
 */
public final class JsonTopics implements WebSocketHandler {
    /** The name and version of the subprotocol, for {@code Sec-WebSocket-Protocol}. */
    public static final String SUBPROTOCOL = "v1.topics.weft.dev";

    private static final int MAX_REQUEST_SIZE = 64 << 10;

    private final Topics topics;
    private final boolean wildcards;
    private final PublishFilter publishFilter;
    private final PresenceWatch watch;

    private JsonTopics(Builder builder) {
        this.topics = builder.topics;
        this.wildcards = builder.wildcards;
        this.publishFilter = builder.publishFilter;
        this.watch = new PresenceWatch(topics, builder.maxMembers);
        topics.addPresenceListener(watch);
    }

    /** Serves these topics, with the default settings. */
    public static JsonTopics of(Topics topics) {
        return builder(topics).build();
    }

    /** Collects the settings. */
    public static Builder builder(Topics topics) {
        return new Builder(topics);
    }

    /** Returns an endpoint with this handler, the subprotocol, and a {@code maxMessageSize} of 64 KiB. */
    public Endpoint endpoint() {
        return Endpoint.of(this).subprotocols(SUBPROTOCOL).maxMessageSize(MAX_REQUEST_SIZE);
    }

    /**
     * The client for browsers and Node.js, for {@link dev.weft.server.WebSocketServerBuilder#files}: {@code weft-topics.mjs},
     * an ECMAScript module without dependencies.
     */
    public static StaticFiles clientScript() {
        return StaticFiles.onClassPath(JsonTopics.class, "META-INF/weft-topics");
    }

    /**
     * Serves a connection until it ends. If the handshake did not agree on the subprotocol, closes the connection with
     * 1002. A handler of the application can do other work and then call this method.
     *
     * @throws IOException as {@link WebSocketConnection#receive()}
     */
    @Override
    public void handle(WebSocketConnection connection) throws IOException {
        if (connection.subprotocol().filter(SUBPROTOCOL::equals).isEmpty()) {
            connection.close(CloseCode.PROTOCOL_ERROR, "the subprotocol " + SUBPROTOCOL + " is required");
            return;
        }
        new JsonSession(this, connection).run();
    }

    /**
     * Returns a message for {@link Topics#publish(String, PreparedMessage)}. Does not wait.
     *
     * @throws IllegalArgumentException if the text is not one JSON value within the limits of the subprotocol
     */
    public static PreparedMessage message(String json) {
        try {
            JsonText.checkValue(json);
        } catch (InvalidJsonException e) {
            throw new IllegalArgumentException("not JSON: " + e.getMessage());
        }
        return PreparedMessage.text(json);
    }

    // For a session.

    Topics topics() {
        return topics;
    }

    boolean wildcards() {
        return wildcards;
    }

    PresenceWatch watch() {
        return watch;
    }

    String filter(WebSocketConnection from, ClientRequest.Publish request) {
        String published = request.key() == null
                ? publishFilter.apply(from, request.topic(), request.data())
                : publishFilter.applyLatest(from, request.topic(), request.key(), request.data());
        if (!published.equals(request.data()) && !JsonText.isValue(published)) {
            throw new IllegalStateException("the publish filter has returned what is not JSON");
        }
        return published;
    }

    /** Collects the settings of {@link JsonTopics}. Not thread-safe. */
    public static final class Builder {
        private final Topics topics;
        private boolean wildcards;
        private PublishFilter publishFilter = PublishFilter.NONE;
        private int maxMembers = 1000;

        private Builder(Topics topics) {
            this.topics = Objects.requireNonNull(topics);
        }

        /**
         * Sets whether clients may subscribe to filters with wildcards. Default: no. If they may, the
         * {@link dev.weft.topics.TopicAuthorizer} must refuse filters that match topics which the client may not see.
         */
        public Builder wildcards(boolean allowed) {
            wildcards = allowed;
            return this;
        }

        /**
         * Sets the filter that can change or refuse what clients publish. Default: everything is published unchanged.
         */
        public Builder publishFilter(PublishFilter filter) {
            publishFilter = Objects.requireNonNull(filter);
            return this;
        }

        /**
         * Sets the maximum number of members in a list of members; clients also get the number of all members. At least
         * 0. Default 1,000.
         *
         * @throws IllegalArgumentException if the number is out of bounds
         */
        public Builder maxMembers(int count) {
            if (count < 0) {
                throw new IllegalArgumentException("maxMembers must be 0 or more, not " + count);
            }
            maxMembers = count;
            return this;
        }

        /** Returns the handler. The topics keep it for as long as they exist. */
        public JsonTopics build() {
            return new JsonTopics(this);
        }
    }
}
