package dev.weft.bench.topics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Like {@link Checker}, for topics whose messages are the latest values of keys: the number of a value modulo {@link #KEYS} is
 * its key. A subscriber may miss a value for which it gets a newer one of the same key. A new connection may bring values
 * again. For one thread at a time.
 */
final class LatestChecker {
    static final int KEYS = 5;

    private final Map<String, List<Fate>> fates = new HashMap<>();
    private long replaced;

    /** Fates of a topic's values, by number. */
    void published(String topic, List<Fate> all) {
        fates.put(topic, List.copyOf(all));
    }

    /** The number of values before which subscribers got newer ones, which have mostly taken their place. */
    long replaced() {
        return replaced;
    }

    void check(Log log, FaultFindings findings) {
        List<Fate> known = fates.getOrDefault(log.topic, List.of());
        int[] newest = new int[KEYS]; // on this connection
        int[] newestOfAll = new int[KEYS];
        Arrays.fill(newest, -1);
        Arrays.fill(newestOfAll, -1);
        int first = Integer.MAX_VALUE; // since the last gap
        int last = -1; // before which values may have been replaced
        for (int entry : log.entries()) {
            if (entry == Log.BEGIN) {
                Arrays.fill(newest, -1);
                last = -1;
                continue;
            }
            if (entry == Log.GAP) {
                first = Integer.MAX_VALUE;
                last = -1;
                continue;
            }
            int key = entry % KEYS;
            Fate fate = entry < known.size() ? known.get(entry) : null;
            String where = log.topic + " " + entry + " after " + newest[key];
            if (entry == newest[key]) {
                findings.found("value doubled", where);
            } else if (fate == null) {
                findings.found("value invented", where);
            } else if (fate == Fate.FAILED) {
                findings.found("value delivered though it has failed", where);
            } else if (entry < newest[key] && fate == Fate.ACCEPTED) {
                // If its fate is uncertain, it may have been published late.
                findings.found("older value after a newer one", where);
            }
            newest[key] = Math.max(newest[key], entry);
            newestOfAll[key] = Math.max(newestOfAll[key], entry);
            first = Math.min(first, entry);
            for (int skipped = last + 1; skipped < entry && last >= 0; skipped++) {
                replaced += known.get(skipped) == Fate.ACCEPTED ? 1 : 0;
            }
            last = Math.max(last, entry);
        }
        if (!log.hasEnded()) {
            checkEnd(log, known, newestOfAll, first, findings);
        }
    }

    private static void checkEnd(Log log, List<Fate> known, int[] newest, int first, FaultFindings findings) {
        int end = known.lastIndexOf(Fate.ACCEPTED);
        if (end >= 0 && newest[end % KEYS] < end) {
            findings.found("newest value lost", log.topic + " " + end);
        }
        for (int number = first; number < end; number++) {
            boolean isReplaced = newest[number % KEYS] >= number;
            if (known.get(number) == Fate.ACCEPTED && !isReplaced) {
                findings.found("newest value lost", log.topic + " " + number + " after " + newest[number % KEYS]);
            }
        }
    }
}
