/** Topics over JSON: a subprotocol for browsers, its server side, and a client for Java. */
module dev.weft.topics.json {
    requires transitive dev.weft.server;
    requires tools.jackson.core;
    requires static org.jspecify;

    exports dev.weft.topics.json;
}
