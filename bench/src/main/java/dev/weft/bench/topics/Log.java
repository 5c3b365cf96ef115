package dev.weft.bench.topics;

import java.util.ArrayList;
import java.util.List;

/** What one subscriber has got of one topic, in order: the numbers of messages, and what it was told. For any thread. */
final class Log {
    /** Instead of a number: a notice that messages may be missing here. */
    static final int GAP = -1;
    /** Instead of a number: what follows is another subscription, which does not go on from what was before. */
    static final int BEGIN = -2;
    private static final int MOST = 100_000;

    final String topic;
    private final List<Integer> entries = new ArrayList<>();
    private int newest = -1;
    private boolean ended;

    Log(String topic) {
        this.topic = topic;
    }

    synchronized void received(int number) {
        if (entries.size() < MOST) {
            entries.add(number);
            newest = Math.max(newest, number);
        }
    }

    synchronized void toldGap() {
        entries.add(GAP);
    }

    synchronized void begins() {
        entries.add(BEGIN);
    }

    /** The subscriber has gone before the end of the run. */
    synchronized void ends() {
        ended = true;
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    /** The highest number of all; -1 if it has got none. */
    synchronized int newest() {
        return newest;
    }

    synchronized List<Integer> entries() {
        return List.copyOf(entries);
    }

    synchronized long deliveries() {
        return entries.stream().filter(each -> each >= 0).count();
    }

    synchronized long gapsTold() {
        return entries.stream().filter(each -> each == GAP).count();
    }
}
