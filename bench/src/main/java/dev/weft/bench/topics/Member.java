package dev.weft.bench.topics;

import java.util.Optional;
import java.util.Set;

/** A client that counts as a member of a topic while it is subscribed. */
interface Member {
    String topic();

    String name();

    boolean isSubscribed();

    /** The members of the topic that it was told last, if it wants to know. */
    default Optional<Set<String>> told() {
        return Optional.empty();
    }
}
