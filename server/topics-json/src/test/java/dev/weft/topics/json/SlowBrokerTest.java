package dev.weft.topics.json;

import com.google.gson.JsonParser;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import dev.weft.topics.Topics;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Presence, if it has to be asked for at a broker. */
@Timeout(60)
class SlowBrokerTest {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch answers = new CountDownLatch(1);

    /** Of one node, whose members of the topic "slow" are known only after a while. */
    private final class SlowBackplane extends StubBackplane {
        private final Map<String, Map<String, Integer>> members = new ConcurrentHashMap<>();

        @Override
        public boolean present(String topic, String member, int connections) {
            members.computeIfAbsent(topic, key -> new ConcurrentHashMap<>()).put(member, connections);
            return true;
        }

        @Override
        public Map<String, Integer> presence(String topic) {
            Map<String, Integer> known = new TreeMap<>(members.getOrDefault(topic, Map.of()));
            if (topic.equals("slow")) {
                asked.countDown();
                try {
                    answers.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            return known;
        }
    }

    private static TestConnection subscribe(TestServer server, String user, String topic) {
        return server.request("/topics").query("user", user).subprotocols(JsonTopics.SUBPROTOCOL).open()
                .send("{\"type\":\"subscribe\",\"id\":1,\"topic\":\"" + topic + "\",\"presence\":true}");
    }

    /** Waits for a message of this type, and passes over others. */
    private static String expect(TestConnection client, String type) {
        while (true) {
            String text = client.expectText();
            if (JsonParser.parseString(text).getAsJsonObject().get("type").getAsString().equals(type)) {
                return text;
            }
        }
    }

    @Test
    void aListThatTheBrokerDelaysMustHoldUpNobodyElse() throws Exception {
        Topics topics = Topics.builder().backplane(new SlowBackplane())
                .member(connection -> connection.query().first("user").orElse("nobody")).build();
        try (TestServer server = TestServer.of("/topics", JsonTopics.of(topics).endpoint())) {
            TestConnection ann = subscribe(server, "ann", "slow");
            asked.await();
            TestConnection bob = subscribe(server, "bob", "quick");
            expect(bob, "presence");
            subscribe(server, "carl", "quick");
            while (!expect(bob, "joined").contains("carl")) {}

            server.request("/topics").query("user", "dora").subprotocols(JsonTopics.SUBPROTOCOL).open()
                    .send("{\"type\":\"subscribe\",\"id\":1,\"topic\":\"slow\"}");
            subscribe(server, "eve", "quick");
            // The changes of all topics are told in their order.
            while (!expect(bob, "joined").contains("eve")) {}
            answers.countDown();
            expect(ann, "presence");
            while (!expect(ann, "joined").contains("dora")) {}
        }
    }
}
