package dev.weft.redis;

import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;

/** Code of the javadoc. */
final class Snippets {
    private Snippets() {}

    static Topics redis(String uri) {
        // @start region="redis"
        RedisBackplane backplane = RedisBackplane.builder(uri).build();
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(100).build()).backplane(backplane)
                .build();
        // @end
        return topics;
    }
}
