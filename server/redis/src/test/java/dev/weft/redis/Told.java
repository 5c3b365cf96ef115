package dev.weft.redis;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneMessage;
import java.util.Collection;

/** Adds a text for everything that a backplane tells its node. */
record Told(Collection<String> events) implements Backplane.Receiver {
    @Override
    public void received(BackplaneMessage message) {
        events.add("message " + message.topic());
    }

    @Override
    public void away() {
        events.add("away");
    }

    @Override
    public void back() {
        events.add("back");
    }

    @Override
    public void memberGone(String topic, String member) {
        events.add("gone " + topic + " " + member);
    }

    @Override
    public void membersChanged(String topic) {
        events.add("changed " + topic);
    }
}
