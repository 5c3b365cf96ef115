/** A WebSocket connection is blocking code on its own virtual thread. */
module dev.weft.server {
    requires transitive dev.weft.parser;
    requires static java.management;
    requires static jdk.jfr;
    requires static org.jspecify;

    exports dev.weft;
    exports dev.weft.client;
    exports dev.weft.server;
    exports dev.weft.testing;
    exports dev.weft.topics;
}
