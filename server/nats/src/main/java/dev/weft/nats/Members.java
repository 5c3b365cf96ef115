package dev.weft.nats;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Who is there. A member has an entry in the stream of members for each node on which it has connections. When somebody joins
 * or leaves, a notice is published on the channel of the topic, which the stream does not keep. For any thread; the methods
 * that change or read entries wait for the server.
 */
final class Members {
    /** The first byte of a notice; a message of a topic begins with its version. */
    private static final byte NOTICE = 'm';

    private final Subjects subjects;
    private final String node;
    private final byte[] notice;
    /** Entries that the server may have been given without an answer, so that what was there before is not known. */
    private final Set<String> uncertain = ConcurrentHashMap.newKeySet();

    Members(Subjects subjects, String node) {
        this.subjects = subjects;
        this.node = node;
        this.notice = ((char) NOTICE + node).getBytes(StandardCharsets.US_ASCII);
    }

    /** Sets the number of connections that a member has on this node. Returns whether it has joined or left by this. */
    boolean present(Streams streams, String topic, String member, int connections) {
        String entry = subjects.member(topic, member, node);
        if (connections == 0) {
            uncertain.remove(entry);
            return remove(streams, entry);
        }
        boolean joins = uncertain.contains(entry) || !isThere(streams, topic, member);
        if (joins) {
            uncertain.add(entry);
        }
        streams.set(entry, Integer.toString(connections).getBytes(StandardCharsets.US_ASCII));
        if (joins) {
            tell(streams, topic);
            uncertain.remove(entry);
        }
        return joins;
    }

    /**
     * Removes an entry of this node. Returns whether it was the member's last. The others are told before, too: if this node
     * ends before it can tell them, nobody else knows that the entry was there.
     */
    private boolean remove(Streams streams, String entry) {
        String topic = subjects.memberPart(entry, 0);
        streams.pass(subjects.channel(topic), notice);
        boolean left = streams.remove(entry) && !isThere(streams, topic, subjects.memberPart(entry, 1));
        tell(streams, topic);
        return left;
    }

    /**
     * Removes some entries of a dead node, all at the same time, and tells which members have left by this. Entries with this
     * number in the stream or a higher one stay: the node was alive when it set them.
     */
    void removeDead(Streams streams, List<String> entries, long before, Backplane.Receiver receiver) {
        Set<String> channels = entries.stream().map(each -> subjects.channel(subjects.memberPart(each, 0)))
                .collect(Collectors.toSet());
        channels.forEach(each -> streams.pass(each, notice));
        try {
            forEachAtOnce(entries, each -> {
                String topic = subjects.memberPart(each, 0);
                String member = subjects.memberPart(each, 1);
                // Of several nodes that do the same, one finds it.
                if (streams.removeBefore(before, each) && !isThere(streams, topic, member)) {
                    receiver.memberGone(topic, member);
                }
            });
        } finally {
            channels.forEach(each -> streams.pass(each, notice));
        }
        streams.flush();
    }

    /** Returns when all are done. Throws what one of them has thrown. */
    private static void forEachAtOnce(List<String> entries, Consumer<String> action) {
        List<FutureTask<?>> tasks = new ArrayList<>();
        for (String each : entries) {
            FutureTask<?> task = new FutureTask<>(() -> action.accept(each), null);
            Thread.ofVirtual().name("weft-nats-member").start(task);
            tasks.add(task);
        }
        BackplaneException failed = null;
        for (FutureTask<?> each : tasks) {
            try {
                each.get();
            } catch (ExecutionException e) {
                failed = e.getCause() instanceof BackplaneException known
                        ? known
                        : BackplaneException.uncertain("a member of a dead node is not removed", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failed = BackplaneException.uncertain("interrupted while removing members", e);
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    private boolean isThere(Streams streams, String topic, String member) {
        return !streams.subjects(subjects.member(topic, member)).isEmpty();
    }

    private void tell(Streams streams, String topic) {
        streams.pass(subjects.channel(topic), notice);
        streams.flush();
    }

    /** The members of a topic. */
    Map<String, Integer> of(Streams streams, String topic) {
        Map<String, Integer> entries = new HashMap<>();
        streams.forEachMember(subjects.membersOfTopic(topic), each -> entries.put(each.getSubject(),
                Integer.parseInt(new String(each.getData(), StandardCharsets.US_ASCII))));
        Map<String, Integer> members = new TreeMap<>();
        entries.forEach(
                (entry, connections) -> members.merge(subjects.memberPart(entry, 1), connections, Integer::sum));
        return members;
    }

    static boolean isNotice(byte[] message) {
        return message[0] == NOTICE;
    }

    /** A notice has arrived, perhaps one of this node. */
    void noticed(String topic, byte[] message, Backplane.Receiver receiver) {
        if (!Arrays.equals(message, notice)) {
            receiver.membersChanged(topic);
        }
    }
}
