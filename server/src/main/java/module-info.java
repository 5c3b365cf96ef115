/** A WebSocket connection is blocking code on its own virtual thread. */
module dev.weft.server {
    requires transitive dev.weft.parser;
    // For the echo launcher alone.
    requires static info.picocli;
    requires static java.logging;

    exports dev.weft;
    exports dev.weft.server;
}
