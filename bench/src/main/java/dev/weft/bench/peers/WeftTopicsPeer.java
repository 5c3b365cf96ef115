package dev.weft.bench.peers;

import dev.weft.MessageView;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.TransportKind;
import dev.weft.topics.Topics;
import java.io.IOException;

/** Weft, whose broadcast is a topic without history. */
public final class WeftTopicsPeer {
    private static final String TOPIC = "all";

    private final Topics topics = Topics.builder().build();

    private WeftTopicsPeer() {}

    /** Serves over the default transport. */
    public static void main(String[] args) throws Exception {
        WeftPeer.serve(args, TransportKind.LOOPS, new WeftTopicsPeer()::broadcast);
    }

    private void broadcast(WebSocketConnection connection) throws IOException {
        topics.subscribe(connection, TOPIC);
        for (MessageView message = connection.receiveView(); message != null; message = connection.receiveView()) {
            topics.publish(TOPIC, PreparedMessage.of(message));
        }
    }
}
