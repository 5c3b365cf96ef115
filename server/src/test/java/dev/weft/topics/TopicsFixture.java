package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.TopicException.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** What tests of topics over a broker need. */
public abstract class TopicsFixture {
    protected static final TopicLimits NO_HISTORY = TopicLimits.DEFAULT;
    protected static final TopicLimits HISTORY = TopicLimits.builder().historyLength(5).build();
    /** Each message with its position, and gaps as messages. */
    protected static final SubscribeOptions PLACED = SubscribeOptions.DEFAULT
            .format(it -> PreparedMessage.text(it.position() + " " + text(it.message())))
            .gapNotice(it -> PreparedMessage.text("gap"));

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    /** Is closed after the test. */
    protected final <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    protected final TestPair pair() {
        return opened(TestPair.builder().connect());
    }

    protected static WebSocketConnection end(TestPair pair) {
        return pair.server().connection();
    }

    protected static TestConnection peer(TestPair pair) {
        return pair.client();
    }

    private static String text(PreparedMessage message) {
        return StandardCharsets.UTF_8.decode(message.payload()).toString();
    }

    /** Publishes as soon as the broker can be reached. */
    protected static Position published(Topics topics, String topic, String text) {
        return published(topics, topic, text, Duration.ofSeconds(10));
    }

    /** Publishes as soon as the broker can be reached, which must not take longer than this. */
    protected static Position published(Topics topics, String topic, String text, Duration patience) {
        Position[] position = new Position[1];
        Await.until("it is published", patience, () -> {
            try {
                position[0] = topics.publish(topic, text);
                return true;
            } catch (TopicException e) {
                assertEquals(Reason.BACKPLANE_AWAY, e.reason());
                return false;
            }
        });
        return position[0];
    }

    protected static void assertReason(Reason reason, Runnable action) {
        assertEquals(reason, assertThrows(TopicException.class, action::run).reason());
    }
}
