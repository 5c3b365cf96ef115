package dev.weft.topics.json;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneHealth;
import dev.weft.topics.BackplaneHistory;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import java.util.List;

/** The backplane of a single node, of which tests define the presence. */
abstract class StubBackplane implements Backplane {
    private volatile Receiver receiver;

    /** What is told by the backplane. */
    Receiver receiver() {
        return receiver;
    }

    @Override
    public void start(TopicLimits limits, Receiver told) {
        receiver = told;
    }

    @Override
    public Position publish(BackplaneMessage message) {
        receiver.received(message);
        return Position.of(0, 0);
    }

    @Override
    public void subscribe(String filter) {}

    @Override
    public void unsubscribe(String filter) {}

    @Override
    public BackplaneHistory read(String topic) {
        return new BackplaneHistory(Position.of(1, 0), List.of(), true);
    }

    @Override
    public BackplaneHistory readAfter(String topic, Position position) {
        return read(topic);
    }

    @Override
    public BackplaneHealth health() {
        return new BackplaneHealth(true, "");
    }

    @Override
    public void close() {}
}
