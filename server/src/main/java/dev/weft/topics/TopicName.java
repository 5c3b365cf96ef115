package dev.weft.topics;

import dev.weft.internal.Escape;
import dev.weft.topics.TopicException.Reason;
import java.util.List;

/** The rules for names of topics, filters and keys. A name is a list of levels, separated by slashes. */
final class TopicName {
    /** A level of a filter that matches any one level. */
    static final String ANY = "*";
    /** The last level of a filter, which matches all remaining levels, one or more. */
    static final String REST = "#";

    private static final int LONGEST = 255;
    private static final int MOST_LEVELS = 16;

    private TopicName() {}

    /** The levels of the name of a topic, which has no wildcards. */
    static List<String> levelsOfTopic(String topic) {
        List<String> levels = levels("topic", topic);
        if (hasWildcard(levels)) {
            throw invalid("topic", topic, "it has a wildcard");
        }
        return levels;
    }

    /** The levels of a filter. */
    static List<String> levelsOfFilter(String filter) {
        List<String> levels = levels("filter", filter);
        int rest = levels.indexOf(REST);
        if (rest >= 0 && rest < levels.size() - 1) {
            throw invalid("filter", filter, "'#' is not its last level");
        }
        return levels;
    }

    static boolean hasWildcard(List<String> levels) {
        return levels.contains(ANY) || levels.contains(REST);
    }

    /** Checks the key of a latest value. It has no levels, and may be any text that is not too long. */
    static void checkKey(String key) {
        checkText(Reason.INVALID_KEY, "key", key);
    }

    private static void checkText(Reason reason, String what, String text) {
        if (text.isEmpty() || text.length() > LONGEST) {
            throw invalid(reason, what, text, "it has " + text.length() + " characters, not 1 to " + LONGEST);
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw invalid(reason, what, text, "it has a control character");
        }
    }

    private static List<String> levels(String what, String name) {
        checkText(Reason.INVALID_NAME, what, name);
        List<String> levels = List.of(name.split("/", -1));
        if (levels.size() > MOST_LEVELS) {
            throw invalid(what, name, "it has over " + MOST_LEVELS + " levels");
        }
        for (String level : levels) {
            if (level.isEmpty()) {
                throw invalid(what, name, "a level is empty");
            }
            if (level.length() > 1 && (level.contains(ANY) || level.contains(REST))) {
                throw invalid(what, name, "a wildcard is only a part of a level");
            }
        }
        return levels;
    }

    private static TopicException invalid(String what, String name, String why) {
        return invalid(Reason.INVALID_NAME, what, name, why);
    }

    private static TopicException invalid(Reason reason, String what, String text, String why) {
        String shown = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
        return new TopicException(reason, what + " '" + Escape.text(shown) + "': " + why);
    }
}
