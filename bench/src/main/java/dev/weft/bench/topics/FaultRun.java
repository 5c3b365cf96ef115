package dev.weft.bench.topics;

import dev.weft.TestProcess;
import dev.weft.bench.topics.Checker.Fate;
import dev.weft.bench.topics.Checker.Findings;
import dev.weft.bench.topics.Checker.Log;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Three nodes and a broker, all real processes, are killed, stopped, and cut off from each other, while clients compare every
 * number. Run it with {@code scripts/fault-topics}.
 */
public final class FaultRun {
    private static final int NODES = 3;
    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final Duration SETTLE = Duration.ofSeconds(45);
    /** Of each publisher, between two messages, on the average. */
    private static final long PUBLISH_MILLIS = 400;

    /**
     * How large a run is.
     *
     * @param pause between two faults
     * @param scale of the time that each fault lasts: 1 is the full one
     */
    record Size(int clients, int topics, Duration pause, double scale) {}

    private interface Fault {
        void strike() throws IOException, InterruptedException;
    }

    private final BrokerKind kind;
    private final Size size;
    private final Path folder;
    private final FaultNetwork network;
    private final long start = System.nanoTime();
    private final List<FaultProcess> nodes = new ArrayList<>();
    private FaultProcess broker;

    private FaultRun(BrokerKind kind, Size size, FaultNetwork network, Path folder) {
        this.kind = kind;
        this.size = size;
        this.network = network;
        this.folder = folder;
    }

    /** Takes the broker, the number of clients, that of topics, and {@code loopback} or {@code namespaces}. */
    public static void main(String[] arguments) throws Exception {
        Size size = new Size(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]), Duration.ofSeconds(4), 1);
        FaultNetwork network = arguments[3].equals("namespaces")
                ? new NamespaceNetwork(NODES)
                : new LoopbackNetwork(NODES);
        Findings findings = run(BrokerKind.valueOf(arguments[0]), size, network);
        System.exit(findings.isClean() ? 0 : 1);
    }

    static Findings run(BrokerKind kind, Size size, FaultNetwork network) throws Exception {
        Path folder = Files.createTempDirectory("weft-faults");
        FaultRun run = new FaultRun(kind, size, network, folder);
        try {
            return run.run();
        } finally {
            run.end();
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    private void end() throws IOException {
        nodes.forEach(FaultProcess::close);
        if (broker != null) {
            broker.close();
        }
        network.close();
    }

    private Findings run() throws Exception {
        startAll();
        try (WebSocketClient client = WebSocketClient.builder().connectTimeout(Duration.ofSeconds(3)).noDeflate()
                .build()) {
            List<URI> uris = IntStream.range(0, NODES).mapToObj(network::node)
                    .map(each -> URI.create("ws://" + each.getHostString() + ":" + each.getPort() + "/")).toList();
            FaultClients clients = new FaultClients(client, uris);
            AtomicBoolean ending = new AtomicBoolean();
            List<FaultClients.Subscriber> subscribers = new ArrayList<>();
            List<FaultClients.Publisher> publishers = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < size.clients(); i++) {
                FaultClients.Subscriber each = clients.new Subscriber("room/" + i % size.topics(), i / size.topics());
                subscribers.add(each);
                threads.add(Thread.ofVirtual().start(each));
            }
            await("all clients are connected", () -> clients.connects.get() >= size.clients(), SETTLE);
            List<Thread> publishing = new ArrayList<>();
            for (int i = 0; i < size.topics(); i++) {
                FaultClients.Publisher each = clients.new Publisher("room/" + i, i, PUBLISH_MILLIS, ending);
                publishers.add(each);
                publishing.add(Thread.ofVirtual().start(each));
            }
            say(size.clients() + " clients of " + size.topics() + " topics are connected");

            strikeAll();

            ending.set(true);
            for (Thread each : publishing) {
                each.join(SETTLE);
            }
            await("everything has arrived", () -> subscribers.stream().allMatch(each -> hasLast(each.log, publishers)),
                    SETTLE);
            clients.over.set(true);
            for (Thread each : threads) {
                each.join(Duration.ofSeconds(10));
            }
            return report(clients, subscribers.stream().map(each -> each.log).toList(), publishers);
        }
    }

    private void startAll() throws Exception {
        broker = process(network.brokersPlace(),
                kind.command(network.brokerHost(), network.broker().getPort(), folder), network.broker(), "broker");
        broker.start();
        for (int i = 0; i < NODES; i++) {
            InetSocketAddress found = network.brokerFor(i);
            InetSocketAddress own = network.node(i);
            FaultProcess node = process(network.placeOf(i),
                    TestProcess.java(List.of("-Xmx512m", "-XX:+UseSerialGC"), TopicsNode.class, kind.name(),
                            found.getHostString(), "" + found.getPort(), own.getHostString(), "" + own.getPort()),
                    own, "node" + i);
            nodes.add(node);
            node.start();
        }
        say("a broker (" + kind + ") and " + NODES + " nodes have started");
    }

    private FaultProcess process(List<String> place, List<String> command, InetSocketAddress address, String name) {
        return new FaultProcess(Stream.concat(place.stream(), command.stream()).toList(), address,
                folder.resolve(name + ".log"), LIMIT);
    }

    private void strikeAll() throws Exception {
        strike("kill -9 of node 0, which is started again", () -> {
            nodes.get(0).kill();
            last(2000);
            nodes.get(0).start();
        });
        strike("node 1 is cut off from the broker", () -> {
            network.cut(1);
            last(4000);
            network.mend(1);
        });
        strike("SIGSTOP of the broker, then SIGCONT", () -> {
            broker.signal("STOP");
            last(3000);
            broker.signal("CONT");
        });
        strike("SIGSTOP of node 2, then SIGCONT", () -> {
            nodes.get(2).signal("STOP");
            last(8000);
            nodes.get(2).signal("CONT");
        });
        strike("kill -9 of the broker, which is started again", () -> {
            broker.kill();
            last(2000);
            broker.start();
        });
        strike("nodes 0 and 2 are cut off for a moment, five times", () -> {
            for (int i = 0; i < 5; i++) {
                network.cut(0);
                network.mend(0);
                network.cut(2);
                last(300);
                network.mend(2);
            }
        });
        strike("kill -9 of node 1 while the broker is stopped", () -> {
            broker.signal("STOP");
            nodes.get(1).kill();
            last(500);
            broker.signal("CONT");
            nodes.get(1).start();
        });
    }

    private void last(long millis) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep((long) (millis * size.scale()));
    }

    private void strike(String what, Fault fault) throws Exception {
        TimeUnit.MILLISECONDS.sleep(size.pause().toMillis());
        say(what);
        fault.strike();
    }

    private static boolean hasLast(Log log, List<FaultClients.Publisher> publishers) {
        FaultClients.Publisher publisher = publishers.stream().filter(each -> each.topic.equals(log.topic)).findFirst()
                .orElseThrow();
        List<Fate> fates = publisher.fates;
        return log.entries().contains(fates.lastIndexOf(Fate.ACCEPTED));
    }

    private Findings report(FaultClients clients, List<Log> logs, List<FaultClients.Publisher> publishers) {
        Checker checker = new Checker();
        Map<Fate, Integer> fates = new EnumMap<>(Fate.class);
        for (FaultClients.Publisher each : publishers) {
            checker.published(each.topic, each.fates);
            each.fates.forEach(fate -> fates.merge(fate, 1, Integer::sum));
        }
        Findings findings = checker.check(logs);
        say("published: " + fates + "; delivered: " + findings.deliveries() + "; connections: " + clients.connects
                + "; gaps told: " + findings.gapsTold() + ", of these to clients that came back: "
                + clients.impossible);
        say(findings.isClean()
                ? "nothing was lost, doubled or reordered"
                : "FOUND: " + findings.counts() + " "
                        + findings.examples());
        return findings;
    }

    private interface Condition {
        boolean holds();
    }

    /** Goes on after the limit: the checker says what is missing. */
    private void await(String what, Condition condition, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - end > 0) {
                say("given up after " + limit.toSeconds() + " s: " + what);
                return;
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private void say(String text) {
        System.out.printf("%6.1f s  %s%n", (System.nanoTime() - start) / 1e9, text);
    }
}
