package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.BatchSender;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages of which the next is known already are written together. */
@Timeout(60)
class BatchTest {
    private final List<String> sent = new CopyOnWriteArrayList<>();
    private TestPair pair;

    @BeforeEach
    void connect() {
        pair = TestConnection.pair();
    }

    @AfterEach
    void close() {
        pair.close();
    }

    /** The server's end, which also notes what is sent, with a plus if more follows at once. */
    private WebSocketConnection end() {
        WebSocketConnection end = pair.server().connection();
        return (WebSocketConnection) Proxy.newProxyInstance(BatchTest.class.getClassLoader(),
                new Class<?>[]{WebSocketConnection.class, BatchSender.class}, (proxy, method, arguments) -> {
                    if (method.getDeclaringClass() == BatchSender.class) {
                        sent.add(text((PreparedMessage) arguments[1]) + ((boolean) arguments[2] ? "+" : ""));
                    }
                    return method.invoke(end, arguments);
                });
    }

    private static String text(PreparedMessage message) {
        return StandardCharsets.UTF_8.decode(message.payload()).toString();
    }

    @Test
    void historyMustFollowTheGreetingInOneBatch() {
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(3).build()).build();
        for (int i = 1; i <= 3; i++) {
            topics.publish("a", "m" + i);
        }
        topics.subscribe(end(), "a",
                SubscribeOptions.DEFAULT.last(3).greeting(it -> PreparedMessage.text("greeting")));
        topics.publish("a", "m4");
        assertEquals(List.of("greeting+", "m1+", "m2+", "m3", "m4"), sent);
        pair.client().expectText("greeting").expectText("m1").expectText("m2").expectText("m3").expectText("m4");
    }

    /** While the first one is delivered, the others arrive. */
    @Test
    void messagesThatWaitForTheirTopicMustBeOneBatch() {
        CountDownLatch othersHaveArrived = new CountDownLatch(1);
        Topics topics = Topics.builder().backplane(new MemoryBroker(1).node()).build();
        topics.subscribe(end(), "a", SubscribeOptions.DEFAULT.format(it -> {
            try {
                othersHaveArrived.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return it.message();
        }));
        topics.publish("a", "m1");
        for (int i = 2; i <= 5; i++) {
            topics.publish("a", "m" + i);
        }
        othersHaveArrived.countDown();
        for (int i = 1; i <= 5; i++) {
            pair.client().expectText("m" + i);
        }
        assertEquals(List.of("m2+", "m3+", "m4+", "m5"), sent.subList(1, 5));
    }
}
