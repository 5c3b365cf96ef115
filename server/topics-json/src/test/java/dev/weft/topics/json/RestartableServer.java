package dev.weft.topics.json;

import dev.weft.WebSocketConnection;
import dev.weft.server.CloseOptions;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.TopicAuthorizer;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A server of topics that a test stops and starts again on the same port, with its topics or with new ones. */
final class RestartableServer implements AutoCloseable {
    static final int HISTORY = 100;
    /** Long enough for the Close frames to be answered. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Of the topics at {@code /brokered}, which stay when the server restarts. */
    private final FaultyBackplane broker = new FaultyBackplane();
    private final JsonTopics brokered = JsonTopics
            .builder(Topics.builder().limits(TopicLimits.builder().historyLength(HISTORY).build()).backplane(broker)
                    .member(connection -> connection.query().first("user").orElse("nobody")).build())
            .wildcards(true).build();
    private final Set<WebSocketConnection> open = ConcurrentHashMap.newKeySet();
    private WebSocketServer server;
    private Topics topics;
    private int port;

    RestartableServer() throws IOException {
        forget();
        start();
    }

    /** Begins with new topics, as after the end of the process. */
    void forget() {
        topics = Topics.builder().limits(TopicLimits.builder().historyLength(HISTORY).historySize(16 << 20).build())
                .member(connection -> connection.query().first("user").orElse("nobody"))
                .authorizer(new TopicAuthorizer() {
                    @Override
                    public boolean maySubscribe(WebSocketConnection connection, String filter) {
                        return !filter.startsWith("secret/");
                    }

                    @Override
                    public boolean mayPublish(WebSocketConnection connection, String topic) {
                        return !topic.startsWith("secret/");
                    }
                }).build();
    }

    void start() throws IOException {
        JsonTopics served = JsonTopics.builder(topics).wildcards(true).build();
        server = WebSocketServer.builder().port(port).sendBufferSize(16 << 10)
                .endpoint("/topics", served.endpoint().policy(HandshakePolicy.anyOrigin()).maxQueuedSize(256 << 10))
                .endpoint("/brokered", brokered.endpoint().policy(HandshakePolicy.anyOrigin()))
                .endpoint("/kept", Endpoint.of(ws -> {
                    open.add(ws);
                    ws.onClose(status -> open.remove(ws));
                    served.handle(ws);
                }).subprotocols(JsonTopics.SUBPROTOCOL).policy(HandshakePolicy.anyOrigin()))
                .start();
        port = server.port();
    }

    void stop() {
        server.close(CloseOptions.builder().grace(GRACE).build());
    }

    /** Cuts the connections to {@code /kept}. */
    void abort() {
        open.forEach(WebSocketConnection::abort);
    }

    /** Publishes these numbers. */
    void publish(String topic, int from, int to) {
        for (int i = from; i <= to; i++) {
            topics.publish(topic, Integer.toString(i));
        }
    }

    FaultyBackplane broker() {
        return broker;
    }

    Topics topics() {
        return topics;
    }

    URI uri(String pathAndQuery) {
        return URI.create("ws://127.0.0.1:" + port + pathAndQuery);
    }

    @Override
    public void close() {
        stop();
    }
}
