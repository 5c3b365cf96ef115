package dev.weft.examples.chat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.testing.TestConnection;
import dev.weft.testing.TestResponse;
import dev.weft.testing.TestServer;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

    /** Enters a room as this user, by a token. */
    private TestConnection enter(String room, String user) {
        return server.request("/chat/" + room).query("token", signIn(user).expectStatus(200).body()).open();
    }

    private static JsonNode event(TestConnection member) {
        return JSON.readTree(member.expectText());
    }

    private static void expectEvent(String type, String user, TestConnection member) {
        JsonNode event = event(member);
        assertEquals(type + " " + user, event.get("type").asString() + " " + event.get("user").asString(),
                event::toString);
    }

    private static void assertSaid(String user, String text, JsonNode event) {
        assertEquals(List.of("said", user, text), List.of(event.get("type").asString(), event.get("user").asString(),
                event.get("text").asString()));
    }

    private static List<String> members(TestConnection newcomer) {
        return event(newcomer).get("members").valueStream().map(JsonNode::asString).sorted().toList();
    }

    @Test
    void aGuestMustBeRefusedWith401() {
        server.request("/chat/lobby").expectRefusal(401);
        server.request("/chat/lobby").query("token", "guessed").expectRefusal(401);
        server.request("/chat/lobby").cookie("token", "guessed").expectRefusal(401);
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
    void aCookieMustSignIn() {
        String cookie = signIn("Ada").headers().first("Set-Cookie").orElseThrow();
        assertTrue(cookie.contains("; HttpOnly"), cookie);
        expectEvent("welcome", "Ada", server.request("/chat/lobby").header("Cookie", cookie.split(";")[0]).open());
    }

    @Test
    void pagesOfOtherOriginsMustBeRefused() {
        server.request("/chat/lobby").query("token", signIn("Ada").body()).origin("https://elsewhere.example")
                .expectRefusal(403);
    }

    @Test
    void membersMustSeeWhoIsThereAndWhoComesAndGoes() {
        TestConnection ada = enter("lobby", "Ada");
        assertEquals(List.of("Ada"), members(ada));
        TestConnection bob = enter("lobby", "Bob");
        assertEquals(List.of("Ada", "Bob"), members(bob));
        expectEvent("joined", "Bob", ada);
        bob.connection().close();
        expectEvent("left", "Bob", ada);
        TestConnection eve = enter("lobby", "Eve");
        expectEvent("joined", "Eve", ada);
        eve.connection().abort();
        expectEvent("left", "Eve", ada);
    }

    @Test
    void aUserWithTwoConnectionsMustBeThereOnce() {
        TestConnection ada = enter("lobby", "Ada");
        expectEvent("welcome", "Ada", ada);
        TestConnection bob = enter("lobby", "Bob");
        expectEvent("joined", "Bob", ada);
        TestConnection second = enter("lobby", "Bob");
        assertEquals(List.of("Ada", "Bob"), members(second));
        second.connection().close();
        second.expectClose(1000);
        bob.send("still here");
        assertSaid("Bob", "still here", event(ada));
    }

    @Test
    void messagesMustReachTheRoomAndNoOther() {
        TestConnection ada = enter("tea%20room", "Ada");
        TestConnection bob = enter("tea%20room", "Bob");
        TestConnection eve = enter("cellar", "Eve");
        expectEvent("welcome", "Ada", ada);
        expectEvent("joined", "Bob", ada);
        expectEvent("welcome", "Bob", bob);
        expectEvent("welcome", "Eve", eve);
        ada.send("Tea? <b>🧵</b>");
        assertSaid("Ada", "Tea? <b>🧵</b>", event(ada));
        assertSaid("Ada", "Tea? <b>🧵</b>", event(bob));
        eve.send("Alone");
        assertSaid("Eve", "Alone", event(eve));
    }

    @Test
    void historyMustKeepTheLastMessagesEvenOfAnEmptyRoom() {
        TestConnection ada = enter("lobby", "Ada");
        expectEvent("welcome", "Ada", ada);
        for (int i = 0; i < 60; i++) {
            ada.send("number " + i);
            assertSaid("Ada", "number " + i, event(ada));
        }
        ada.connection().close();
        ada.expectClose(1000);
        JsonNode history = event(enter("lobby", "Bob")).get("history");
        assertEquals(50, history.size());
        assertSaid("Ada", "number 10", history.get(0));
        assertSaid("Ada", "number 59", history.get(49));
    }

    @Test
    void aMessageThatIsTooLargeMustEndTheConnection() {
        TestConnection ada = enter("lobby", "Ada");
        expectEvent("welcome", "Ada", ada);
        ada.send("x".repeat(5000)).expectClose(1009);
    }

    /** The others do not wait for it: what it does not read fills the network, then its queue, which holds 1 MiB. */
    @Test
    void aMemberThatDoesNotReadMustBeRemoved() {
        enter("lobby", "Sloth");
        TestConnection ada = enter("lobby", "Ada");
        expectEvent("welcome", "Ada", ada);
        for (int i = 0; i < 400; i++) {
            ada.send("x".repeat(4000));
            expectEvent("said", "Ada", ada);
        }
        server.advance(Duration.ofMinutes(2)); // until its close deadline has passed
        expectEvent("left", "Sloth", ada);
    }
}
