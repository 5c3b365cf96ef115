package dev.weft.redis;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneMessage;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A node that fails with an error when it is told one of some things for the first time, after another receiver was told it. */
final class Failing implements Backplane.Receiver {
    private final Backplane.Receiver first;
    private final Set<String> left;

    /** @param what names of methods */
    Failing(Backplane.Receiver first, String... what) {
        this.first = first;
        this.left = ConcurrentHashMap.newKeySet();
        left.addAll(List.of(what));
    }

    private void failOnce(String what) {
        if (left.remove(what)) {
            throw new OutOfMemoryError("on purpose");
        }
    }

    @Override
    public void received(BackplaneMessage message) {
        first.received(message);
        failOnce("received");
    }

    @Override
    public void away() {
        first.away();
        failOnce("away");
    }

    @Override
    public void back() {
        first.back();
        failOnce("back");
    }

    @Override
    public void memberGone(String topic, String member) {
        first.memberGone(topic, member);
        failOnce("memberGone");
    }

    @Override
    public void membersChanged(String topic) {
        first.membersChanged(topic);
        failOnce("membersChanged");
    }
}
