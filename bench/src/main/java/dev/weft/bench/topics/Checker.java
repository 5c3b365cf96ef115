package dev.weft.bench.topics;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what subscribers have got with what publishers have sent. Each publisher numbers its messages in one topic from 0,
 * and has the fate of each. Each subscriber reports what it gets, in its order, and each notice that something is missing.
 * Within a subscription, everything that was accepted must arrive once and in order, except where a gap was told. For one
 * thread at a time.
 */
final class Checker {
    private final Map<String, List<Fate>> fates = new HashMap<>();
    private final Map<String, List<Integer>> connections = new HashMap<>();

    /**
     * What has become of a topic's messages, by number, and on which connection of the publisher each was published: if a
     * message is unconfirmed, its order is known only among those of its connection.
     */
    void published(String topic, List<Fate> all, List<Integer> publishingConnections) {
        fates.put(topic, List.copyOf(all));
        connections.put(topic, List.copyOf(publishingConnections));
    }

    void check(Log log, FaultFindings findings) {
        List<Fate> known = fates.getOrDefault(log.topic, List.of());
        List<Integer> publishing = connections.getOrDefault(log.topic, List.of());
        Map<Integer, Integer> newest = new HashMap<>(); // by the publisher's connection
        BitSet seen = new BitSet();
        int last = -1; // the highest number
        boolean gap = true; // It has subscribed at some time after the first message.
        for (int entry : log.entries()) {
            if (entry == Log.BEGIN) {
                seen.clear();
                newest.clear();
                last = -1;
                gap = true;
                continue;
            }
            if (entry == Log.GAP) {
                gap = true;
                continue;
            }
            String where = log.topic + " " + entry + " after " + last;
            boolean mayBeLate = mayBeLate(entry, known, publishing, newest);
            if (entry < publishing.size()) {
                newest.merge(publishing.get(entry), entry, Math::max);
            }
            if (seen.get(entry)) {
                findings.found("doubled", where);
            } else if (entry < last && mayBeLate) {
                seen.set(entry);
                continue;
            } else if (entry < last) {
                findings.found("reordered", where);
            } else if (entry >= known.size()) {
                findings.found("invented", where);
            } else if (is(Fate.FAILED, known, entry)) {
                findings.found("delivered though it has failed", where);
            }
            for (int missing = last + 1; missing < entry && !gap; missing++) {
                if (is(Fate.ACCEPTED, known, missing)) {
                    findings.found("lost", log.topic + " " + missing + " before " + entry + around(log, entry)
                            + known.subList(last + 1, entry));
                }
            }
            seen.set(entry);
            last = Math.max(last, entry);
            // A late message does not say where the subscription begins or goes on.
            gap &= mayBeLate;
        }
        int end = known.lastIndexOf(Fate.ACCEPTED);
        if (!log.hasEnded() && last < end) {
            findings.found("lost at the end", log.topic + " " + last + " of " + end);
        }
    }

    /** What the subscriber has got before and after this, to find out why. */
    private static String around(Log log, int entry) {
        List<Integer> all = log.entries();
        int at = all.indexOf(entry);
        return " in " + all.subList(Math.max(0, at - 8), Math.min(all.size(), at + 3)) + ", fates ";
    }

    /** The broker has lost nothing of this topic: a notice of a gap is false, even if it excuses nothing. */
    static void checkNoGap(Log log, FaultFindings findings) {
        if (log.gapsTold() > 0) {
            findings.found("gap told without a loss", log.topic);
        }
    }

    private static boolean mayBeLate(int number, List<Fate> known, List<Integer> publishing,
            Map<Integer, Integer> newest) {
        // Its publisher has given up waiting, and gone on.
        return is(Fate.UNCERTAIN, known, number)
                // It has been held up on its way from another node than that of the newer messages.
                || is(Fate.UNCONFIRMED, known, number) && newest.getOrDefault(publishing.get(number), -1) < number;
    }

    private static boolean is(Fate fate, List<Fate> known, int number) {
        return number < known.size() && known.get(number) == fate;
    }
}
