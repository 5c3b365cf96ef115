package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Publishes numbers to a topic, one after the other, and notes the fate of each. After the faults, it ends when some more
 * messages were accepted.
 */
final class Publisher implements Runnable {
    private static final Duration ANSWER = Duration.ofSeconds(4);
    private static final int LAST = 3;
    /** Values are long, so that they have to wait for slow subscribers. Spaces change nothing: a number with spaces is JSON. */
    private static final String PADDING = " ".repeat(1000);

    /** On which of the publisher's connections, to which node and when a message was published, in nanoseconds. */
    private record Attempt(int connection, int node, long begin, long end) {}

    private final FaultClients clients;
    private final String path;
    final String topic;
    private final boolean latest;
    private final long pauseMillis;
    private int node;
    private int connections;
    private final List<Fate> fates = new ArrayList<>();
    private final List<Attempt> attempts = new ArrayList<>();

    /** @param latest whether to publish the latest values of keys */
    Publisher(FaultClients clients, String path, String topic, boolean latest, int node, long pauseMillis) {
        this.clients = clients;
        this.path = path;
        this.topic = topic;
        this.latest = latest;
        this.node = node % clients.nodeCount();
        this.pauseMillis = pauseMillis;
    }

    @Override
    public void run() {
        int last = 0;
        while (!clients.over.get() && last < LAST) {
            try (WebSocketConnection connection = clients.open(node, path)) {
                connections++;
                Fate fate = Fate.ACCEPTED;
                while (!clients.over.get() && last < LAST && fate != Fate.UNCERTAIN) {
                    boolean counts = clients.ending.get();
                    fate = publish(connection);
                    last += counts && fate == Fate.ACCEPTED ? 1 : 0;
                    FaultClients.pause(pauseMillis);
                }
                connection.abort();
            } catch (IOException e) {
                FaultClients.pause(100);
            }
            node = (node + 1) % clients.nodeCount();
        }
    }

    private Fate publish(WebSocketConnection connection) {
        int number = fates.size();
        long begin = System.nanoTime();
        Fate fate = Fate.UNCERTAIN;
        try {
            connection.send(latest
                    ? "L " + number + " " + topic + " key" + number % LatestChecker.KEYS + " " + number + PADDING
                    : "P " + number + " " + topic + " " + number);
            if (connection.receive(ANSWER).orElse(null) instanceof Message.Text(String answer)) {
                fate = switch (answer.charAt(0)) {
                    case 'A' -> Fate.ACCEPTED;
                    case 'F' -> Fate.FAILED;
                    default -> Fate.UNCERTAIN;
                };
            }
        } catch (IOException e) {
            // Nobody knows.
        }
        synchronized (this) {
            fates.add(fate);
            attempts.add(new Attempt(connections, node, begin, System.nanoTime()));
        }
        return fate;
    }

    /** By number. */
    synchronized List<Fate> fates() {
        return List.copyOf(fates);
    }

    /** By number, if a node answers before the broker has confirmed a message. */
    synchronized List<Fate> fates(FaultSequence faults) {
        List<Fate> known = new ArrayList<>(fates);
        for (int i = 0; i < known.size(); i++) {
            Attempt attempt = attempts.get(i);
            if (known.get(i) == Fate.ACCEPTED && faults.mayHaveHit(attempt.node(), attempt.begin(), attempt.end())) {
                known.set(i, Fate.UNCONFIRMED);
            }
        }
        return known;
    }

    /** On which of its connections each message was published, by number. */
    synchronized List<Integer> connections() {
        return attempts.stream().map(Attempt::connection).toList();
    }

    synchronized int lastAccepted() {
        return fates.lastIndexOf(Fate.ACCEPTED);
    }
}
