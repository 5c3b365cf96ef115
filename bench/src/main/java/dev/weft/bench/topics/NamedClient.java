package dev.weft.bench.topics;

import dev.weft.WebSocketConnection;
import java.io.IOException;

/** Subscribes to a topic by its name, as a member, and comes back with its position. */
class NamedClient extends LineClient implements Member {
    final Log log;
    private final String name;
    private final boolean staysAway;
    private String position;

    NamedClient(FaultClients clients, String topic, String name, int node) {
        this(clients, "/", topic, name, node, false);
    }

    /** @param staysAway whether it does not come back when its first connection has ended */
    NamedClient(FaultClients clients, String path, String topic, String name, int node, boolean staysAway) {
        super(clients, path + "?member=" + name, node);
        this.log = new Log(topic);
        this.name = name;
        this.staysAway = staysAway;
    }

    @Override
    boolean comesBack() {
        return !log.hasEnded();
    }

    @Override
    void subscribe(WebSocketConnection connection) throws IOException {
        connection.send("S " + log.topic + (position == null ? "" : " " + position));
    }

    @Override
    void subscribed(String filter, String recovery, String start) {
        if (staysAway) {
            log.ends();
        }
        if (recovery.equals("IMPOSSIBLE")) {
            log.toldGap();
        }
        if (!recovery.equals("COMPLETE")) {
            position = start;
        }
    }

    /** The latest value of a key has no position to go on from. */
    @Override
    void received(String topic, String place, int number) {
        if (!place.equals("-")) {
            position = place;
        }
        log.received(number);
    }

    @Override
    void toldGap(String filter) {
        log.toldGap();
    }

    @Override
    public String topic() {
        return log.topic;
    }

    @Override
    public String name() {
        return name;
    }
}
