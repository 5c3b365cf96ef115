/** Topics of several processes, connected by NATS. The client of NATS is an automatic module. */
@SuppressWarnings("requires-automatic")
module dev.weft.nats {
    requires transitive dev.weft.server;
    requires io.nats.jnats;
    requires static org.jspecify;

    exports dev.weft.nats;
}
