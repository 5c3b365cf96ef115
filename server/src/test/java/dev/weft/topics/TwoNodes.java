package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Two nodes in one process, with a broker in memory, for tests of what they tell each other. */
abstract class TwoNodes {
    static final TopicLimits HISTORY = TopicLimits.builder().historyLength(5).build();
    /** Each message with its offset, and gaps as messages. */
    static final SubscribeOptions NUMBERED = SubscribeOptions.DEFAULT
            .format(it -> PreparedMessage.text(it.position().offset() + " " + text(it.message())))
            .gapNotice(it -> PreparedMessage.text("gap " + it.last().offset() + " " + it.resumed().offset()));

    private final List<TestPair> pairs = new ArrayList<>();
    final MemoryBroker broker = new MemoryBroker(1);
    final MemoryBroker.Node here = broker.node();
    final MemoryBroker.Node there = broker.node();

    @AfterEach
    void close() {
        pairs.forEach(TestPair::close);
    }

    TestPair pair() {
        TestPair pair = TestConnection.pair();
        pairs.add(pair);
        return pair;
    }

    static WebSocketConnection end(TestPair pair) {
        return pair.server().connection();
    }

    static TestConnection peer(TestPair pair) {
        return pair.client();
    }

    static Topics topics(Backplane backplane, TopicLimits limits) {
        return Topics.builder().limits(limits).backplane(backplane).build();
    }

    static String text(PreparedMessage message) {
        return StandardCharsets.UTF_8.decode(message.payload()).toString();
    }
}
