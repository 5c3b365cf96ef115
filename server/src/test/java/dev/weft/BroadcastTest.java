package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.internal.Prefetch;
import dev.weft.testing.TestPair;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One message goes to many connections, to each as {@code trySend} would send it. */
@Timeout(20)
class BroadcastTest {
    private final List<TestPair> pairs = new ArrayList<>();

    @AfterEach
    void close() {
        pairs.forEach(TestPair::close);
    }

    private WebSocketConnection connect() {
        TestPair pair = TestPair.builder().limits(ConnectionLimits.builder().maxQueuedSize(1000).build()).connect();
        pairs.add(pair);
        return pair.server().connection();
    }

    private List<WebSocketConnection> connect(int count) {
        return Stream.generate(this::connect).limit(count).toList();
    }

    private String received(int index) throws Exception {
        Optional<Message> message = pairs.get(index).client().connection().receive(Duration.ofSeconds(10));
        return ((Message.Text) message.orElseThrow()).text();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, Prefetch.GROUP - 1, Prefetch.GROUP, Prefetch.GROUP + 1, 3 * Prefetch.GROUP})
    void everyConnectionMustGetEveryMessageInOrder(int count) throws Exception {
        List<WebSocketConnection> room = connect(count);
        assertEquals(count, PreparedMessage.text("first").broadcast(room));
        List<WebSocketConnection> told = new ArrayList<>();
        assertEquals(count, PreparedMessage.text("second").broadcast(room, (each, result) -> {
            assertEquals(SendResult.ACCEPTED, result);
            told.add(each);
        }));
        assertEquals(room, told);
        for (int i = 0; i < count; i++) {
            assertEquals("first", received(i));
            assertEquals("second", received(i));
        }
    }

    @Test
    void connectionThatRefusesMustBeToldAndDelayNoOther() throws Exception {
        List<WebSocketConnection> room = connect(3 + Prefetch.GROUP);
        room.get(1).abort();
        PreparedMessage large = PreparedMessage.text("x".repeat(100_000));
        while (room.get(2).trySend(large).isAccepted()) {
            // Its peer reads nothing.
        }
        Map<Integer, SendResult> refused = new TreeMap<>();
        int accepted = PreparedMessage.text("news").broadcast(room, (each, result) -> {
            if (!result.isAccepted()) {
                refused.put(room.indexOf(each), result);
            }
        });
        assertEquals(Map.of(1, SendResult.CLOSED, 2, SendResult.PEER_BEHIND), refused);
        assertEquals(room.size() - 2, accepted);
        assertEquals("news", received(0));
        assertEquals("news", received(room.size() - 1));
    }

    @Test
    void failureOfTheCallerMustEndTheBroadcast() throws Exception {
        List<WebSocketConnection> room = connect(3);
        IllegalStateException failure = new IllegalStateException("the caller's");
        assertSame(failure, assertThrows(IllegalStateException.class,
                () -> PreparedMessage.text("begun").broadcast(room, (each, result) -> {
                    if (each == room.get(1)) {
                        throw failure;
                    }
                })));
        PreparedMessage.text("next").broadcast(room);
        assertEquals("begun", received(0));
        assertEquals("begun", received(1));
        assertEquals("next", received(2));
    }

    @Test
    void otherConnectionsMustGetItByTheirOwnMethod() {
        List<Object> sent = new ArrayList<>();
        WebSocketConnection other = (WebSocketConnection) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[]{WebSocketConnection.class}, (proxy, method, arguments) -> {
                    assertEquals("trySend", method.getName());
                    sent.add(arguments[0]);
                    return SendResult.DROPPED_OLDER;
                });
        PreparedMessage message = PreparedMessage.text("news");
        assertEquals(2, message.broadcast(Collections.nCopies(2, other)));
        assertEquals(List.of(message, message), sent);
    }
}
