package dev.weft.bench.report;

import java.util.regex.Pattern;

/** What a subject is to a reader of the figures; its name tells. */
enum Kind {
    WEFT("Weft"), PEER("peer"), BASELINE("baseline");

    private static final Pattern BASELINE_WORD = Pattern.compile("(?i)\\b(baseline|floor)\\b");

    private final String word;

    Kind(String word) {
        this.word = word;
    }

    /**
     * A name with the word "baseline" or "floor" in it is no competitor: it does less than the others. Else a name that
     * starts with "Weft" is Weft in one of its settings, and any other is a peer.
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
