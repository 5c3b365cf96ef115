package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.bench.topics.Checker.Fate;
import dev.weft.bench.topics.Checker.Log;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** The clients of a fault run: they subscribe and publish, and go to another node when theirs fails them. */
final class FaultClients {
    /** A connection on which nothing arrives for so long is given up. */
    private static final Duration SILENCE = Duration.ofSeconds(6);
    private static final Duration ANSWER = Duration.ofSeconds(4);

    private final WebSocketClient client;
    private final List<URI> nodes;
    final AtomicBoolean over = new AtomicBoolean();
    final AtomicInteger connects = new AtomicInteger();
    final AtomicInteger impossible = new AtomicInteger();

    FaultClients(WebSocketClient client, List<URI> nodes) {
        this.client = client;
        this.nodes = nodes;
    }

    /** Receives until the run is over. */
    final class Subscriber implements Runnable {
        final Log log;
        private String position;
        private int node;

        Subscriber(String topic, int node) {
            this.log = new Log(topic);
            this.node = node;
        }

        @Override
        public void run() {
            while (!over.get()) {
                try (WebSocketConnection connection = client.open(nodes.get(node++ % nodes.size()))) {
                    connects.incrementAndGet();
                    connection.send("S " + log.topic + (position == null ? "" : " " + position));
                    receive(connection);
                    connection.abort();
                } catch (IOException e) {
                    // The node is away; the next one may not be.
                }
                pause(100);
            }
        }

        private void receive(WebSocketConnection connection) throws IOException {
            while (!over.get()) {
                Optional<Message> message = connection.receive(SILENCE);
                if (message.isEmpty() || !(message.get() instanceof Message.Text(String line))) {
                    return;
                }
                String[] words = line.split(" ");
                switch (words[0]) {
                    case "S" -> {
                        if (words[2].equals("IMPOSSIBLE")) {
                            impossible.incrementAndGet();
                            log.toldGap();
                        }
                        if (!words[2].equals("COMPLETE")) {
                            position = words[3];
                        }
                    }
                    case "M" -> {
                        position = words[2];
                        log.received(Integer.parseInt(words[3]));
                    }
                    case "G" -> log.toldGap();
                    default -> {
                        return;
                    }
                }
            }
        }
    }

    /** Publishes numbers to a topic, one after the other, and notes the fate of each. */
    final class Publisher implements Runnable {
        final String topic;
        final List<Fate> fates = new ArrayList<>();
        private final long pauseMillis;
        private int node;
        /** After the faults: ends when some more messages were accepted. */
        private final AtomicBoolean ending;
        private static final int LAST = 3;

        Publisher(String topic, int node, long pauseMillis, AtomicBoolean ending) {
            this.topic = topic;
            this.node = node;
            this.pauseMillis = pauseMillis;
            this.ending = ending;
        }

        @Override
        public void run() {
            int last = 0;
            while (!over.get() && last < LAST) {
                try (WebSocketConnection connection = client.open(nodes.get(node++ % nodes.size()))) {
                    Fate fate = Fate.ACCEPTED;
                    while (!over.get() && last < LAST && fate != Fate.UNCERTAIN) {
                        boolean counts = ending.get();
                        fate = publish(connection);
                        last += counts && fate == Fate.ACCEPTED ? 1 : 0;
                        pause(pauseMillis);
                    }
                    connection.abort();
                } catch (IOException e) {
                    pause(100);
                }
            }
        }

        private Fate publish(WebSocketConnection connection) {
            int number = fates.size();
            fates.add(Fate.UNCERTAIN);
            try {
                connection.send("P " + number + " " + topic + " " + number);
                if (connection.receive(ANSWER).orElse(null) instanceof Message.Text(String answer)) {
                    fates.set(number, switch (answer.charAt(0)) {
                        case 'A' -> Fate.ACCEPTED;
                        case 'F' -> Fate.FAILED;
                        default -> Fate.UNCERTAIN;
                    });
                }
            } catch (IOException e) {
                // Nobody knows.
            }
            return fates.get(number);
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis / 2 + ThreadLocalRandom.current().nextLong(millis + 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
