package dev.weft.topics.json;

/** Wildcards in filters, as {@link dev.weft.topics.Topics} describes them. */
final class TopicFilter {
    private TopicFilter() {}

    static boolean hasWildcard(String filter) {
        for (String level : filter.split("/", -1)) {
            if (level.equals("*") || level.equals("#")) {
                return true;
            }
        }
        return false;
    }

    /** Whether a filter, which is a valid one, matches a topic. */
    static boolean matches(String filter, String topic) {
        String[] wanted = filter.split("/", -1);
        String[] levels = topic.split("/", -1);
        for (int i = 0; i < wanted.length; i++) {
            if (i == levels.length) {
                return false;
            }
            if (wanted[i].equals("#")) {
                return true;
            }
            if (!wanted[i].equals("*") && !wanted[i].equals(levels[i])) {
                return false;
            }
        }
        return wanted.length == levels.length;
    }
}
