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

    /** More losses than this before the broker is told are taken for a loss of everything. */
    private static final int MOST_LOSSES = 100;

    /** For which topics the broker may have forgotten the members of this node, by how many losses. */
    private record Forgotten(Predicate<String> topics, int losses) {
        Forgotten and(Forgotten more) {
            int sum = Math.min(losses + more.losses, MOST_LOSSES);
            return new Forgotten(sum < MOST_LOSSES ? topics.or(more.topics) : topic -> true, sum);
        }
    }

    private final Uplink uplink;
    private final List<PresenceLane> lanes;
    private final Worker worker = new Worker("weft-presence", this::tellAllIfForgotten);
    private final AtomicReference<@Nullable Forgotten> forgotten = new AtomicReference<>();

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
        forget(new Forgotten(topics, 1));
        worker.wake();
        lanes.forEach(PresenceLane::wake);
    }

    private void forget(Forgotten value) {
        forgotten.accumulateAndGet(value, (known, more) -> known == null ? more : known.and(more));
    }

    /** If it fails, it is tried again. */
    private boolean tellAllIfForgotten() {
        if (uplink.isAway()) {
            // Its return continues here.
            return false;
        }
        Forgotten telling = forgotten.getAndSet(null);
        if (telling == null) {
            return false;
        }
        boolean told = false;
        try {
            uplink.topics().stream().filter(each -> telling.topics().test(each.name())).forEach(Topic::tellMembers);
            told = true;
        } finally {
            if (!told) {
                forget(telling);
            }
        }
        return true;
    }
}
