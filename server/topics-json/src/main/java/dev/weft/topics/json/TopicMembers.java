package dev.weft.topics.json;

import java.util.List;

/**
 * The members of a topic. Immutable.
 *
 * @param names in alphabetical order; not all members if there are more than the server lists, see
 *              {@link JsonTopics.Builder#maxMembers}
 * @param count the number of all members
 */
public record TopicMembers(List<String> names, int count) {
    /** Keeps a copy of the list. */
    public TopicMembers {
        names = List.copyOf(names);
    }
}
