package dev.weft.examples.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.TestClient;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

@Timeout(120)
class ChatTest {
    private HttpClient http;
    private WebSocketServer server;

    @BeforeEach
    void start() throws IOException {
        http = HttpClient.newHttpClient();
        server = Chat.start(0);
    }

    @AfterEach
    void stop() {
        http.shutdownNow();
        server.close();
    }

    private HttpResponse<String> signIn(String form) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/sign-in"))
                .timeout(Duration.ofSeconds(30)).POST(HttpRequest.BodyPublishers.ofString(form)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Enters a room as this user, by a token. */
    private TestClient enter(String room, String user) throws IOException, InterruptedException {
        String token = signIn("user=" + user).body();
        return TestClient.connect(http, server.port(), "/chat/" + room + "?token=" + token);
    }

    private static void assertEvent(String type, String user, TestClient client) throws InterruptedException {
        JsonNode event = client.json();
        assertEquals(type + " " + user, event.get("type").asString() + " " + event.get("user").asString(),
                event::toString);
    }

    private static void assertSaid(String user, String text, JsonNode event) {
        assertEquals(List.of("said", user, text), List.of(event.get("type").asString(), event.get("user").asString(),
                event.get("text").asString()));
    }

    private static List<String> strings(JsonNode array) {
        return array.valueStream().map(JsonNode::asString).sorted().toList();
    }

    @Test
    void whoIsNotSignedInIsRefusedWith401() throws Exception {
        assertEquals(401, TestClient.refusal(http, server.port(), "/chat/lobby"));
        assertEquals(401, TestClient.refusal(http, server.port(), "/chat/lobby?token=guessed"));
        assertEquals(401, TestClient.refusal(http, server.port(), "/chat/lobby", "Cookie", "token=guessed"));
        assertEquals(400, signIn("user=++").statusCode());
        assertEquals(400, signIn("user=" + "x".repeat(41)).statusCode());
    }

    @Test
    void browsersGetThePage() throws Exception {
        String page = TestClient.page(http, server.port());
        assertTrue(page.startsWith("200 text/html"), page);
        assertTrue(page.contains("<title>Weft chat</title>"), page);
    }

    @Test
    void aCookieSignsIn() throws Exception {
        String cookie = signIn("user=Ada").headers().firstValue("Set-Cookie").orElseThrow();
        assertTrue(cookie.contains("; HttpOnly"), cookie);
        try (TestClient ada = TestClient.connect(http, server.port(), "/chat/lobby", "Cookie", cookie.split(";")[0])) {
            assertEvent("welcome", "Ada", ada);
        }
    }

    @Test
    void pagesOfOtherOriginsAreRefused() throws Exception {
        String token = signIn("user=Ada").body();
        assertEquals(403, TestClient.refusal(http, server.port(), "/chat/lobby?token=" + token, "Origin",
                "https://elsewhere.example"));
    }

    @Test
    void membersSeeWhoIsThereAndWhoComesAndGoes() throws Exception {
        try (TestClient ada = enter("lobby", "Ada")) {
            assertEquals(List.of("Ada"), strings(ada.json().get("members")));
            TestClient bob = enter("lobby", "Bob");
            assertEquals(List.of("Ada", "Bob"), strings(bob.json().get("members")));
            assertEvent("joined", "Bob", ada);
            bob.close();
            assertEvent("left", "Bob", ada);
            TestClient eve = enter("lobby", "Eve");
            assertEvent("joined", "Eve", ada);
            eve.abort();
            assertEvent("left", "Eve", ada);
        }
    }

    @Test
    void aUserWithTwoConnectionsIsThereOnce() throws Exception {
        try (TestClient ada = enter("lobby", "Ada"); TestClient bob = enter("lobby", "Bob")) {
            assertEvent("welcome", "Ada", ada);
            assertEvent("joined", "Bob", ada);
            TestClient second = enter("lobby", "Bob");
            assertEquals(List.of("Ada", "Bob"), strings(second.json().get("members")));
            second.close();
            bob.send("still here");
            assertSaid("Bob", "still here", ada.json());
        }
    }

    @Test
    void whatIsSaidReachesTheRoomAndNoOther() throws Exception {
        try (TestClient ada = enter("tea%20room", "Ada");
                TestClient bob = enter("tea%20room", "Bob");
                TestClient eve = enter("cellar", "Eve")) {
            assertEvent("welcome", "Ada", ada);
            assertEvent("joined", "Bob", ada);
            assertEvent("welcome", "Bob", bob);
            assertEvent("welcome", "Eve", eve);
            ada.send("Tea? <b>🧵</b>");
            assertSaid("Ada", "Tea? <b>🧵</b>", ada.json());
            assertSaid("Ada", "Tea? <b>🧵</b>", bob.json());
            eve.send("Alone");
            assertSaid("Eve", "Alone", eve.json());
        }
    }

    @Test
    void historyKeepsTheLastMessagesEvenOfAnEmptyRoom() throws Exception {
        try (TestClient ada = enter("lobby", "Ada")) {
            assertEvent("welcome", "Ada", ada);
            for (int i = 0; i < 60; i++) {
                ada.send("number " + i);
                assertSaid("Ada", "number " + i, ada.json());
            }
        }
        try (TestClient bob = enter("lobby", "Bob")) {
            JsonNode history = bob.json().get("history");
            assertEquals(50, history.size());
            assertSaid("Ada", "number 10", history.get(0));
            assertSaid("Ada", "number 59", history.get(49));
        }
    }

    @Test
    void aMessageThatIsTooLargeEndsTheConnection() throws Exception {
        try (TestClient ada = enter("lobby", "Ada")) {
            assertEvent("welcome", "Ada", ada);
            ada.send("x".repeat(5000));
            assertEquals(1009, ada.closeCode());
        }
    }

    /** The others do not wait for it: what it does not read fills the buffers on its way, and then its queue. */
    @Test
    void aMemberThatDoesNotReadIsShownOut() throws Exception {
        String token = signIn("user=Sloth").body();
        WebSocket sloth = http.newWebSocketBuilder().buildAsync(
                URI.create("ws://127.0.0.1:" + server.port() + "/chat/lobby?token=" + token), new WebSocket.Listener() {
                    @Override
                    public void onOpen(WebSocket socket) {
                        // asks for nothing, so nothing is read
                    }
                }).get(30, TimeUnit.SECONDS);
        try (TestClient ada = enter("lobby", "Ada")) {
            assertEvent("welcome", "Ada", ada);
            JsonNode event;
            do {
                ada.send("x".repeat(4000));
                event = ada.json();
            } while (!event.get("type").asString().equals("left"));
            assertEquals("Sloth", event.get("user").asString());
        } finally {
            sloth.abort();
        }
    }
}
