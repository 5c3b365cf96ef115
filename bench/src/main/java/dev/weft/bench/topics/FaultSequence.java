package dev.weft.bench.topics;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The faults of a run, one after the other, and when each node was hit by one. */
final class FaultSequence {
    /** What a node was given up to so long before a fault may not have reached the broker. */
    private static final Duration BEFORE = Duration.ofSeconds(1);
    /** A node may notice a fault only so long after its end. */
    private static final Duration AFTER = Duration.ofSeconds(3);
    private static final Set<Integer> ALL = Set.of(0, 1, 2);

    private record Hit(Set<Integer> nodes, long begin, long end) {}

    private interface Fault {
        void strike() throws IOException, InterruptedException;
    }

    private final FaultBroker broker;
    private final List<FaultProcess> nodes;
    private final FaultNetwork network;
    private final Duration pause;
    private final double scale;
    private final Consumer<String> said;
    private final List<Hit> hits = new ArrayList<>();

    /**
     * @param pause before each fault
     * @param scale of the time that each fault lasts: 1 is the full one
     * @param said  is told of each fault
     */
    FaultSequence(FaultBroker broker, List<FaultProcess> nodes, FaultNetwork network, Duration pause, double scale,
            Consumer<String> said) {
        this.broker = broker;
        this.nodes = nodes;
        this.network = network;
        this.pause = pause;
        this.scale = scale;
        this.said = said;
    }

    void strikeAll() throws IOException, InterruptedException {
        strike("kill -9 of node 0, which is started again", Set.of(0), () -> {
            nodes.get(0).kill();
            last(2000);
            nodes.get(0).start();
        });
        strike("node 1 is cut off from the broker", Set.of(1), () -> {
            network.cut(1);
            last(4000);
            network.mend(1);
        });
        strike("SIGSTOP of " + broker.target() + ", then SIGCONT", ALL, () -> {
            broker.stop();
            last(3000);
            broker.goOn();
        });
        strike("SIGSTOP of node 2, then SIGCONT", Set.of(2), () -> {
            nodes.get(2).signal("STOP");
            last(8000);
            nodes.get(2).signal("CONT");
        });
        strike("kill -9 of " + broker.target() + ", which is started again"
                + (broker.hasReplicas() ? " as a replica" : ""), ALL, () -> {
                    broker.kill();
                    last(2000);
                    broker.restart();
                });
        strike("nodes 0 and 2 are cut off for a moment, five times", Set.of(0, 2), () -> {
            for (int i = 0; i < 5; i++) {
                network.cut(0);
                network.mend(0);
                network.cut(2);
                last(300);
                network.mend(2);
            }
        });
        strike("kill -9 of node 1 while " + broker.target() + " is stopped", ALL, () -> {
            broker.stop();
            nodes.get(1).kill();
            last(500);
            broker.goOn();
            nodes.get(1).start();
        });
        if (broker.hasReplicas()) {
            strike("SIGSTOP of a master until a replica has taken over, then SIGCONT", ALL, () -> {
                broker.stopUntilTakenOver();
                last(3000);
                broker.goOn();
            });
        }
    }

    private void last(long millis) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep((long) (millis * scale));
    }

    private void strike(String what, Set<Integer> hitNodes, Fault fault) throws IOException, InterruptedException {
        TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        said.accept(what);
        long begin = System.nanoTime();
        fault.strike();
        hit(hitNodes, begin, System.nanoTime());
    }

    /** These nodes were hit during this time. */
    void hit(Set<Integer> hitNodes, long begin, long end) {
        hits.add(new Hit(hitNodes, begin, end));
    }

    /** Whether what a node did during this time, in nanoseconds, may have failed by one of the faults. */
    boolean mayHaveHit(int node, long begin, long end) {
        return hits.stream().anyMatch(each -> each.nodes().contains(node)
                && end - each.begin() > -BEFORE.toNanos()
                && begin - each.end() < AFTER.toNanos());
    }
}
