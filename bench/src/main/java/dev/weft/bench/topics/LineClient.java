package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * A client that speaks with a {@link TopicsNode} in lines until the run is over, and goes to the next node when its own fails.
 */
abstract class LineClient implements Runnable {
    /** A connection on which nothing arrives for so long is given up. */
    private static final Duration SILENCE = Duration.ofSeconds(6);
    /** Before it connects again; twice that after each connection on which it was not subscribed. */
    private static final long SHORTEST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 2000;

    final FaultClients clients;
    private final String target;
    private int node;
    private long pauseMillis = SHORTEST_PAUSE_MILLIS;
    private volatile boolean subscribed;

    LineClient(FaultClients clients, String target, int node) {
        this.clients = clients;
        this.target = target;
        this.node = node % clients.nodeCount();
    }

    /** Whether it is subscribed now, as far as it knows. */
    public final boolean isSubscribed() {
        return subscribed;
    }

    @Override
    public final void run() {
        while (!clients.over.get() && comesBack()) {
            try (WebSocketConnection connection = clients.open(node, target)) {
                clients.connects.incrementAndGet();
                subscribe(connection);
                receive(connection);
                connection.abort();
            } catch (IOException e) {
                // The node is away; the next one may not be.
            } finally {
                subscribed = false;
            }
            node = (node + 1) % clients.nodeCount();
            FaultClients.pause(pauseMillis);
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
        }
    }

    private void receive(WebSocketConnection connection) throws IOException {
        while (!clients.over.get()) {
            Optional<Message> message = connection.receive(SILENCE);
            if (message.isEmpty() && clients.ending.get()) {
                // Nobody may publish any more.
                continue;
            }
            if (message.isEmpty() || !(message.get() instanceof Message.Text(String line))) {
                return;
            }
            String[] words = line.split(" ");
            switch (words[0]) {
                case "S" -> {
                    subscribed(words[1], words[2], words[3]);
                    subscribed = true;
                    pauseMillis = SHORTEST_PAUSE_MILLIS;
                }
                case "M" -> received(words[1], words[2], Integer.parseInt(words[3]));
                case "G" -> toldGap(words[1]);
                default -> {
                    return;
                }
            }
        }
    }

    /** Whether it connects, for the first time or again. */
    boolean comesBack() {
        return true;
    }

    abstract void subscribe(WebSocketConnection connection) throws IOException;

    abstract void subscribed(String filter, String recovery, String position);

    abstract void received(String topic, String position, int number);

    abstract void toldGap(String filter);
}
