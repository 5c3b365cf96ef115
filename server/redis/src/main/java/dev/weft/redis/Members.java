package dev.weft.redis;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

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

    /** The answer to a heartbeat: the term of the server, and whether this node was given up, or not known. */
    record Beat(byte[] term, boolean unknown) {}

    /**
     * Says to a group that this node is alive, and gives up those that are not.
     *
     * @param term what this node takes for the term; {@code null} if it does not know
     * @param keep  how long to remember the term
     */
    Beat beat(Link link, int group, byte @Nullable [] term, Duration keep, Backplane.Receiver receiver) {
        byte[] fresh = Keys.number(ThreadLocalRandom.current().nextLong());
        List<Object> answer;
        boolean unknown = false;
        do {
            answer = link.run(Script.BEAT, new byte[][]{keys.nodes(group), keys.term(group)}, node,
                    Keys.number(nodeTimeout.toMillis()), keys.membersBefore(group), Keys.bytes(keys.after()),
                    keys.entries("", group), Keys.number(ENTRIES_PER_BEAT), link.way(), keys.channelBefore(group),
                    notice, link.runId(), term == null ? fresh : term, fresh, Keys.number(keep.toMillis()));
            unknown |= Link.number(answer.get(1)) == 1;
            for (int i = 3; i + 1 < answer.size(); i += 2) {
                receiver.memberGone(Link.text(answer.get(i)), Link.text(answer.get(i + 1)));
            }
        } while (Link.number(answer.get(2)) > 0);
        return new Beat((byte[]) answer.getFirst(), unknown);
    }

    /** Says to a group that this node is not alive any more. */
    void leave(Link link, int group) {
        link.run(Script.LEAVE, new byte[][]{keys.nodes(group)}, node);
    }

    /**
     * Returns whether the member has joined or left by this.
     *
     * @throws BackplaneException if this node is given up, until {@link #beat} has said that it is alive
     */
    boolean present(Link link, String topic, String member, int connections) {
        int group = keys.group(topic);
        Long changed = link.run(Script.PRESENT,
                new byte[][]{keys.members(topic), keys.entries(name, group), keys.nodes(group)}, node,
                Keys.bytes(topic), Keys.bytes(member), Keys.number(connections), link.way(), keys.channel(topic),
                notice);
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
            String field = Link.text(fields.get(i));
            if (field.startsWith("a:")) {
                members.put(field.substring(2), (int) Link.number(fields.get(i + 1)));
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
