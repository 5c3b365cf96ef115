import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.server.Endpoint;
import dev.weft.server.EndpointProvider;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A chat with one room for each path. Run it with {@code scripts/echo --handler docs/examples/handlers/Chat.java --watch}. */
// @start region="chat-handler"
public class Chat implements EndpointProvider {
    private final Map<String, Set<WebSocketConnection>> rooms = new ConcurrentHashMap<>();

    @Override
    public Map<String, Endpoint> endpoints() {
        WebSocketHandler chat = ws -> {
            String name = ws.request().pathParameter("room");
            Set<WebSocketConnection> room = rooms.computeIfAbsent(name, key -> ConcurrentHashMap.newKeySet());
            room.add(ws);
            ws.onClose(status -> room.remove(ws));
            while (ws.receive() instanceof Message.Text(String text)) {
                PreparedMessage.text(text).broadcast(room);
            }
        };
        return Map.of("/chat/{room}", Endpoint.of(chat).maxMessageSize(4096));
    }
}
// @end
