package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.server.Endpoint;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.Position;
import dev.weft.topics.Publication;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.TopicException;
import dev.weft.topics.TopicException.Reason;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import dev.weft.topics.json.JsonTopics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Collectors;

/**
 * A node as a process, with two groups of topics: one with a history, at {@code /} and {@code /values}, where the system's
 * send buffer is small, and for clients of {@link JsonTopics} at {@code /json}; and one without at {@code /bare}. A connection
 * belongs to the {@code member} of its query. Clients speak in lines of text, except for those of JsonTopics:
 * <pre>
 * client                          node
 * S filter [position]             S filter recovery position       subscribed
 *                                 X filter                         it has failed
 *                                 M topic position payload         a message; the position of a latest value is -
 *                                 G filter                         a gap
 * P number topic payload          A number, F number, U number     published: accepted, has failed, uncertain
 * L number topic key payload      as P                             the latest value of the key
 * W topic                         W topic member=connections ...   who is there; or X topic
 * </pre>
 */
public final class TopicsNode {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final Duration NODE_TIMEOUT = Duration.ofSeconds(3);
    private static final int HISTORY = 1000;
    private static final int SMALL_BUFFER = 4096;
    private static final SubscribeOptions NUMBERED = SubscribeOptions.DEFAULT
            .greeting(it -> PreparedMessage.text("S " + it.filter() + " " + it.recovery() + " " + it.start()))
            .format(TopicsNode::formatted)
            .gapNotice(it -> PreparedMessage.text("G " + it.topic()));

    private final Topics topics;

    private TopicsNode(Topics topics) {
        this.topics = topics;
    }

    private static PreparedMessage formatted(Publication it) {
        String position = it.key().isPresent() ? "-" : it.position().toString();
        return PreparedMessage.text("M " + it.topic() + " " + position + " "
                + StandardCharsets.UTF_8.decode(it.message().payload()));
    }

    /** Takes the broker's kind, host and port, and the host and port to listen on; prints a line when it is ready. Ends with its input. */
    public static void main(String[] arguments) throws Exception {
        TestProcess.endWithInput();
        BrokerKind kind = BrokerKind.valueOf(arguments[0]);
        InetSocketAddress broker = new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2]));
        Topics kept = topics(kind, broker, "kept", HISTORY)
                .member(connection -> connection.query().first("member").orElse("nobody")).build();
        TopicsNode node = new TopicsNode(kept);
        TopicsNode bare = new TopicsNode(topics(kind, broker, "bare", 0).build());
        try (WebSocketServer server = WebSocketServer.builder().host(arguments[3]).port(Integer.parseInt(arguments[4]))
                .endpoint("/", node::serve)
                .endpoint("/values", Endpoint.of(node::serve).sendBufferSize(SMALL_BUFFER))
                .endpoint("/json", JsonTopics.builder(kept).wildcards(true).build().endpoint())
                .endpoint("/bare", bare::serve).start()) {
            System.out.println("ready");
            server.awaitTermination();
        }
    }

    private static Topics.Builder topics(BrokerKind kind, InetSocketAddress broker, String prefix, int historyLength) {
        return Topics.builder().limits(TopicLimits.builder().historyLength(historyLength).build())
                .backplane(kind.backplane(broker, prefix, TIMEOUT, NODE_TIMEOUT));
    }

    private void serve(WebSocketConnection connection) throws IOException {
        while (connection.receive() instanceof Message.Text(String line)) {
            String[] words = line.split(" ", 5);
            switch (words[0]) {
                case "S" -> subscribe(connection, words);
                case "P" -> publish(connection, words[1], () -> topics.publish(words[2], words[3]));
                case "L" -> publish(connection, words[1],
                        () -> topics.publishLatest(words[2], words[3], PreparedMessage.text(words[4])));
                default -> tellMembers(connection, words[1]);
            }
        }
    }

    private void subscribe(WebSocketConnection connection, String[] words) throws IOException {
        try {
            topics.subscribeMatching(connection, words[1],
                    words.length > 2 ? NUMBERED.since(Position.parse(words[2])) : NUMBERED);
        } catch (TopicException e) {
            connection.send("X " + words[1]);
        }
    }

    private static void publish(WebSocketConnection connection, String number, Runnable publication)
            throws IOException {
        String answer;
        try {
            publication.run();
            answer = "A ";
        } catch (TopicException e) {
            answer = e.reason() == Reason.BACKPLANE_UNCERTAIN ? "U " : "F ";
        }
        connection.send(answer + number);
    }

    private void tellMembers(WebSocketConnection connection, String topic) throws IOException {
        try {
            connection.send("W " + topic + " " + topics.presence(topic).entrySet().stream()
                    .map(each -> each.getKey() + "=" + each.getValue()).collect(Collectors.joining(" ")));
        } catch (TopicException e) {
            connection.send("X " + topic);
        }
    }
}
