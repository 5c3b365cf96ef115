package dev.weft.topics;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import java.io.IOException;
import java.util.Optional;

/** Code of the javadoc. */
final class Snippets {
    private Snippets() {}

    static WebSocketHandler room() {
        // @start region="topics"
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(50).build()).build();
        WebSocketHandler room = ws -> {
            topics.subscribe(ws, "room/42", SubscribeOptions.DEFAULT.last(50));
            while (ws.receive() instanceof Message.Text(String text)) {
                topics.publish(ws, "room/42", PreparedMessage.text(text));
            }
        };
        // @end
        return room;
    }

    // @start region="recovery"
    /** How a room is sent: first what was recovered, and then each message with its position. */
    static final SubscribeOptions ROOM = SubscribeOptions.DEFAULT
            .greeting(it -> PreparedMessage.text(it.recovery() + " " + it.start()))
            .format(it -> PreparedMessage.text(it.position() + " " + it.topic()));

    /** For the path /rooms/{room}. A client that comes back says in the query which position it has got last. */
    static void serveRoom(WebSocketConnection ws, Topics topics) throws IOException {
        Optional<Position> since = ws.query().first("since").map(Position::parse);
        topics.subscribe(ws, "room/" + ws.request().pathParameter("room"), since.map(ROOM::since).orElse(ROOM));
        ws.awaitClose();
    }
    // @end
}
