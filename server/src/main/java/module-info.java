/** A WebSocket connection is blocking code on its own virtual thread. */
module dev.weft.server {
    requires transitive dev.weft.parser;

    exports dev.weft;
    exports dev.weft.server;
}
