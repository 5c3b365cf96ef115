package dev.weft.examples.chat;

import dev.weft.HandshakeRequest;
import dev.weft.WebSocketConnection;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.HttpRequest;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.topics.TopicAuthorizer;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import dev.weft.topics.json.JsonTopics;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A chat: sign in, then talk in rooms. Each room is a topic; what a client publishes as a string is what its user says there. */
public final class Chat implements TopicAuthorizer {
    private static final int MAX_USERS = 100_000;
    private static final JsonMapper JSON = new JsonMapper();

    private final Map<String, String> usersByToken = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > MAX_USERS;
        }
    });

    /** Runs the chat. The argument is the port. */
    public static void main(String[] arguments) throws Exception {
        try (WebSocketServer server = server().port(Integer.parseInt(arguments[0])).shutdownHook(true).start()) {
            System.out.println("Chat at http://127.0.0.1:" + server.port() + "/");
            server.awaitTermination();
        }
    }

    static WebSocketServerBuilder server() {
        Chat chat = new Chat();
        Topics rooms = Topics.builder().limits(TopicLimits.builder().historyLength(50).maxTopics(10_000).build())
                .member(Chat::user).authorizer(chat).build();
        return WebSocketServer.builder()
                .endpoint("/chat", JsonTopics.builder(rooms).publishFilter(Chat::said).build().endpoint()
                        .policy(HandshakePolicy.sameOrigin().and(chat::requireUser))
                        .maxMessageSize(4 << 10))
                .http("POST", "/sign-in", chat::signIn)
                .files("/weft/", JsonTopics.clientScript())
                .files("/", StaticFiles.onClassPath(Chat.class, "web/chat"));
    }

    /** Gives a user a token, as a cookie for browsers and as text for others. A real chat would ask for a password here. */
    private HttpResponse signIn(HttpRequest request) throws IOException {
        String user = request.form().first("user").orElse("").strip();
        if (!request.isSameOrigin() || user.isEmpty() || user.length() > 40) {
            return HttpResponse.text(400, "A name has 1 to 40 characters, and comes from the page of the chat");
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
                ? HandshakeDecision.reject(401, "sign in first").withHeader("WWW-Authenticate", "Bearer")
                : HandshakeDecision.accept().withAttachment(user);
    }

    private static String user(WebSocketConnection connection) {
        return connection.attachment(String.class).orElseThrow();
    }

    @Override
    public boolean maySubscribe(WebSocketConnection connection, String filter) {
        return filter.matches("room/[^/]{1,40}");
    }

    @Override
    public boolean mayPublish(WebSocketConnection connection, String topic) {
        return maySubscribe(connection, topic);
    }

    /** A client must not choose in whose name, or when, it speaks. */
    private static String said(WebSocketConnection from, String room, String json) {
        JsonNode text = JSON.readTree(json);
        if (!text.isString()) {
            throw new IllegalArgumentException("what is said is a string");
        }
        return JSON.writeValueAsString(
                Map.of("user", user(from), "text", text.stringValue(), "at", Instant.now().toString()));
    }
}
