package dev.weft.redis;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Who is there, on this node and the others. Each change and the notice of it are one step of Redis, so no node misses one
 * whose connection stands. For any thread; methods with a link wait for the server.
 */
final class Members {
    /** The first byte of a notice. Messages with a position begin with a digit or a minus sign, others with their version. */
    private static final byte NOTICE = 'm';
    private static final int ENTRIES_PER_BEAT = 500;

    private final Keys keys;
    private final Duration nodeTimeout;
    private final String name = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
    private final byte[] node = Keys.bytes(name);
    /** What the others are passed on the channel of a topic: which node has changed its members. */
    private final byte[] notice = Keys.bytes((char) NOTICE + name);

    Members(Keys keys, Duration nodeTimeout) {
        this.keys = keys;
        this.nodeTimeout = nodeTimeout;
    }

    /** Says that this node is alive, and gives up those that are not. Returns whether this one was given up, or not known. */
    boolean beat(Link link, Backplane.Receiver receiver) {
        List<Object> answer;
        boolean unknown = false;
        do {
            answer = link.run(Script.BEAT, new byte[][]{keys.nodes()}, node, Keys.number(nodeTimeout.toMillis()),
                    keys.membersPrefix(), keys.entries(""), Keys.number(ENTRIES_PER_BEAT), link.publishing(),
                    keys.channelsPrefix(), notice);
            unknown |= RedisBackplane.parse(answer.getFirst()) == 1;
            for (int i = 2; i + 1 < answer.size(); i += 2) {
                receiver.memberGone(RedisBackplane.string(answer.get(i)), RedisBackplane.string(answer.get(i + 1)));
            }
        } while (RedisBackplane.parse(answer.get(1)) > 0);
        return unknown;
    }

    /** Says that this node is not alive any more. */
    void leave(Link link) {
        link.run(Script.LEAVE, new byte[][]{keys.nodes()}, node);
    }

    /**
     * Returns whether the member has joined or left by this.
     *
     * @throws BackplaneException if this node is given up, until {@link #beat} has said that it is alive
     */
    boolean present(Link link, String topic, String member, int connections) {
        Long changed = link.run(Script.PRESENT,
                new byte[][]{keys.members(topic), keys.entries(name), keys.nodes()}, node, Keys.bytes(topic),
                Keys.bytes(member), Keys.number(connections), link.publishing(), keys.channel(topic), notice);
        if (changed < 0) {
            throw BackplaneException.notDone("the other nodes have given this one up");
        }
        return changed == 1;
    }

    /** The members of a topic. */
    Map<String, Integer> of(Link link, String topic) {
        Map<String, Integer> members = new TreeMap<>();
        List<byte[]> fields = link.members(keys.members(topic));
        for (int i = 0; i < fields.size(); i += 2) {
            String field = RedisBackplane.string(fields.get(i));
            if (field.startsWith("a:")) {
                members.put(field.substring(2), (int) RedisBackplane.parse(fields.get(i + 1)));
            }
        }
        return members;
    }

    static boolean isNotice(byte[] message) {
        return message.length > 0 && message[0] == NOTICE;
    }

    /** A notice has arrived, perhaps one of this node. */
    void noticed(String topic, byte[] message, Backplane.Receiver receiver) {
        if (!Arrays.equals(message, notice)) {
            receiver.membersChanged(topic);
        }
    }
}
