package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.Installed;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import dev.weft.topics.Backplane;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import dev.weft.topics.json.JsonTopics;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The subprotocol for browsers on two nodes that a real broker connects. */
@Timeout(120)
class JsonTopicsOverBrokersTest {
    @TempDir
    private Path folder;

    private static TestServer node(Backplane backplane) {
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(100).build()).backplane(backplane)
                .member(connection -> connection.query().first("user").orElseThrow()).build();
        return TestServer.of("/topics", JsonTopics.of(topics).endpoint());
    }

    /** The node reads who is there every two seconds at most, and again if the broker did not answer in time. */
    private static TestConnection connect(TestServer node, String user, String subscribe) {
        return node.request("/topics").query("user", user).subprotocols(JsonTopics.SUBPROTOCOL).open()
                .within(Duration.ofSeconds(20)).send(subscribe);
    }

    /** The next message of this type. Others, about who is there, may come before it. */
    private static JsonObject next(TestConnection client, String type) {
        while (true) {
            JsonObject message = JsonParser.parseString(client.expectText()).getAsJsonObject();
            if (message.get("type").getAsString().equals(type)) {
                return message;
            }
        }
    }

    /** Waits for this news of a member. Others may be told before. */
    private static void expectMember(TestConnection client, String type, String member) {
        while (!next(client, type).get("member").getAsString().equals(member)) {}
    }

    private static String publish(TestConnection client, int number) {
        client.send("{\"type\":\"publish\",\"id\":" + number + ",\"topic\":\"room\",\"data\":{\"n\":" + number + "}}");
        return next(client, "published").get("position").getAsString();
    }

    private static void expect(TestConnection client, int number, String position) {
        JsonObject message = next(client, "message");
        assertEquals("{\"n\":" + number + "}", message.get("data").toString());
        assertEquals(position, message.get("position").getAsString());
    }

    @ParameterizedTest
    @EnumSource(names = {"REDIS", "NATS"})
    void clientsMustMeetOnDifferentNodesAndMoveBetweenThem(BrokerKind kind) throws Exception {
        Installed.program(kind.command("", 0, folder).getFirst());
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", FaultProcess.freePort());
        try (FaultProcess broker = new FaultProcess(
                kind.command(address.getHostString(), address.getPort(), folder), address, folder.resolve("log"),
                Duration.ofMinutes(2))) {
            broker.start();
            try (Backplane first = kind.backplane(address, Duration.ofSeconds(1), Duration.ofSeconds(2));
                    Backplane second = kind.backplane(address, Duration.ofSeconds(1), Duration.ofSeconds(2));
                    TestServer here = node(first);
                    TestServer there = node(second)) {
                String subscribe = "{\"type\":\"subscribe\",\"id\":1,\"topic\":\"room\",\"presence\":true}";
                TestConnection ann = connect(here, "ann", subscribe);
                next(ann, "subscribed");
                // Otherwise bob may be in this list, and then nobody tells that he joins.
                next(ann, "presence");
                TestConnection bob = connect(there, "bob", subscribe);
                next(bob, "subscribed");
                expectMember(ann, "joined", "bob");

                String seen = publish(bob, 2);
                expect(ann, 2, seen);
                bob.connection().abort();
                expectMember(ann, "left", "bob");
                String third = publish(ann, 3);
                String fourth = publish(ann, 4);
                bob = connect(here, "bob", subscribe.replace("}", ",\"since\":\"" + seen + "\"}"));
                JsonObject back = next(bob, "subscribed");
                assertTrue(back.get("recovered").getAsBoolean(), back.toString());
                expect(bob, 3, third);
                expect(bob, 4, fourth);

                broker.kill();
                ann.send("{\"type\":\"publish\",\"id\":5,\"topic\":\"room\",\"data\":5}");
                String code = next(ann, "error").get("code").getAsString();
                assertTrue(code.startsWith("backplane_"), code);
            }
        }
    }
}
