package dev.weft.redis;

import java.nio.charset.StandardCharsets;

/**
 * The names of keys and channels, and the groups into which topics are divided. All keys of a group are on the same server, so a
 * script may use several of them. Immutable.
 */
abstract class Keys {
    final String prefix;

    Keys(String prefix) {
        this.prefix = prefix;
    }

    /** A channel or a pattern of channels. */
    record Subscription(byte[] name, boolean isPattern) {}

    /** What has arrived on a channel. */
    record Arrival(String topic, byte[] message) {}

    // What differs between one server and a cluster.

    /** The number of groups. */
    abstract int groups();

    /** The group of a topic. */
    abstract int group(String topic);

    /** What the name of a key or channel of a topic has before the topic. */
    abstract String before(String kind, int group);

    /** What the name of a key or channel of a topic has after the topic. */
    abstract String after();

    /** A key of a group. */
    abstract byte[] shared(String name, int group);

    /** Identifies what a filter with wildcards is subscribed to. Several filters can have the same. */
    abstract String pattern(String filter);

    /** What to subscribe to for a filter with wildcards, to get the messages of a group. */
    abstract Subscription matching(String filter, int group);

    /** The group whose messages arrive on a channel. */
    abstract int group(byte[] channel);

    /** Takes apart what has arrived on a channel. */
    abstract Arrival arrival(byte[] channel, byte[] message);

    // What is the same.

    /** Epoch and offset of a topic. */
    byte[] head(String topic) {
        return key("h", topic);
    }

    /** The messages of a topic. */
    byte[] stream(String topic) {
        return key("s", topic);
    }

    /** The size of each message in the stream of a topic. */
    byte[] sizes(String topic) {
        return key("z", topic);
    }

    /** What {@link Script#PLACE} and {@link Script#READ} use. */
    byte[][] history(String topic) {
        return new byte[][]{head(topic), stream(topic), sizes(topic)};
    }

    /** The members of a topic. */
    byte[] members(String topic) {
        return key("m", topic);
    }

    byte[] membersBefore(int group) {
        return bytes(before("m", group));
    }

    /** What a node has in {@link #members}. */
    byte[] entries(String node, int group) {
        return shared("e:" + node, group);
    }

    /** The nodes, with the time until which each is alive. */
    byte[] nodes(int group) {
        return shared("nodes", group);
    }

    /** The server that has written last, and the term that it has begun. */
    byte[] term(int group) {
        return shared("term", group);
    }

    /** The channel of a topic. */
    byte[] channel(String topic) {
        return key("c", topic);
    }

    byte[] channelBefore(int group) {
        return bytes(before("c", group));
    }

    /** What to subscribe to for a filter, to get the messages of a group. */
    Subscription subscription(String filter, int group) {
        return hasWildcard(filter) ? matching(filter, group) : new Subscription(channel(filter), false);
    }

    static boolean hasWildcard(String filter) {
        for (String level : filter.split("/")) {
            if (isWildcard(level)) {
                return true;
            }
        }
        return false;
    }

    static boolean isWildcard(String level) {
        return level.equals("*") || level.equals("#");
    }

    private byte[] key(String kind, String topic) {
        return bytes(before(kind, group(topic)) + topic + after());
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] number(long value) {
        return bytes(Long.toString(value));
    }
}
