package dev.weft.bench.topics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What checks have found: the number of times, with an example of each. For one thread at a time. */
final class FaultFindings {
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> examples = new ArrayList<>();

    void found(String what, String where) {
        if (counts.merge(what, 1, Integer::sum) == 1) {
            examples.add(what + ": " + where);
        }
    }

    /** @param kind what was checked */
    void addAll(String kind, FaultFindings others) {
        others.counts.forEach((what, count) -> counts.merge(kind + ": " + what, count, Integer::sum));
        others.examples.forEach(each -> examples.add(kind + ": " + each));
    }

    boolean isClean() {
        return counts.isEmpty();
    }

    Map<String, Integer> counts() {
        return Collections.unmodifiableMap(counts);
    }

    @Override
    public String toString() {
        return counts + " " + examples;
    }
}
