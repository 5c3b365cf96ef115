package dev.weft.topics;

import dev.weft.topics.PresenceLane.Member;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells the backplane how many connections the members on this node have: several members at the same time, since each waits for
 * the broker, but the changes of one member one after the other.
 */
final class SharedPresence implements Members {
    /** How many members are told at the same time. */
    private static final int LANES = 8;

    private final Uplink uplink;
    private final List<PresenceLane> lanes;
    private final Worker worker = new Worker("weft-presence", this::tellAllIfForgotten);
    /** For which topics the broker may have forgotten the members of this node. */
    private final AtomicReference<@Nullable Predicate<String>> forgotten = new AtomicReference<>();

    SharedPresence(Uplink uplink, Presence presence) {
        this.uplink = uplink;
        this.lanes = Stream.generate(() -> new PresenceLane(uplink, presence)).limit(LANES).toList();
    }

    @Override
    public void changed(String topic, String name, int before, int connections) {
        Member member = new Member(topic, name);
        lanes.get(Math.floorMod(member.hashCode(), LANES)).changed(member, before, connections);
    }

    /** The broker is back, or one of its servers. */
    void resume(Predicate<String> topics) {
        forget(topics);
        worker.wake();
        lanes.forEach(PresenceLane::wake);
    }

    private void forget(Predicate<String> topics) {
        forgotten.accumulateAndGet(topics, (known, more) -> known == null ? more : known.or(more));
    }

    /** If it fails, it is tried again. */
    private boolean tellAllIfForgotten() {
        if (uplink.isAway()) {
            // Its return continues here.
            return false;
        }
        Predicate<String> topics = forgotten.getAndSet(null);
        if (topics == null) {
            return false;
        }
        boolean told = false;
        try {
            uplink.topics().stream().filter(each -> topics.test(each.name())).forEach(Topic::tellMembers);
            told = true;
        } finally {
            if (!told) {
                forget(topics);
            }
        }
        return true;
    }
}
