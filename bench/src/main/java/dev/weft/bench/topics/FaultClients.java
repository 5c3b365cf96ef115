package dev.weft.bench.topics;

import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** What the clients of a fault run share: where the nodes are, and when the run is over. */
final class FaultClients {
    private final WebSocketClient client;
    private final List<InetSocketAddress> nodes;
    /** The faults are over: slow clients read faster. */
    final AtomicBoolean calm = new AtomicBoolean();
    /** Publishers end when some more messages were accepted. */
    final AtomicBoolean ending = new AtomicBoolean();
    final AtomicBoolean over = new AtomicBoolean();
    final AtomicInteger connects = new AtomicInteger();

    FaultClients(WebSocketClient client, List<InetSocketAddress> nodes) {
        this.client = client;
        this.nodes = nodes;
    }

    int nodeCount() {
        return nodes.size();
    }

    /** Connects to a node, for example to {@code /values?member=ann}. */
    WebSocketConnection open(int node, String target) throws IOException {
        return client.open(uri(nodes.get(node), target));
    }

    static URI uri(InetSocketAddress address, String target) {
        return URI.create("ws://" + address.getHostString() + ":" + address.getPort() + target);
    }

    /** About so long. */
    static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis / 2 + ThreadLocalRandom.current().nextLong(millis + 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
