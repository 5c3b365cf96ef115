package dev.weft.examples.chat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.PageCheck;
import dev.weft.server.WebSocketServer;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestRequest;
import dev.weft.testing.TestResponse;
import dev.weft.testing.TestServer;
import dev.weft.topics.json.JsonTopics;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class ChatTest {
    private static final JsonMapper JSON = new JsonMapper();

    private final TestServer server = TestServer.of(Chat.server().build());

    @AfterEach
    void stop() {
        server.close();
    }

    private TestResponse signIn(String user) {
        return server.request("/sign-in").header("Content-Type", "application/x-www-form-urlencoded")
                .send("POST", "user=" + URLEncoder.encode(user, UTF_8));
    }

    private record Member(String user, TestConnection connection) {
        /** The next event that concerns others: its own arrival may be reported earlier or later. */
        JsonNode event() {
            JsonNode event = JSON.readTree(connection.expectText());
            boolean own = event.path("member").asString().equals(user);
            return own || event.get("type").asString().matches("subscribed|published") ? event() : event;
        }

        void expect(String change, String user) {
            JsonNode event = event();
            assertEquals(change + " " + user, event.get("type").asString() + " " + event.path("member").asString(),
                    event::toString);
        }

        void expectSaid(String user, String text) {
            JsonNode event = event();
            assertEquals(List.of("message", user, text), List.of(event.get("type").asString(),
                    event.path("data").path("user").asString(), event.path("data").path("text").asString()));
        }

        List<String> expectMembers() {
            JsonNode event = event();
            assertEquals("presence", event.get("type").asString(), event::toString);
            return event.get("members").valueStream().map(JsonNode::asString).toList();
        }

        void send(String message) {
            connection.send(message);
        }

        void say(String room, String text) {
            connection.send(JSON.writeValueAsString(Map.of("type", "publish", "topic", "room/" + room, "data", text)));
        }
    }

    private TestRequest chat() {
        return server.request("/chat").subprotocols(JsonTopics.SUBPROTOCOL);
    }

    /** Enters a room as this user, by a token. */
    private Member enter(String room, String user) {
        Member member = new Member(user, chat().query("token", signIn(user).expectStatus(200).body()).open());
        member.send(JSON.writeValueAsString(
                Map.of("type", "subscribe", "id", 1, "topic", "room/" + room, "last", 50, "presence", true)));
        return member;
    }

    @Test
    void aGuestMustBeRefusedWith401() {
        chat().expectRefusal(401);
        chat().query("token", "guessed").expectRefusal(401);
        chat().cookie("token", "guessed").expectRefusal(401);
    }

    /** RFC 9110 §15.5.2. */
    @Test
    void aRefusalWith401MustHaveAChallenge() {
        assertEquals("Bearer", chat().expectRefusal(401).headers().first("WWW-Authenticate").orElse(""));
    }

    @Test
    void aNameMustHave1To40Characters() {
        signIn("  ").expectStatus(400);
        signIn("x".repeat(41)).expectStatus(400);
        signIn("x".repeat(40)).expectStatus(200);
        server.request("/sign-in").get().expectStatus(405);
    }

    @Test
    void browsersMustGetThePage() {
        TestResponse page = server.request("/").get().expectStatus(200);
        assertTrue(page.headers().first("Content-Type").orElse("").startsWith("text/html"));
        assertTrue(page.body().contains("<title>Weft chat</title>"), page.body());
    }

    @Test
    void thePageMustShowWhatIsSaidAndWhoIsThere(@TempDir Path folder) throws Exception {
        try (WebSocketServer real = Chat.server().port(0).start()) {
            new PageCheck(folder).pass(real, "chat");
        }
    }

    @Test
    void aCookieMustSignIn() {
        String cookie = signIn("Ada").headers().first("Set-Cookie").orElseThrow();
        assertTrue(cookie.contains("; HttpOnly"), cookie);
        TestConnection ada = chat().header("Cookie", cookie.split(";")[0]).open();
        ada.send("{\"type\":\"ping\",\"id\":1}").expectText("{\"type\":\"pong\",\"id\":1}");
    }

    @Test
    void pagesOfOtherOriginsMustBeRefused() {
        chat().query("token", signIn("Ada").body()).origin("https://elsewhere.example").expectRefusal(403);
        server.request("/sign-in").header("Content-Type", "application/x-www-form-urlencoded")
                .origin("https://elsewhere.example").send("POST", "user=Ada").expectStatus(400);
    }

    @Test
    void membersMustSeeWhoIsThereAndWhoComesAndGoes() {
        Member ada = enter("lobby", "Ada");
        assertEquals(List.of("Ada"), ada.expectMembers());
        Member bob = enter("lobby", "Bob");
        // The list may be from just before.
        assertTrue(List.of(List.of("Ada"), List.of("Ada", "Bob")).contains(bob.expectMembers()));
        ada.expect("joined", "Bob");
        bob.connection().connection().close();
        ada.expect("left", "Bob");
        Member eve = enter("lobby", "Eve");
        ada.expect("joined", "Eve");
        eve.connection().connection().abort();
        ada.expect("left", "Eve");
    }

    @Test
    void aUserWithTwoConnectionsMustBeThereOnce() {
        Member ada = enter("lobby", "Ada");
        ada.expectMembers();
        Member bob = enter("lobby", "Bob");
        ada.expect("joined", "Bob");
        Member second = enter("lobby", "Bob");
        assertEquals(List.of("Ada", "Bob"), second.expectMembers());
        second.connection().connection().close();
        second.connection().expectClose(1000);
        bob.say("lobby", "still here");
        ada.expectSaid("Bob", "still here");
    }

    @Test
    void messagesMustReachTheRoomAndNoOther() {
        Member ada = enter("tea room", "Ada");
        ada.expectMembers();
        Member bob = enter("tea room", "Bob");
        bob.expectMembers();
        ada.expect("joined", "Bob");
        Member eve = enter("cellar", "Eve");
        eve.expectMembers();
        ada.say("tea room", "Tea? <b>🧵</b>");
        ada.expectSaid("Ada", "Tea? <b>🧵</b>");
        bob.expectSaid("Ada", "Tea? <b>🧵</b>");
        eve.say("cellar", "Alone");
        eve.expectSaid("Eve", "Alone");
    }

    @Test
    void historyMustKeepTheLastMessagesEvenOfAnEmptyRoom() {
        Member ada = enter("lobby", "Ada");
        ada.expectMembers();
        for (int i = 0; i < 60; i++) {
            ada.say("lobby", "number " + i);
            ada.expectSaid("Ada", "number " + i);
        }
        ada.connection().connection().close();
        ada.connection().expectClose(1000);
        Member bob = enter("lobby", "Bob");
        for (int i = 10; i < 60; i++) {
            bob.expectSaid("Ada", "number " + i);
        }
        assertEquals(List.of("Bob"), bob.expectMembers());
    }

    @Test
    void onlyTextsMustBeSaidAndOnlyInRooms() {
        Member ada = enter("lobby", "Ada");
        ada.expectMembers();
        for (String request : List.of("{\"type\":\"publish\",\"topic\":\"room/lobby\",\"data\":{\"user\":\"Bob\"}}",
                "{\"type\":\"publish\",\"topic\":\"elsewhere\",\"data\":\"Hello\"}",
                "{\"type\":\"subscribe\",\"id\":2,\"topic\":\"elsewhere\"}")) {
            ada.send(request);
            assertEquals("error", ada.event().get("type").asString());
        }
    }

    @Test
    void aMessageThatIsTooLargeMustEndTheConnection() {
        chat().query("token", signIn("Ada").body()).open().send("x".repeat(5000)).expectClose(1009);
    }

    /** The others do not wait for it: what it does not read fills the network, then its queue, which holds 1 MiB. */
    @Test
    void aMemberThatDoesNotReadMustBeRemoved() {
        enter("lobby", "Sloth").expectMembers();
        Member ada = enter("lobby", "Ada");
        ada.expectMembers();
        for (int i = 0; i < 400; i++) {
            String text = "x".repeat(3900);
            ada.say("lobby", text);
            ada.expectSaid("Ada", text);
        }
        server.advance(Duration.ofMinutes(2)); // until its close deadline has passed
        ada.expect("left", "Sloth");
    }
}
