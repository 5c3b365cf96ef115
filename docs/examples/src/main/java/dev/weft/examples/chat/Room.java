package dev.weft.examples.chat;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/** Who is in a room, and what was said in it last. Nothing here waits for a member, so one lock is enough. */
final class Room {
    private static final int HISTORY_LENGTH = 50;
    private static final JsonMapper JSON = new JsonMapper();

    /** Users by connection: a user with two windows is in the room once. */
    private final Map<WebSocketConnection, String> members = new LinkedHashMap<>();
    private final Deque<Map<String, String>> history = new ArrayDeque<>();

    synchronized Room enter(WebSocketConnection connection, String user) {
        if (!members.containsValue(user)) {
            broadcast(Map.of("type", "joined", "user", user));
        }
        members.put(connection, user);
        send(connection, message(
                Map.of("type", "welcome", "user", user, "members", Set.copyOf(members.values()), "history", history)));
        return this;
    }

    synchronized void say(String user, String text) {
        Map<String, String> said = Map.of("type", "said", "user", user, "text", text, "at", Instant.now().toString());
        history.add(said);
        if (history.size() > HISTORY_LENGTH) {
            history.remove();
        }
        broadcast(said);
    }

    /** Returns whether the room is empty now. */
    synchronized boolean leave(WebSocketConnection connection) {
        String user = members.remove(connection);
        if (!members.containsValue(user)) {
            broadcast(Map.of("type", "left", "user", user));
        }
        return members.isEmpty();
    }

    private void broadcast(Map<String, String> event) {
        PreparedMessage message = message(event); // encoded and compressed once for all
        members.keySet().forEach(member -> send(member, message));
    }

    private static PreparedMessage message(Map<String, ?> event) {
        return PreparedMessage.text(JSON.writeValueAsString(event));
    }

    /** Closes a member that has stopped reading. It may come back: the history has what it missed. */
    private static void send(WebSocketConnection member, PreparedMessage message) {
        if (!member.trySend(message).isAccepted()) {
            member.close(1013, "too slow");
        }
    }
}
