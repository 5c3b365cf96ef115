package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.server.WebSocketServer;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestResponse;
import dev.weft.testing.TestServer;
import dev.weft.topics.Position;
import dev.weft.topics.PresenceListener;
import dev.weft.topics.TopicAuthorizer;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The messages of the subprotocol, over memory. */
@Timeout(60)
class JsonTopicsTest {
    private static final Duration SOON = Duration.ofMillis(50);

    private final List<TestServer> servers = new ArrayList<>();
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private Topics topics;

    @AfterEach
    void close() {
        servers.forEach(TestServer::close);
    }

    /** Connections say in the query who they belong to. */
    private static Topics.Builder history(int length) {
        return Topics.builder().limits(TopicLimits.builder().historyLength(length).build())
                .member(connection -> connection.query().first("user").orElse("nobody"));
    }

    private TestServer serve(Topics.Builder builder, UnaryOperator<JsonTopics.Builder> settings,
            UnaryOperator<Endpoint> endpoint) {
        topics = builder.build();
        JsonTopics served = settings.apply(JsonTopics.builder(topics)).build();
        topics.addPresenceListener(new PresenceListener() { // which is called after the one of JsonTopics
            @Override
            public void joined(String topic, String member) {
                told.add("joined " + member);
            }

            @Override
            public void left(String topic, String member) {
                told.add("left " + member);
            }
        });
        TestServer server = TestServer.of("/topics", endpoint.apply(served.endpoint()));
        servers.add(server);
        return server;
    }

    private TestServer serve(Topics.Builder builder, UnaryOperator<JsonTopics.Builder> settings) {
        return serve(builder, settings, endpoint -> endpoint);
    }

    private TestServer serve(Topics.Builder builder) {
        return serve(builder, settings -> settings);
    }

    private static TestConnection connect(TestServer server, String user) {
        return server.request("/topics").query("user", user).subprotocols(JsonTopics.SUBPROTOCOL).open();
    }

    private static JsonObject json(TestConnection client) {
        return JsonParser.parseString(client.expectText()).getAsJsonObject();
    }

    private static JsonObject ask(TestConnection client, String request) {
        client.send(request);
        return json(client);
    }

    private static String subscribe(String topic) {
        return "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"" + topic + "\"}";
    }

    private static void expectError(String code, long id, JsonObject answer) {
        assertEquals("error " + code + " " + id,
                answer.get("type").getAsString() + " " + answer.get("code").getAsString()
                        + " " + (answer.has("id") ? answer.get("id").getAsLong() : 0),
                answer::toString);
    }

    private static String data(JsonObject message) {
        assertEquals("message", message.get("type").getAsString(), message::toString);
        return message.get("data").toString();
    }

    // Subscribing and publishing.

    @Test
    void theExampleOfTheGuideMustBeWhatHappens() {
        TestServer server = serve(history(10));
        TestConnection ann = connect(server, "ann");
        JsonObject subscribed = ask(ann, "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"room/42\"}");
        String start = subscribed.get("position").getAsString();
        assertTrue(start.endsWith(":0"), start);
        assertEquals("{\"type\":\"subscribed\",\"id\":1,\"topic\":\"room/42\",\"position\":\"" + start
                + "\",\"messages\":0}", subscribed.toString());

        TestConnection bob = connect(server, "bob");
        bob.send("{\"type\":\"publish\",\"id\":1,\"topic\":\"room/42\",\"data\":{\"text\":\"Hello\"}}");
        String first = start.replace(":0", ":1");
        bob.expectText("{\"type\":\"published\",\"id\":1,\"position\":\"" + first + "\"}");
        ann.expectText("{\"type\":\"message\",\"topic\":\"room/42\",\"position\":\"" + first
                + "\",\"data\":{\"text\":\"Hello\"}}");

        ann.send("{\"type\":\"unsubscribe\",\"id\":2,\"topic\":\"room/42\"}");
        ann.expectText("{\"type\":\"unsubscribed\",\"id\":2,\"topic\":\"room/42\"}");
        bob.send("{\"type\":\"publish\",\"topic\":\"room/42\",\"data\":null}");
        bob.send("{\"type\":\"ping\",\"id\":2}");
        bob.expectText("{\"type\":\"pong\",\"id\":2}");
        ann.expectNothingFor(SOON);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "true", "12.50", "123456789012345678901234567890", "\"\\u00e9\\n\"", "[1, 2,\t3]",
            "{ \"a\" : { } }", "\"🧵\""})
    void aPayloadMustArriveAsItWasSent(String payload) {
        TestServer server = serve(history(10));
        TestConnection client = connect(server, "ann");
        ask(client, subscribe("a"));
        client.send("{ \"data\" : " + payload + " , \"topic\" : \"a\" , \"type\" : \"publish\" }");
        String text = client.expectText();
        assertTrue(text.endsWith(",\"data\":" + payload + "}"), text);
        assertEquals(payload, new String(bytes(topics.history("a", 1).getFirst().message()),
                java.nio.charset.StandardCharsets.UTF_8));
    }

    private static byte[] bytes(PreparedMessage message) {
        byte[] bytes = new byte[message.length()];
        message.payload().get(bytes);
        return bytes;
    }

    /** A text of the application must not be able to change the envelope. */
    @ParameterizedTest
    @ValueSource(strings = {"hello", "", "1,\"topic\":\"admin\"", "{\"a\":1", "\"\u2028\\", "{\"a\":1,\"a\":2}"})
    void aTextThatIsNotJsonMustArriveAsAString(String text) {
        TestServer server = serve(history(10));
        TestConnection client = connect(server, "ann");
        ask(client, subscribe("a"));
        topics.publish("a", text);
        JsonObject message = json(client);
        assertEquals("a", message.get("topic").getAsString());
        assertEquals(text, message.get("data").getAsString());
    }

    @Test
    void aBinaryMessageMustArriveInBase64() {
        TestServer server = serve(history(10));
        TestConnection client = connect(server, "ann");
        ask(client, subscribe("a"));
        topics.publish("a", PreparedMessage.binary(new byte[]{0, -1, 7}));
        JsonObject message = json(client);
        assertEquals("AP8H base64", message.get("data").getAsString() + " " + message.get("encoding").getAsString());
    }

    @Test
    void messagesForTheApplicationToPublishMustBeJson() {
        assertEquals(7, JsonTopics.message("{\"a\":1}").length());
        assertThrows(IllegalArgumentException.class, () -> JsonTopics.message("hello"));
    }

    @Test
    void aMessageMustGetItsFormOnceForAllSubscribers() {
        TestServer server = serve(history(10));
        List<TestConnection> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(connect(server, "user " + i));
            ask(clients.get(i), subscribe("a"));
        }
        topics.publish("a", "1");
        String first = clients.getFirst().expectText();
        clients.subList(1, 5).forEach(each -> each.expectText(first));
        assertEquals(5, topics.statistics("a").orElseThrow().delivered());
    }

    // Recovery.

    @Test
    void whatWasMissedMustBeSentExactly() {
        TestServer server = serve(history(10));
        Position seen = topics.publish("a", "1");
        topics.publish("a", "2");
        topics.publish("a", "3");
        TestConnection client = connect(server, "ann");
        JsonObject subscribed = ask(client,
                "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"since\":\"" + seen + "\"}");
        assertTrue(subscribed.get("recovered").getAsBoolean());
        assertEquals(2, subscribed.get("messages").getAsInt());
        assertEquals(seen.toString(), subscribed.get("position").getAsString());
        assertEquals("2", data(json(client)));
        assertEquals("3", data(json(client)));
        topics.publish("a", "4");
        assertEquals("4", data(json(client)));
    }

    @Test
    void whatCannotBeRecoveredMustBeTold() {
        TestServer server = serve(history(2));
        Position seen = topics.publish("a", "1");
        for (int i = 2; i < 6; i++) {
            topics.publish("a", Integer.toString(i));
        }
        TestConnection client = connect(server, "ann");
        Position other = Position.parse("zz:" + 3);
        for (Position since : List.of(seen, other, Position.parse(seen.toString().replace(":1", ":99")))) {
            JsonObject subscribed = ask(client,
                    "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"since\":\"" + since + "\"}");
            assertFalse(subscribed.get("recovered").getAsBoolean());
            assertEquals(0, subscribed.get("messages").getAsInt());
            assertEquals(seen.toString().replace(":1", ":5"), subscribed.get("position").getAsString());
            client.expectNothingFor(SOON);
        }
    }

    @Test
    void theLastMessagesMustBeSentIfAskedFor() {
        TestServer server = serve(history(10));
        Position first = topics.publish("a", "1");
        topics.publish("a", "2");
        topics.publish("a", "3");
        TestConnection client = connect(server, "ann");
        JsonObject subscribed = ask(client, "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"last\":2}");
        assertEquals(2, subscribed.get("messages").getAsInt());
        assertEquals(first.toString(), subscribed.get("position").getAsString());
        assertFalse(subscribed.has("recovered"));
        assertEquals("2", data(json(client)));
        assertEquals("3", data(json(client)));
    }

    /** Each has lost its data, of which the second one, with wildcards, is not told where it goes on. */
    @Test
    void messagesThatTheBackplaneHasLostMustBeToldAsAGap() {
        FaultyBackplane broker = new FaultyBackplane();
        TestServer server = serve(history(10).backplane(broker), settings -> settings.wildcards(true));
        TestConnection one = connect(server, "ann");
        ask(one, subscribe("room/1"));
        TestConnection all = connect(server, "bob");
        ask(all, subscribe("room/*"));
        topics.publish("room/1", "1");
        assertEquals("1", data(json(one)));
        assertEquals("1", data(json(all)));
        broker.leave();
        broker.loseData();
        broker.comeBack();
        JsonObject gap = json(one);
        String after = gap.get("position").getAsString();
        assertEquals("{\"type\":\"gap\",\"topic\":\"room/1\",\"position\":\"" + after + "\"}", gap.toString());
        assertTrue(after.endsWith(":0"), after);
        List<String> told = List.of(all.expectText(), all.expectText()); // as one with wildcards, and of the topic
        assertTrue(told.contains("{\"type\":\"gap\",\"topic\":\"room/*\"}") && told.contains(gap.toString()),
                told::toString);
        Position next = topics.publish("room/1", "2");
        assertEquals(after.replace(":0", ":1"), next.toString());
        assertEquals("2", data(json(one)));
        assertEquals("2", data(json(all)));
    }

    /** To a client that does not read, the newest value of a key is sent in the place of an older one. */
    @Test
    void aLatestValueMustBeMarkedBecauseItMayArriveBeforeEarlierMessages() {
        TestServer server = serve(history(100), settings -> settings, endpoint -> endpoint.maxQueuedSize(4 << 20));
        TestConnection slow = connect(server, "slow");
        ask(slow, subscribe("a"));
        String payload = "\"" + "x".repeat(50_000) + "\"";
        for (int i = 0; i < 40; i++) { // more than the network holds
            topics.publish("a", payload);
        }
        topics.publishLatest("a", "A", PreparedMessage.text("\"A1\""));
        Position second = topics.publish("a", "\"B1\"");
        Position third = topics.publishLatest("a", "A", PreparedMessage.text("\"A2\""));
        for (int i = 0; i < 40; i++) {
            assertFalse(json(slow).has("latest"));
        }
        slow.expectText("{\"type\":\"message\",\"topic\":\"a\",\"position\":\"" + third
                + "\",\"latest\":true,\"data\":\"A2\"}");
        slow.expectText("{\"type\":\"message\",\"topic\":\"a\",\"position\":\"" + second + "\",\"data\":\"B1\"}");
    }

    private static String latest(int id, String key, String data) {
        return "{\"type\":\"publish\",\"id\":" + id + ",\"topic\":\"a\",\"key\":\"" + key + "\",\"data\":" + data + "}";
    }

    @Test
    void aValueOfAClientMustTakeThePlaceOfTheOneThatWaits() {
        TestServer server = serve(history(100), settings -> settings, endpoint -> endpoint.maxQueuedSize(4 << 20));
        TestConnection slow = connect(server, "slow");
        ask(slow, subscribe("a"));
        TestConnection ann = connect(server, "ann");
        String payload = "\"" + "x".repeat(50_000) + "\"";
        for (int i = 0; i < 40; i++) { // more than the network holds
            topics.publish("a", payload);
        }
        ask(ann, latest(1, "A", "\"A1\""));
        ask(ann, latest(2, "B", "\"B1\""));
        JsonObject third = ask(ann, latest(3, "A", "\"A2\""));
        assertEquals("published 3", third.get("type").getAsString() + " " + third.get("id"));
        for (int i = 0; i < 40; i++) {
            assertFalse(json(slow).has("latest"));
        }
        slow.expectText("{\"type\":\"message\",\"topic\":\"a\",\"position\":" + third.get("position")
                + ",\"latest\":true,\"data\":\"A2\"}");
        assertEquals("\"B1\"", data(json(slow)));
        slow.expectNothingFor(SOON);
        assertEquals(List.of("A", "B", "A"),
                topics.history("a", 3).stream().map(each -> each.key().orElseThrow()).toList());
    }

    @Test
    void aKeyThatIsTooLongMustBeInvalid() {
        TestConnection client = connect(serve(history(1)), "ann");
        assertEquals("published", ask(client, latest(1, "k".repeat(255), "1")).get("type").getAsString());
        for (int i = 2; i < 12; i++) {
            JsonObject refused = ask(client, latest(i, "k".repeat(40_000), "1"));
            expectError("invalid", i, refused);
            assertTrue(refused.toString().length() < 500, refused::toString);
        }
        client.send(latest(12, "", "1")).expectClose(1008); // like other fields that are wrong
        assertEquals(1, topics.statistics("a").orElseThrow().published());
    }

    // Presence.

    private static String members(JsonObject presence) {
        return presence.get("type").getAsString() + presence.get("members") + presence.get("count");
    }

    private static String subscribeWithPresence(String topic) {
        return "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"" + topic + "\",\"presence\":true}";
    }

    private static void expectChange(String change, TestConnection client) {
        JsonObject event = json(client);
        assertEquals(change, event.get("type").getAsString() + " " + event.get("member").getAsString(),
                event::toString);
    }

    /** When she knows who is there, no event is on its way to her. */
    private TestConnection annWithPresence(TestServer server) throws InterruptedException {
        TestConnection ann = connect(server, "ann");
        ask(ann, subscribe("a"));
        assertEquals("joined ann", told.poll(20, TimeUnit.SECONDS));
        ask(ann, subscribeWithPresence("a"));
        assertEquals("presence[\"ann\"]1", members(json(ann)));
        return ann;
    }

    @Test
    void whoIsThereMustBeToldAndWhoComesAndGoes() throws Exception {
        TestServer server = serve(history(0));
        TestConnection ann = annWithPresence(server);
        TestConnection bob = connect(server, "bob");
        ask(bob, subscribe("a"));
        expectChange("joined bob", ann);
        TestConnection second = connect(server, "bob");
        ask(second, subscribe("a"));
        assertEquals("presence[\"ann\",\"bob\"]2",
                members(ask(bob, "{\"type\":\"presence\",\"id\":2,\"topic\":\"a\"}")));
        bob.connection().abort();
        ann.expectNothingFor(SOON);
        ask(second, "{\"type\":\"unsubscribe\",\"id\":2,\"topic\":\"a\"}");
        expectChange("left bob", ann);
    }

    @Test
    void presenceMustNotBeToldAfterTheEndOfTheSubscription() throws Exception {
        TestServer server = serve(history(0));
        TestConnection ann = annWithPresence(server);
        ask(ann, subscribe("a")); // the same subscription, now without presence
        TestConnection bob = connect(server, "bob");
        ask(bob, subscribe("a"));
        assertEquals("joined bob", told.poll(20, TimeUnit.SECONDS));
        ann.expectNothingFor(SOON);
        ask(ann, subscribeWithPresence("a"));
        assertEquals("presence[\"ann\",\"bob\"]2", members(json(ann)));
        ask(ann, "{\"type\":\"unsubscribe\",\"id\":3,\"topic\":\"a\"}");
        bob.connection().close();
        assertEquals("left ann", told.poll(20, TimeUnit.SECONDS));
        assertEquals("left bob", told.poll(20, TimeUnit.SECONDS));
        ann.expectNothingFor(SOON);
    }

    @Test
    void aLongListOfMembersMustBeCutAndCounted() {
        TestServer server = serve(history(0), settings -> settings.maxMembers(2));
        TestConnection last = null;
        for (int i = 0; i < 4; i++) {
            last = connect(server, "user" + i);
            ask(last, subscribe("a"));
        }
        assertEquals("presence[\"user0\",\"user1\"]4",
                members(ask(last, "{\"type\":\"presence\",\"id\":2,\"topic\":\"a\"}")));
    }

    @Test
    void presenceMustNotBeToldAfterTheApplicationHasEndedTheSubscription() throws Exception {
        BlockingQueue<WebSocketConnection> asking = new LinkedBlockingQueue<>();
        TestServer server = serve(history(0).authorizer(new TopicAuthorizer() {
            @Override
            public boolean maySubscribe(WebSocketConnection connection, String filter) {
                return asking.add(connection);
            }

            @Override
            public boolean mayPublish(WebSocketConnection connection, String topic) {
                return true;
            }
        }));
        TestConnection ann = annWithPresence(server);
        topics.unsubscribe(asking.take(), "a");
        assertEquals("left ann", told.poll(20, TimeUnit.SECONDS));
        TestConnection bob = connect(server, "bob");
        ask(bob, subscribe("a"));
        assertEquals("joined bob", told.poll(20, TimeUnit.SECONDS));
        ann.expectNothingFor(SOON);

        ask(ann, subscribeWithPresence("a"));
        assertTrue(members(json(ann)).contains("bob"));
    }

    @Test
    void presenceMustOnlyBeToldToSubscribers() {
        TestConnection ann = connect(serve(history(0)), "ann");
        expectError("not_subscribed", 4, ask(ann, "{\"type\":\"presence\",\"id\":4,\"topic\":\"a\"}"));
    }

    // Who may, and what.

    @Test
    void theAuthorizerMustDecide() {
        TestServer server = serve(history(0).authorizer(new TopicAuthorizer() {
            @Override
            public boolean maySubscribe(WebSocketConnection connection, String filter) {
                return filter.startsWith("open/");
            }

            @Override
            public boolean mayPublish(WebSocketConnection connection, String topic) {
                return connection.query().first("user").equals(Optional.of("ann"));
            }
        }));
        TestConnection ann = connect(server, "ann");
        TestConnection bob = connect(server, "bob");
        expectError("not_authorized", 1, ask(ann, subscribeWithPresence("secret/1")));
        assertEquals("subscribed", ask(bob, subscribe("open/1")).get("type").getAsString());
        expectError("not_authorized", 5, ask(bob, "{\"type\":\"publish\",\"id\":5,\"topic\":\"open/1\",\"data\":1}"));
        expectError("not_authorized", 0, ask(bob, "{\"type\":\"publish\",\"topic\":\"open/1\",\"data\":1}"));
        expectError("not_authorized", 7,
                ask(bob, "{\"type\":\"publish\",\"id\":7,\"topic\":\"open/1\",\"key\":\"A\",\"data\":1}"));
        assertEquals("published",
                ask(ann, "{\"type\":\"publish\",\"id\":6,\"topic\":\"open/1\",\"data\":1}").get("type").getAsString());
        assertEquals("1", data(json(bob)));
        ann.expectNothingFor(SOON);
    }

    @Test
    void thePublishFilterMustDecideWhatIsPublished() {
        TestServer server = serve(history(0), settings -> settings.publishFilter((from, topic, json) -> {
            if (json.equals("\"spam\"")) {
                throw new IllegalArgumentException("no spam");
            }
            return json.equals("\"broken\"")
                    ? "{"
                    : "{\"user\":\"" + from.query().first("user").orElseThrow()
                            + "\",\"said\":" + json + "}";
        }));
        TestConnection ann = connect(server, "ann");
        ask(ann, subscribe("a"));
        ann.send("{\"type\":\"publish\",\"topic\":\"a\",\"data\":\"hi\"}");
        assertEquals("{\"user\":\"ann\",\"said\":\"hi\"}", data(json(ann)));
        JsonObject refused = ask(ann, "{\"type\":\"publish\",\"id\":2,\"topic\":\"a\",\"data\":\"spam\"}");
        expectError("refused", 2, refused);
        assertEquals("no spam", refused.get("message").getAsString());
        ann.send("{\"type\":\"publish\",\"topic\":\"a\",\"data\":\"broken\"}").expectClose(1011);
    }

    /** Unless the filter says otherwise, a value of a key is a message as any other. */
    @Test
    void thePublishFilterMustSeeValuesOfKeys() {
        PublishFilter naming = (from, topic, json) -> "[\"" + from.query().first("user").orElseThrow() + "\"," + json
                + "]";
        TestConnection ann = connect(serve(history(0), settings -> settings.publishFilter(naming)), "ann");
        ask(ann, subscribe("a"));
        ann.send("{\"type\":\"publish\",\"topic\":\"a\",\"key\":\"A\",\"data\":1}");
        assertEquals("[\"ann\",1]", data(json(ann)));
    }

    @Test
    void thePublishFilterMustBeAbleToRefuseAKey() {
        TestServer server = serve(history(0), settings -> settings.publishFilter(new PublishFilter() {
            @Override
            public String apply(WebSocketConnection from, String topic, String json) {
                throw new IllegalArgumentException("only values of keys");
            }

            @Override
            public String applyLatest(WebSocketConnection from, String topic, String key, String json) {
                if (!key.equals(from.query().first("user").orElseThrow())) {
                    throw new IllegalArgumentException("not your key");
                }
                return json;
            }
        }));
        TestConnection ann = connect(server, "ann");
        ask(ann, subscribe("a"));
        expectError("refused", 2, ask(ann, latest(2, "bob", "1")));
        expectError("refused", 3, ask(ann, "{\"type\":\"publish\",\"id\":3,\"topic\":\"a\",\"data\":1}"));
        ann.send("{\"type\":\"publish\",\"topic\":\"a\",\"key\":\"ann\",\"data\":4}");
        JsonObject message = json(ann);
        assertEquals("4", data(message));
        assertTrue(message.get("latest").getAsBoolean());
    }

    @Test
    void wildcardsMustBeRefusedUnlessAllowed() {
        expectError("invalid_name", 1, ask(connect(serve(history(0)), "ann"), subscribe("room/*")));
        TestServer server = serve(history(0), settings -> settings.wildcards(true));
        TestConnection ann = connect(server, "ann");
        assertEquals("{\"type\":\"subscribed\",\"id\":1,\"topic\":\"room/*\"}",
                ask(ann, subscribe("room/*")).toString());
        topics.publish("room/7", "7");
        JsonObject message = json(ann);
        assertEquals("room/7 7", message.get("topic").getAsString() + " " + data(message));
        expectError("invalid", 1, ask(ann, subscribeWithPresence("room/*")));
        expectError("invalid", 1,
                ask(ann, "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"room/#\",\"since\":\"a:1\"}"));
    }

    @Test
    void limitsMustBeToldByTheirCodes() {
        TestServer server = serve(Topics.builder()
                .limits(TopicLimits.builder().maxTopics(3).maxSubscriptionsPerConnection(2).build()));
        TestConnection ann = connect(server, "ann");
        ask(ann, subscribe("a"));
        ask(ann, subscribe("b"));
        expectError("too_many_subscriptions", 1, ask(ann, subscribe("c")));
        TestConnection bob = connect(server, "bob");
        ask(bob, subscribe("c"));
        expectError("too_many_topics", 1, ask(bob, subscribe("d")));
        expectError("invalid_name", 1, ask(bob, subscribe("a//b")));
        expectError("not_subscribed", 3, ask(bob, "{\"type\":\"unsubscribe\",\"id\":3,\"topic\":\"z\"}"));
    }

    // Hostile clients.

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"{}|0", "{\"type\":1}|0", "{\"type\":\"nothing\",\"id\":3}|3",
            "{\"type\":\"subscribe\",\"id\":3}|3", "{\"id\":3,\"type\":\"subscribe\",\"topic\":7}|3",
            "{\"type\":\"subscribe\",\"topic\":\"a\"}|0", "{\"type\":\"subscribe\",\"id\":0,\"topic\":\"a\"}|0",
            "{\"type\":\"subscribe\",\"id\":-1,\"topic\":\"a\"}|0",
            "{\"type\":\"subscribe\",\"id\":1.0,\"topic\":\"a\"}|0",
            "{\"type\":\"subscribe\",\"id\":\"1\",\"topic\":\"a\"}|0",
            "{\"type\":\"subscribe\",\"id\":9007199254740992,\"topic\":\"a\"}|0",
            "{\"type\":\"subscribe\",\"id\":99999999999999999999,\"topic\":\"a\"}|0",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"extra\":1}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"data\":1}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"last\":0}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"last\":10001}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"last\":1,\"since\":\"a:1\"}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"since\":\"1\"}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"since\":\"a:b\"}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"since\":null}|1",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"presence\":1}|1",
            "{\"type\":\"publish\",\"id\":1,\"topic\":\"a\"}|1", "{\"type\":\"publish\",\"id\":1,\"data\":1}|1",
            "{\"type\":\"publish\",\"id\":1,\"topic\":\"a\",\"data\":1,\"key\":7}|1",
            "{\"type\":\"publish\",\"id\":1,\"topic\":\"a\",\"data\":1,\"key\":null}|1",
            "{\"type\":\"publish\",\"id\":1,\"topic\":\"a\",\"data\":1,\"key\":\"\"}|1",
            "{\"type\":\"publish\",\"id\":1,\"topic\":\"a\",\"data\":1,\"key\":\"a\\u0000b\"}|1",
            "{\"type\":\"publish\",\"topic\":\"a\",\"data\":1,\"key\":[]}|0",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"a\",\"key\":\"A\"}|1",
            "{\"type\":\"message\",\"id\":1,\"topic\":\"a\",\"data\":1}|1", "{\"type\":\"ping\"}|0",
            "{\"type\":\"Subscribe\",\"id\":1,\"topic\":\"a\"}|1"})
    void anInvalidMessageMustGetAnErrorAndTheConnectionGoOn(String message, long id) {
        TestConnection client = connect(serve(history(0)), "ann");
        expectError("invalid", id, ask(client, message));
        assertEquals("pong", ask(client, "{\"type\":\"ping\",\"id\":1}").get("type").getAsString());
        assertEquals(0, topics.topicCount());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "[]", "null", "\"subscribe\"", "{", "{\"type\":\"ping\",\"id\":1",
            "{\"type\":\"ping\",\"id\":1}{}", "{\"type\":\"ping\",\"id\":1,\"id\":1}",
            "{\"type\":\"ping\",\"id\":1e999}",
            "{\"type\":\"publish\",\"topic\":\"a\",\"data\":{\"a\":{\"b\":1,\"b\":2}}}",
            "{\"type\":\"publish\",\"topic\":\"a\",\"data\":\"\\ud800\"}",
            "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"\\udc00\"}"})
    void whatIsNoJsonMustCloseWith1007(String message) {
        TestConnection client = connect(serve(history(0)), "ann");
        client.send(message).expectClose(1007);
        assertEquals(0, topics.topicCount());
    }

    @Test
    void deepAndLongJsonMustCloseWith1007() {
        TestServer server = serve(history(0));
        connect(server, "ann").send("{\"a\":" + "[".repeat(60_000)).expectClose(1007);
        connect(server, "ann").send("{\"id\":" + "9".repeat(60_000) + "}").expectClose(1007);
        connect(server, "ann").send("{\"" + "🧵".repeat(10_000) + "\":x}").expectClose(1007);
        connect(server, "ann").send(" ".repeat(65_537)).expectClose(1009);
    }

    @Test
    void aBinaryMessageMustCloseWith1003() {
        connect(serve(history(0)), "ann").send(new byte[]{'{', '}'}).expectClose(1003);
    }

    @Test
    void aPeerThatOnlySendsInvalidMessagesMustBeClosedWith1008() {
        TestConnection client = connect(serve(history(0)), "ann");
        for (int i = 0; i < 10; i++) {
            expectError("invalid", 0, ask(client, "{}"));
        }
        ask(client, "{\"type\":\"ping\",\"id\":1}");
        for (int i = 0; i < 10; i++) {
            expectError("invalid", 0, ask(client, "{\"type\":\"" + "x".repeat(10_000) + "\"}"));
        }
        client.send("{}").expectClose(1008);
    }

    @Test
    void anErrorMustNotRepeatALongMessage() {
        TestConnection client = connect(serve(history(0)), "ann");
        String much = "x".repeat(40_000);
        for (String message : List.of("{\"type\":\"" + much + "\"}",
                "{\"type\":\"ping\",\"id\":1,\"" + much + "\":1}",
                subscribe(much))) {
            client.send(message);
            assertTrue(client.expectText().length() < 500);
        }
    }

    @Test
    void aClientWithoutTheSubprotocolMustBeClosedWith1002() {
        TestServer server = serve(history(0));
        server.request("/topics").open().expectClose(1002);
        server.request("/topics").subprotocols("v0.topics.weft.dev").open().expectClose(1002);
        TestConnection both = server.request("/topics").subprotocols("v0.topics.weft.dev", JsonTopics.SUBPROTOCOL)
                .open();
        assertEquals(JsonTopics.SUBPROTOCOL, both.connection().subprotocol().orElseThrow());
    }

    // Slow clients.

    /** Its answers, messages and presence all go the same way: what it does not read fills the network and then its queue. */
    @Test
    void aClientThatReadsTooSlowlyMustBeClosedAndTheOthersServed() {
        TestServer server = serve(history(10), settings -> settings, endpoint -> endpoint.maxQueuedSize(200_000));
        TestConnection slow = connect(server, "slow");
        ask(slow, subscribe("a"));
        TestConnection quick = connect(server, "quick");
        ask(quick, subscribe("a"));
        String payload = "\"" + "x".repeat(50_000) + "\"";
        for (int i = 0; i < 20; i++) {
            topics.publish("a", payload);
            assertEquals(payload, data(json(quick)));
        }
        server.advance(Duration.ofMinutes(2)); // its close deadline
        Await.until("the slow one has ended", () -> topics.presence("a").equals(Map.of("quick", 1)));
    }

    // The script.

    @Test
    void theClientScriptMustBeServed() {
        try (TestServer server = TestServer.of(
                WebSocketServer.builder().files("/weft/", JsonTopics.clientScript()).build())) {
            TestResponse script = server.request("/weft/weft-topics.mjs").get().expectStatus(200);
            assertTrue(script.headers().first("Content-Type").orElse("").startsWith("text/javascript"));
            assertTrue(script.body().contains("export class WeftTopics"));
            assertTrue(script.body().contains("'" + JsonTopics.SUBPROTOCOL + "'"), "the same version");
            assertTrue(script.body().lines().count() < 300);
        }
    }
}
