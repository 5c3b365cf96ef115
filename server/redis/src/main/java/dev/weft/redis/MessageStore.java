package dev.weft.redis;

import dev.weft.topics.BackplaneHistory;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** How messages are written to Redis, and read from it. For any thread. */
final class MessageStore {
    /** How long the head of a topic is kept after its last use, at least. */
    private static final Duration SHORTEST_KEEP = Duration.ofHours(1);
    private static final byte[] NONE = {};

    private final Keys keys;
    private final TopicLimits limits;

    MessageStore(Keys keys, TopicLimits limits) {
        this.keys = keys;
        this.limits = limits;
    }

    /** Whether topics have histories, and messages positions. */
    boolean arePlaced() {
        return limits.historyLength() > 0;
    }

    /** How long the head of a topic is kept after its last use. */
    Duration keepTime() {
        Duration twice = limits.historyTime().multipliedBy(2);
        return twice.compareTo(SHORTEST_KEEP) > 0 ? twice : SHORTEST_KEEP;
    }

    /** Waits for the answer. */
    Position publish(BackplaneMessage message, Route route) {
        Link link = route.link();
        byte[] channel = keys.channel(message.topic());
        if (!arePlaced()) {
            link.run(Script.PASS, new byte[0][], link.way(), channel, message.encode());
            return Position.of(0, 0);
        }
        List<Object> placed = link.run(Script.PLACE, keys.history(message.topic()), route.term(),
                Keys.number(newEpoch()), Keys.number(keepTime().toMillis()), Keys.number(limits.historyLength()),
                Keys.number(limits.historySize()), Keys.number(limits.historyTime().toMillis()), link.way(), channel,
                message.encode());
        return Position.of(Link.number(placed.get(0)), Link.number(placed.get(1)));
    }

    private static long newEpoch() {
        return ThreadLocalRandom.current().nextLong();
    }

    /** @throws IllegalArgumentException if this is not what a node has published */
    BackplaneMessage decode(String topic, byte[] message) {
        if (!arePlaced()) {
            return BackplaneMessage.decode(topic, message);
        }
        int first = colon(message, 0);
        int second = colon(message, first + 1);
        long epoch = Long.parseLong(text(message, 0, first));
        long offset = Long.parseLong(text(message, first + 1, second));
        return BackplaneMessage.decode(topic, Arrays.copyOfRange(message, second + 1, message.length))
                .at(Position.of(epoch, offset), offset - 1);
    }

    private static int colon(byte[] message, int from) {
        for (int i = from; i < message.length; i++) {
            if (message[i] == ':') {
                return i;
            }
        }
        throw new IllegalArgumentException("it has no position");
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.US_ASCII);
    }

    /** Reads the history of a topic, after a position if there is one. Waits for the answer. */
    BackplaneHistory read(String topic, @Nullable Position after, Route route) {
        List<Object> answer = route.link().run(Script.READ, keys.history(topic), route.term(),
                Keys.number(newEpoch()), Keys.number(keepTime().toMillis()),
                Keys.number(limits.historyLength()), Keys.number(limits.historySize()),
                after == null ? NONE : Keys.number(after.epoch()),
                Keys.number(after == null ? 0 : after.offset() + 1));
        Position newest = Position.of(Link.number(answer.get(0)), Link.number(answer.get(1)));
        List<BackplaneMessage> messages = new ArrayList<>();
        for (Object each : (List<?>) answer.get(2)) {
            List<?> entry = (List<?>) each;
            String id = Link.text(entry.get(0));
            long offset = Long.parseLong(id.substring(0, id.indexOf('-')));
            messages.add(BackplaneMessage.decode(topic, (byte[]) ((List<?>) entry.get(1)).get(1))
                    .at(Position.of(newest.epoch(), offset), offset - 1));
        }
        boolean complete = after == null || after.epoch() == newest.epoch() && after.offset() == (messages.isEmpty()
                ? newest.offset()
                : messages.getFirst().previous());
        return new BackplaneHistory(newest, messages, complete);
    }
}
