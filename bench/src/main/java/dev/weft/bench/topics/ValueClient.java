package dev.weft.bench.topics;

/** Subscribes to the latest values of a topic's keys. A slow one waits after each message as long as faults happen. */
final class ValueClient extends NamedClient {
    private static final long SLOW_MILLIS = 1500;

    private final boolean slow;

    ValueClient(FaultClients clients, String topic, String name, int node, boolean slow) {
        super(clients, "/values", topic, name, node, false);
        this.slow = slow;
    }

    @Override
    void subscribed(String filter, String recovery, String start) {
        log.begins();
        super.subscribed(filter, recovery, start);
    }

    @Override
    void received(String topic, String place, int number) {
        super.received(topic, place, number);
        if (slow && !clients.calm.get()) {
            FaultClients.pause(SLOW_MILLIS);
        }
    }
}
