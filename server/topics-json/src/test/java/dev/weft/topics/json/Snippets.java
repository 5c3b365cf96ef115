package dev.weft.topics.json;

import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.util.function.Consumer;

/** Code of the javadoc and of the guide. */
final class Snippets {
    private Snippets() {}

    static WebSocketServer server(int port) throws IOException {
        // @start region="server"
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(100).build()).build();
        WebSocketServer server = WebSocketServer.builder().port(port)
                .endpoint("/topics", JsonTopics.of(topics).endpoint())
                .files("/weft/", JsonTopics.clientScript())
                .start();
        topics.publish("prices", JsonTopics.message("{\"ACME\":101.5}"));
        // @end
        return server;
    }

    static JsonTopicsClient client(URI uri, Consumer<String> prices, Runnable reload) throws IOException {
        // @start region="client"
        WebSocketClient client = WebSocketClient.builder().subprotocols(JsonTopics.SUBPROTOCOL).build();
        JsonTopicsClient topics = JsonTopicsClient.start(ReconnectingClient.builder(client, uri));
        topics.subscribe("prices", TopicOptions.DEFAULT.last(1), new TopicListener() {
            @Override
            public void message(TopicMessage message) {
                prices.accept(message.data());
            }

            @Override
            public void gap() {
                reload.run();
            }
        });
        // @end
        return topics;
    }
}
