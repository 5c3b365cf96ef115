package dev.weft.examples.chat;

import dev.weft.HandshakeRequest;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.HttpRequest;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** A chat: sign in, then talk in a room. Each room has a path; what a client sends as text is what its user says there. */
public final class Chat {
    private static final int MAX_USERS = 100_000;
    /** When there are more, those are forgotten that nobody is in. */
    private static final int MAX_ROOMS = 200;

    private final Map<String, String> usersByToken = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > MAX_USERS;
        }
    });
    private final Map<String, Room> rooms = new ConcurrentHashMap<>();

    /** Runs the chat. The argument is the port. */
    public static void main(String[] arguments) throws Exception {
        try (WebSocketServer server = server().port(Integer.parseInt(arguments[0])).shutdownHook(true).start()) {
            System.out.println("Chat at http://127.0.0.1:" + server.port() + "/");
            server.awaitTermination();
        }
    }

    static WebSocketServerBuilder server() {
        Chat chat = new Chat();
        return WebSocketServer.builder()
                .endpoint("/chat/{room}", Endpoint.of(chat::serve)
                        .policy(HandshakePolicy.sameOrigin().and(chat::requireUser))
                        .maxMessageSize(4 << 10))
                .http("POST", "/sign-in", chat::signIn)
                .files("/", StaticFiles.onClassPath(Chat.class, "web/chat"));
    }

    /** Gives a user a token, as a cookie for browsers and as text for others. A real chat would ask for a password here. */
    private HttpResponse signIn(HttpRequest request) throws IOException {
        String user = request.form().first("user").orElse("").strip();
        if (user.isEmpty() || user.length() > 40) {
            return HttpResponse.text(400, "A name has 1 to 40 characters");
        }
        String token = UUID.randomUUID().toString();
        usersByToken.put(token, user);
        return HttpResponse.text(200, token)
                .withHeader("Set-Cookie", "token=" + token + "; HttpOnly; SameSite=Strict; Path=/");
    }

    private HandshakeDecision requireUser(HandshakeRequest request) {
        String token = request.query().first("token").orElse(request.cookies().getOrDefault("token", ""));
        String user = usersByToken.get(token);
        return user == null
                ? HandshakeDecision.reject(401, "sign in first")
                : HandshakeDecision.accept().withAttachment(user);
    }

    private void serve(WebSocketConnection connection) throws IOException {
        String name = connection.request().pathParameter("room");
        String user = connection.attachment(String.class).orElseThrow();
        Room room = rooms.compute(name, (key, known) -> (known == null ? new Room() : known).enter(connection, user));
        try {
            while (connection.receive() instanceof Message.Text(String text)) {
                room.say(user, text);
            }
        } finally {
            rooms.computeIfPresent(name,
                    (key, known) -> known.leave(connection) && rooms.size() > MAX_ROOMS ? null : known);
        }
    }
}
