package dev.weft.topics;

import java.util.Collection;

/** Adds a text for each member that joins or leaves, such as {@code +ann room/1} and {@code -ann room/1}. */
record PresenceRecorder(Collection<String> events) implements PresenceListener {
    @Override
    public void joined(String topic, String member) {
        events.add("+" + member + " " + topic);
    }

    @Override
    public void left(String topic, String member) {
        events.add("-" + member + " " + topic);
    }
}
