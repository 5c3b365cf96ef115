package dev.weft.redis;

import java.nio.charset.StandardCharsets;

/** The names of keys and channels. What belongs to one topic has its name in braces, so that it is in one hash slot. */
final class Keys {
    private final String prefix;

    Keys(String prefix) {
        this.prefix = prefix;
    }

    /** Epoch and offset of a topic. */
    byte[] head(String topic) {
        return key("h:{" + topic + "}");
    }

    /** The messages of a topic. */
    byte[] stream(String topic) {
        return key("s:{" + topic + "}");
    }

    /** The size of each message in the stream of a topic. */
    byte[] sizes(String topic) {
        return key("z:{" + topic + "}");
    }

    /** What {@link Script#PLACE} and {@link Script#READ} use. */
    byte[][] history(String topic) {
        return new byte[][]{head(topic), stream(topic), sizes(topic)};
    }

    /** The members of a topic. */
    byte[] members(String topic) {
        return key("m:{" + topic + "}");
    }

    byte[] membersPrefix() {
        return key("m:");
    }

    /** What a node has in {@link #members}. */
    byte[] entries(String node) {
        return key("e:" + node);
    }

    /** The nodes, with the time until which each is alive. */
    byte[] nodes() {
        return key("nodes");
    }

    /** The channel of a topic. */
    byte[] channel(String topic) {
        return key("c:{" + topic + "}");
    }

    byte[] channelsPrefix() {
        return key("c:");
    }

    /**
     * The pattern for a filter with wildcards. It matches more than the filter: an asterisk of Redis matches slashes, too.
     * The node drops the rest. So two filters can have the same pattern: {@code a/*} and {@code a/#}.
     */
    String pattern(String filter) {
        StringBuilder pattern = new StringBuilder();
        for (String level : filter.split("/")) {
            pattern.append(pattern.isEmpty() ? "" : "/");
            pattern.append(level.equals("*") || level.equals("#") ? "*" : literal(level));
        }
        return literal(prefix) + "c:{" + pattern + "}";
    }

    /** The pattern that matches this text and no other. */
    private static String literal(String text) {
        StringBuilder pattern = new StringBuilder();
        for (char each : text.toCharArray()) {
            pattern.append("*?[]\\^-".indexOf(each) >= 0 ? "\\" : "").append(each);
        }
        return pattern.toString();
    }

    /** The topic to which a channel belongs. */
    String topic(byte[] channel) {
        String text = new String(channel, StandardCharsets.UTF_8);
        return text.substring(prefix.length() + 3, text.length() - 1);
    }

    static boolean hasWildcard(String filter) {
        for (String level : filter.split("/")) {
            if (level.equals("*") || level.equals("#")) {
                return true;
            }
        }
        return false;
    }

    private byte[] key(String name) {
        return bytes(prefix + name);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] number(long value) {
        return bytes(Long.toString(value));
    }
}
