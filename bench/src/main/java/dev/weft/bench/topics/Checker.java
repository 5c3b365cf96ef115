package dev.weft.bench.topics;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares what subscribers have got with what publishers have sent. Each publisher numbers its messages in one topic from 0,
 * and has the fate of each. Each subscriber reports what it gets, in its order, and each notice that something is missing. For
 * one thread at a time.
 */
final class Checker {
    /** What a publisher knows about a message. */
    enum Fate {
        ACCEPTED, FAILED, UNCERTAIN
    }

    /** What is found, the number of times, with an example of each. */
    record Findings(Map<String, Integer> counts, List<String> examples, long deliveries, long gapsTold) {
        boolean isClean() {
            return counts.isEmpty();
        }
    }

    private final Map<String, List<Fate>> fates = new HashMap<>();

    /** Fates of a topic's messages, by number. */
    void published(String topic, List<Fate> all) {
        fates.put(topic, List.copyOf(all));
    }

    /** What one subscriber has got of one topic, in order. */
    static final class Log {
        /** Instead of a number: a notice that messages may be missing here. */
        private static final int GAP = -1;
        private static final int MOST = 100_000;

        final String topic;
        private final List<Integer> entries = new ArrayList<>();

        Log(String topic) {
            this.topic = topic;
        }

        synchronized void received(int number) {
            if (entries.size() < MOST) {
                entries.add(number);
            }
        }

        synchronized void toldGap() {
            entries.add(GAP);
        }

        synchronized List<Integer> entries() {
            return List.copyOf(entries);
        }
    }

    Findings check(List<Log> logs) {
        Map<String, Integer> counts = new TreeMap<>();
        List<String> examples = new ArrayList<>();
        long deliveries = 0;
        long gaps = 0;
        for (Log log : logs) {
            List<Fate> known = fates.getOrDefault(log.topic, List.of());
            List<Integer> entries = log.entries();
            BitSet seen = new BitSet();
            int last = -1;
            boolean gap = true; // It has subscribed at some time after the first message.
            for (int entry : entries) {
                if (entry == Log.GAP) {
                    gap = true;
                    gaps++;
                    continue;
                }
                deliveries++;
                String where = log.topic + " " + entry + " after " + last;
                if (seen.get(entry)) {
                    found("doubled", where, counts, examples);
                } else if (entry < last && known.get(entry) == Fate.UNCERTAIN) {
                    // Its publisher has given up waiting, and gone on: it may come late.
                    seen.set(entry);
                    continue;
                } else if (entry < last) {
                    found("reordered", where, counts, examples);
                } else if (entry >= known.size()) {
                    found("invented", where, counts, examples);
                } else if (known.get(entry) == Fate.FAILED) {
                    found("delivered though it has failed", where, counts, examples);
                }
                for (int missing = last + 1; missing < entry && !gap; missing++) {
                    if (missing < known.size() && known.get(missing) == Fate.ACCEPTED) {
                        found("lost", log.topic + " " + missing + " before " + entry, counts, examples);
                    }
                }
                seen.set(entry);
                last = Math.max(last, entry);
                gap = false;
            }
            int end = known.size() - 1;
            while (end >= 0 && known.get(end) != Fate.ACCEPTED) {
                end--;
            }
            if (last < end) {
                found("lost at the end", log.topic + " " + last + " of " + end, counts, examples);
            }
        }
        return new Findings(counts, examples, deliveries, gaps);
    }

    private static void found(String what, String where, Map<String, Integer> counts, List<String> examples) {
        if (counts.merge(what, 1, Integer::sum) == 1) {
            examples.add(what + ": " + where);
        }
    }
}
