package dev.weft.bench.report;

import java.util.regex.Pattern;

/** The kind of a subject, derived from its name. */
enum Kind {
    WEFT("Weft"), PEER("peer"), BASELINE("baseline");

    private static final Pattern BASELINE_WORD = Pattern.compile("(?i)\\b(baseline|floor)\\b");

    private final String word;

    Kind(String word) {
        this.word = word;
    }

    /**
     * A name that contains "baseline" or "floor" is not a competitor, because it does less than the others. Otherwise a name
     * that starts with "Weft" is a configuration of Weft, and any other is a peer.
     */
    static Kind of(String subject) {
        if (BASELINE_WORD.matcher(subject).find()) {
            return BASELINE;
        }
        return subject.startsWith("Weft") ? WEFT : PEER;
    }

    @Override
    public String toString() {
        return word;
    }
}
