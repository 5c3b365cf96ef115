package dev.weft.redis;

import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A cluster: each group is one hash slot. Sharded pub/sub has no patterns, and plain pub/sub of a cluster sends each message to
 * all servers. So a message is also published on one channel for each beginning of its topic that ends with a slash, and a
 * filter with wildcards is subscribed to the channel of what it has before its first wildcard, in each group.
 */
final class ClusterKeys extends Keys {
    /**
     * A node sends a heartbeat for each group, and subscribes to each for a filter with wildcards, so there are not as many as
     * slots. They are spread evenly over the slots, and so over the servers.
     */
    static final int GROUPS = 128;
    private static final int SLOTS_PER_GROUP = SlotHash.SLOT_COUNT / GROUPS;
    private static final String[] TAGS = tags();

    ClusterKeys(String prefix) {
        super(prefix);
    }

    /** The shortest hash tag for the first slot of each group. */
    private static String[] tags() {
        String[] tags = new String[GROUPS];
        int found = 0;
        for (int i = 0; found < GROUPS; i++) {
            String tag = Integer.toString(i, Character.MAX_RADIX);
            int slot = SlotHash.getSlot(tag);
            if (slot % SLOTS_PER_GROUP == 0 && tags[slot / SLOTS_PER_GROUP] == null) {
                tags[slot / SLOTS_PER_GROUP] = tag;
                found++;
            }
        }
        return tags;
    }

    /** The slot of a group. */
    static int slot(int group) {
        return group * SLOTS_PER_GROUP;
    }

    @Override
    int groups() {
        return GROUPS;
    }

    @Override
    int group(String topic) {
        return SlotHash.getSlot(bytes(topic)) / SLOTS_PER_GROUP;
    }

    @Override
    String before(String kind, int group) {
        return prefix + "{" + TAGS[group] + "}" + kind + ":";
    }

    @Override
    String after() {
        return "";
    }

    @Override
    byte[] shared(String name, int group) {
        return bytes(prefix + "{" + TAGS[group] + "}" + name);
    }

    @Override
    String pattern(String filter) {
        StringBuilder beginning = new StringBuilder();
        for (String level : filter.split("/")) {
            if (isWildcard(level)) {
                break;
            }
            beginning.append(level).append('/');
        }
        return beginning.toString();
    }

    @Override
    Subscription matching(String filter, int group) {
        return new Subscription(bytes(before("f", group) + pattern(filter)), false);
    }

    @Override
    int group(byte[] channel) {
        return SlotHash.getSlot(channel) / SLOTS_PER_GROUP;
    }

    /** On the channel of a beginning, the message begins with the length of the topic, and the topic. */
    @Override
    Arrival arrival(byte[] channel, byte[] message) {
        int kind = prefix.getBytes(StandardCharsets.UTF_8).length;
        while (channel[kind] != '}') {
            kind++;
        }
        kind++;
        if (channel[kind] == 'c') {
            return new Arrival(text(channel, kind + 2, channel.length), message);
        }
        int topic = 0;
        while (message[topic] != ':') {
            topic++;
        }
        int end = topic + 1 + Integer.parseInt(text(message, 0, topic));
        return new Arrival(text(message, topic + 1, end), Arrays.copyOfRange(message, end, message.length));
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }
}
