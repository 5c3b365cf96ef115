package dev.weft.bench.topics;

import dev.weft.TestProcess;
import dev.weft.bench.topics.Crowd.Tally;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Three nodes and a broker, all real processes, are killed, stopped, and cut off from each other, while clients compare every
 * number. Run it with {@code scripts/fault-topics}.
 */
public final class FaultRun {
    private static final int NODES = 3;
    private static final Duration LIMIT = Duration.ofMinutes(8);
    private static final Duration BEGIN = Duration.ofSeconds(90);
    private static final Duration SETTLE = Duration.ofSeconds(45);

    /**
     * How large a run is.
     *
     * @param pause between two faults
     * @param scale of the time that each fault lasts: 1 is the full one
     */
    record Size(int clients, int topics, Duration pause, double scale) {}

    /**
     * What a run has found.
     *
     * @param fates    the number of publications with each fate
     * @param tallies  by the kind of subscription
     * @param replaced the number of values in whose place newer ones were sent
     * @param connects the number of connections of all clients
     */
    record Result(FaultFindings findings, Map<Fate, Integer> fates, Map<String, Tally> tallies, long replaced,
            int connects) {}

    private final BrokerKind kind;
    private final Size size;
    private final Path folder;
    private final FaultNetwork network;
    private final long start = System.nanoTime();
    private final List<FaultProcess> nodes = new ArrayList<>();
    private FaultBroker broker;

    private FaultRun(BrokerKind kind, Size size, FaultNetwork network, Path folder) {
        this.kind = kind;
        this.size = size;
        this.network = network;
        this.folder = folder;
    }

    /** Takes the broker, the number of clients, that of topics, and {@code loopback} or {@code namespaces}. */
    public static void main(String[] arguments) throws Exception {
        Size size = new Size(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]), Duration.ofSeconds(4), 1);
        BrokerKind kind = BrokerKind.valueOf(arguments[0]);
        FaultNetwork network = arguments[3].equals("namespaces")
                ? new NamespaceNetwork(NODES)
                : new LoopbackNetwork(NODES, kind.servers());
        Result result = run(kind, size, network);
        System.exit(result.findings().isClean() ? 0 : 1);
    }

    static Result run(BrokerKind kind, Size size, FaultNetwork network) throws Exception {
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

    private Result run() throws Exception {
        startAll();
        FaultFindings findings = new FaultFindings();
        try (Crowd crowd = new Crowd(size.clients(), size.topics(),
                IntStream.range(0, NODES).mapToObj(network::node).toList())) {
            crowd.publish();
            crowd.subscribe();
            await("all clients are subscribed", crowd::isSubscribed, BEGIN);
            say(size.clients() + " clients are subscribed");
            findings.addAll("presence before the faults", presence(crowd));
            say("they are the members of their topics");

            FaultSequence faults = new FaultSequence(broker, nodes, network, size.pause(), size.scale(), this::say);
            faults.strikeAll();
            say("no more faults");

            Map<String, Integer> reached = crowd.calm();
            await("all clients are back", () -> crowd.isBeyond(reached), SETTLE);
            say("all clients are back");
            crowd.endPublishing(SETTLE);
            await("everything has arrived", crowd::hasAll, SETTLE);
            say("everything has arrived");
            findings.addAll("presence after the faults", presence(crowd));
            say("those that are connected are the members");
            crowd.end();
            long replaced = crowd.check(faults, kind, broker.losses(), findings);
            return report(new Result(findings, crowd.fates(), crowd.tallies(), replaced, crowd.connects()));
        }
    }

    private void startAll() throws Exception {
        broker = kind.broker(network, folder, LIMIT);
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

    /** Waits until it is right, if it does not take too long. */
    private FaultFindings presence(Crowd crowd) throws InterruptedException {
        AtomicReference<FaultFindings> last = new AtomicReference<>();
        await("all are told who is there", () -> {
            last.set(crowd.checkPresence());
            return last.get().isClean();
        }, SETTLE);
        return last.get();
    }

    private Result report(Result result) {
        say("published: " + result.fates() + "; connections: " + result.connects() + "; values replaced: "
                + result.replaced());
        result.tallies().forEach((name, tally) -> say(name + ": delivered " + tally.deliveries() + ", gaps told "
                + tally.gapsTold()));
        say(result.findings().isClean()
                ? "nothing was lost, doubled or reordered, and all were told who is there"
                : "FOUND: " + result.findings());
        return result;
    }

    /** Goes on after the limit: the checker says what is missing. */
    private void await(String what, BooleanSupplier condition, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
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
