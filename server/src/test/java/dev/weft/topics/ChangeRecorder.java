package dev.weft.topics;

import java.util.Collection;

/** Adds the topic for each change that is told without what has changed, and a minus sign and the topic for each member that leaves. */
record ChangeRecorder(Collection<String> events) implements PresenceListener {
    @Override
    public void joined(String topic, String member) {}

    @Override
    public void left(String topic, String member) {
        events.add("-" + topic);
    }

    @Override
    public void changed(String topic) {
        events.add(topic);
    }
}
