package dev.weft.topics;

import dev.weft.topics.PresenceLane.Member;
import java.util.List;
import java.util.stream.Stream;

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
    /** Whether the broker may have forgotten the members of this node. */
    private volatile boolean forgotten;

    SharedPresence(Uplink uplink, Presence presence) {
        this.uplink = uplink;
        this.lanes = Stream.generate(() -> new PresenceLane(uplink, presence)).limit(LANES).toList();
    }

    @Override
    public void changed(String topic, String name, int before, int connections) {
        Member member = new Member(topic, name);
        lanes.get(Math.floorMod(member.hashCode(), LANES)).changed(member, before, connections);
    }

    /** The broker is back. */
    void resume() {
        forgotten = true;
        worker.wake();
        lanes.forEach(PresenceLane::wake);
    }

    /** If it fails, it is tried again. */
    private boolean tellAllIfForgotten() {
        if (!forgotten || uplink.isAway()) {
            // If the broker is away, its return continues here.
            return false;
        }
        forgotten = false;
        boolean told = false;
        try {
            uplink.topics().forEach(Topic::tellMembers);
            told = true;
        } finally {
            if (!told) {
                forgotten = true;
            }
        }
        return true;
    }
}
