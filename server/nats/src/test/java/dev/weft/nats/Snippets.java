package dev.weft.nats;

import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;

/** Code of the javadoc. */
final class Snippets {
    private Snippets() {}

    static Topics nats(String uri) {
        // @start region="nats"
        NatsBackplane backplane = NatsBackplane.builder(uri).build();
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(100).build()).backplane(backplane)
                .build();
        // @end
        return topics;
    }
}
