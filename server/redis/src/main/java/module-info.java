/** Topics of several processes, connected by Redis. Lettuce is an automatic module. */
@SuppressWarnings("requires-automatic")
module dev.weft.redis {
    requires transitive dev.weft.server;
    requires lettuce.core;
    requires static org.jspecify;

    exports dev.weft.redis;
}
