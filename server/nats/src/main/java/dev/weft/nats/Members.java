package dev.weft.nats;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
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
import java.util.stream.Stream;

/**
 * Who is there. A member has an entry in the stream of members for each node on which it has connections, whose subject has
 * their number: so the subjects are the members, and the server returns them all with one answer, as they are at one moment.
 * When the number changes, the new entry is made before the old one is removed; of two, the higher number counts. When somebody
 * joins or leaves, a notice is published on the channel of the topic, which the stream does not keep. For any thread; the
 * methods that change or read entries wait for the server.
 */
final class Members {
    /** The first byte of a notice; a message of a topic begins with its version. */
    private static final byte NOTICE = 'm';
    private static final byte[] NOTHING = {};

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
        String first = subjects.member(topic, member, node, 1);
        if (connections == 0) {
            uncertain.remove(first);
            return remove(streams, topic, member);
        }
        Set<String> before = streams.subjects(subjects.member(topic, member));
        boolean joins = uncertain.contains(first) || before.isEmpty();
        if (joins) {
            uncertain.add(first);
        }
        String entry = subjects.member(topic, member, node, connections);
        streams.set(entry, NOTHING);
        own(before).filter(each -> !each.equals(entry)).forEach(streams::remove);
        if (joins) {
            tell(streams, topic);
            uncertain.remove(first);
        }
        return joins;
    }

    private Stream<String> own(Set<String> entries) {
        return entries.stream().filter(each -> subjects.memberPart(each, 2).equals(node));
    }

    /**
     * Removes the entries of this node. Returns whether the member has none any more. The others are told before, too: if this
     * node ends before it can tell them, nobody else knows that the member was there.
     */
    private boolean remove(Streams streams, String topic, String member) {
        streams.pass(subjects.channel(topic), notice);
        // Most members have one connection.
        boolean removed = streams.remove(subjects.member(topic, member, node, 1));
        Set<String> left = streams.subjects(subjects.member(topic, member));
        List<String> own = own(left).toList();
        if (!own.isEmpty()) {
            for (String each : own) {
                removed |= streams.remove(each);
            }
            left = streams.subjects(subjects.member(topic, member));
        }
        tell(streams, topic);
        return removed && left.isEmpty();
    }

    /**
     * Removes some entries of a dead node, all at the same time, and tells which members have left by this. Entries with this
     * number in the stream or a higher one stay: the node was alive when it set them.
     */
    void removeDead(Streams streams, List<String> entries, long before, Backplane.Receiver receiver) {
        Set<String> channels = entries.stream().map(each -> subjects.channel(subjects.memberPart(each, 0)))
                .collect(Collectors.toSet());
        channels.forEach(each -> streams.pass(each, notice));
        // A node that dies while it changes a number leaves two entries of a member.
        Collection<List<String>> ofMembers = entries.stream()
                .collect(Collectors.groupingBy(each -> each.substring(0, each.lastIndexOf('.')))).values();
        try {
            forEachAtOnce(ofMembers, each -> {
                String topic = subjects.memberPart(each.getFirst(), 0);
                String member = subjects.memberPart(each.getFirst(), 1);
                // Of several nodes that do the same, one finds it.
                boolean removed = false;
                for (String entry : each) {
                    removed |= streams.removeBefore(before, entry);
                }
                if (removed && streams.subjects(subjects.member(topic, member)).isEmpty()) {
                    receiver.memberGone(topic, member);
                }
            });
        } finally {
            channels.forEach(each -> streams.pass(each, notice));
        }
        streams.flush();
    }

    /** Returns when all are done. Throws what one of them has thrown. */
    private static <T> void forEachAtOnce(Collection<T> all, Consumer<T> action) {
        List<FutureTask<?>> tasks = new ArrayList<>();
        for (T each : all) {
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

    private void tell(Streams streams, String topic) {
        streams.pass(subjects.channel(topic), notice);
        streams.flush();
    }

    /** The members of a topic. */
    Map<String, Integer> of(Streams streams, String topic) {
        Map<String, Map<String, Integer>> onNodes = new TreeMap<>();
        for (String each : streams.subjects(subjects.membersOfTopic(topic))) {
            onNodes.computeIfAbsent(subjects.memberPart(each, 1), key -> new HashMap<>())
                    .merge(subjects.memberPart(each, 2), Integer.valueOf(subjects.memberPart(each, 3)), Math::max);
        }
        Map<String, Integer> members = new TreeMap<>();
        onNodes.forEach((member, counts) -> members.put(member, counts.values().stream().mapToInt(each -> each).sum()));
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
