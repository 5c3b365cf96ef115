package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.Backplane;
import dev.weft.topics.Position;
import dev.weft.topics.Publication;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.TopicException;
import dev.weft.topics.TopicException.Reason;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A node as a process. Its clients speak in lines of text. They send {@code S topic [position]} to subscribe, and {@code P
 * number topic payload} to publish. They get {@code S topic recovery position} when subscribed, {@code M topic position
 * payload} for each message, {@code G topic} for a gap; {@code A number}, {@code F number} or {@code U number} for a
 * publication that was accepted, has failed, or is uncertain; and {@code X topic} for a subscription that has failed.
 */
public final class TopicsNode {
    private static final SubscribeOptions NUMBERED = SubscribeOptions.DEFAULT
            .greeting(it -> PreparedMessage.text("S " + it.filter() + " " + it.recovery() + " " + it.start()))
            .format(TopicsNode::formatted)
            .gapNotice(it -> PreparedMessage.text("G " + it.topic()));

    private TopicsNode() {}

    private static PreparedMessage formatted(Publication it) {
        return PreparedMessage.text("M " + it.topic() + " " + it.position() + " "
                + StandardCharsets.UTF_8.decode(it.message().payload()));
    }

    /** Takes the broker's kind, host and port, and the host and port to listen on; prints a line when it is ready. Ends with its input. */
    public static void main(String[] arguments) throws Exception {
        TestProcess.endWithInput();
        Backplane backplane = BrokerKind.valueOf(arguments[0]).backplane(
                new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2])), Duration.ofSeconds(1),
                Duration.ofSeconds(3));
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(1000).build()).backplane(backplane)
                .build();
        try (WebSocketServer server = WebSocketServer.builder().host(arguments[3]).port(Integer.parseInt(arguments[4]))
                .handler(connection -> serve(connection, topics)).start()) {
            System.out.println("ready");
            server.awaitTermination();
        }
    }

    private static void serve(WebSocketConnection connection, Topics topics) throws IOException {
        while (connection.receive() instanceof Message.Text(String line)) {
            String[] words = line.split(" ", 4);
            if (words[0].equals("S")) {
                subscribe(connection, topics, words);
            } else {
                publish(connection, topics, words);
            }
        }
    }

    private static void subscribe(WebSocketConnection connection, Topics topics, String[] words) throws IOException {
        try {
            topics.subscribe(connection, words[1],
                    words.length > 2 ? NUMBERED.since(Position.parse(words[2])) : NUMBERED);
        } catch (TopicException e) {
            connection.send("X " + words[1]);
        }
    }

    private static void publish(WebSocketConnection connection, Topics topics, String[] words) throws IOException {
        String answer;
        try {
            topics.publish(words[2], words[3]);
            answer = "A ";
        } catch (TopicException e) {
            answer = e.reason() == Reason.BACKPLANE_UNCERTAIN ? "U " : "F ";
        }
        connection.send(answer + words[1]);
    }
}
