/** The statistics of WebSocket servers and topics as meters of Micrometer, which is an automatic module. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module dev.weft.micrometer {
    requires transitive dev.weft.server;
    requires transitive micrometer.core;
    requires static org.jspecify;

    exports dev.weft.micrometer;
}
