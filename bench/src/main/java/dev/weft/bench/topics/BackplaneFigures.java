package dev.weft.bench.topics;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.Backplane;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.TopicException;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What a backplane costs, with a real broker on this machine and nodes in this process: added latency, messages per second, and
 * CPU time of the broker and of the nodes for each message as nodes grow. A subscriber of each node formats each message, which
 * is where its arrival is seen; no byte goes to a peer. Run it with {@code scripts/measure-backplane}.
 */
@SuppressWarnings("try") // A group may be interrupted when it is closed.
public final class BackplaneFigures {
    private static final int PAYLOAD = 125;
    private static final int PINGS = 2000;
    private static final Duration BUSY = Duration.ofSeconds(4);
    private static final long TICK_NANOS = 10_000_000;

    private BackplaneFigures() {}

    /** Nodes of one group, with a subscriber on each. */
    private static final class Group implements AutoCloseable {
        final List<Topics> nodes = new ArrayList<>();
        final List<AutoCloseable> closed = new ArrayList<>();
        final AtomicLong arrived = new AtomicLong();
        final AtomicLong refused = new AtomicLong();
        volatile Thread waiting;

        Group(BrokerKind kind, InetSocketAddress address, int count, int history, boolean sameTopic) throws Exception {
            for (int i = 0; i < count; i++) {
                Topics.Builder builder = Topics.builder().limits(TopicLimits.builder().historyLength(history).build());
                if (kind != null) {
                    Backplane backplane = kind.backplane(address, Duration.ofSeconds(2), Duration.ofSeconds(10));
                    closed.add(backplane);
                    builder.backplane(backplane);
                }
                Topics node = builder.build();
                TestPair pair = TestPair.builder().connect();
                closed.add(pair);
                WebSocketConnection subscriber = pair.server().connection();
                node.subscribe(subscriber, sameTopic ? "room" : "room/" + i, SubscribeOptions.DEFAULT.format(it -> {
                    arrived.incrementAndGet();
                    Thread waiter = waiting;
                    if (waiter != null) {
                        LockSupport.unpark(waiter);
                    }
                    return EMPTY;
                }).closesWhenBehind(false));
                Thread.ofVirtual().start(() -> drain(pair));
                nodes.add(node);
            }
        }

        private static void drain(TestPair pair) {
            try {
                while (pair.client().connection().receive() != null) {}
            } catch (IOException e) {
                // It has ended.
            }
        }

        @Override
        public void close() throws Exception {
            for (AutoCloseable each : closed) {
                each.close();
            }
        }
    }

    private static final PreparedMessage EMPTY = PreparedMessage.text("");

    /** Takes the kind of broker. */
    public static void main(String[] arguments) throws Exception {
        BrokerKind kind = BrokerKind.valueOf(arguments[0]);
        Path folder = Files.createTempDirectory("weft-figures");
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", FaultProcess.freePort());
        try (FaultProcess broker = new FaultProcess(kind.command(address.getHostString(), address.getPort(), folder),
                address, folder.resolve("log"), Duration.ofMinutes(8))) {
            broker.start();
            System.out.println(
                    "microseconds from publish to the format function, " + PAYLOAD + " bytes, one message at a time");
            latency("without backplane", null, address, 0);
            latency(kind + ", no history", kind, address, 0);
            latency(kind + ", history", kind, address, 100);
            System.out.println(
                    "\nmessages per second, 64 publishing threads on one node, and microseconds of CPU time for each"
                            + " message\n  nodes  history  topic           msgs/s  deliveries/s  broker µs  nodes µs, all together");
            for (int history : new int[]{0, 100}) {
                for (int nodes : new int[]{1, 2, 4, 8, 16}) {
                    throughput(broker, kind, address, nodes, history, true);
                }
                throughput(broker, kind, address, 16, history, false);
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
        System.exit(0);
    }

    private static void latency(String name, BrokerKind kind, InetSocketAddress address, int history) throws Exception {
        try (Group group = new Group(kind, address, 1, history, true)) {
            long[] times = new long[PINGS];
            PreparedMessage message = PreparedMessage.text("x".repeat(PAYLOAD));
            group.waiting = Thread.currentThread();
            for (int i = -PINGS; i < PINGS; i++) {
                long before = group.arrived.get();
                long start = System.nanoTime();
                group.nodes.getFirst().publish("room", message);
                while (group.arrived.get() == before) {
                    LockSupport.parkNanos(1_000_000);
                }
                if (i >= 0) {
                    times[i] = System.nanoTime() - start;
                }
            }
            Arrays.sort(times);
            System.out.printf("  %-20s p50 %6.1f  p99 %6.1f%n", name, times[PINGS / 2] / 1e3,
                    times[PINGS * 99 / 100] / 1e3);
        }
    }

    private static void throughput(FaultProcess broker, BrokerKind kind, InetSocketAddress address, int nodes,
            int history,
            boolean sameTopic)
            throws Exception {
        try (Group group = new Group(kind, address, nodes, history, sameTopic)) {
            PreparedMessage message = PreparedMessage.text("x".repeat(PAYLOAD));
            AtomicLong published = new AtomicLong();
            publish(group, sameTopic, message, published, Duration.ofSeconds(2));
            long publishedBefore = published.get();
            long arrivedBefore = group.arrived.get();
            long brokerBefore = cpu("" + broker.pid());
            long nodesBefore = cpu("self");
            long start = System.nanoTime();
            publish(group, sameTopic, message, published, BUSY);
            double seconds = (System.nanoTime() - start) / 1e9;
            long count = published.get() - publishedBefore;
            System.out.printf("  %5d  %7d  %-14s %7.0f  %12.0f  %9.1f  %8.1f%n", nodes, history,
                    sameTopic ? "one for all" : "each its own", count / seconds,
                    (group.arrived.get() - arrivedBefore) / seconds,
                    (cpu("" + broker.pid()) - brokerBefore) / 1e3 / count,
                    (cpu("self") - nodesBefore) / 1e3 / count);
            if (group.refused.get() > 0) {
                System.out.println("         " + group.refused + " messages were refused");
            }
        }
    }

    private static void publish(Group group, boolean sameTopic, PreparedMessage message, AtomicLong published,
            Duration time)
            throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            String topic = sameTopic ? "room" : "room/" + i % group.nodes.size();
            threads.add(Thread.ofVirtual().start(() -> {
                while (System.nanoTime() < end) {
                    try {
                        group.nodes.getFirst().publish(topic, message);
                        published.incrementAndGet();
                    } catch (TopicException e) {
                        // NATS without a history takes no more for the moment: too much waits for the network.
                        group.refused.incrementAndGet();
                    }
                }
            }));
        }
        for (Thread each : threads) {
            each.join();
        }
        // What is under way belongs to this time, too.
        long last = -1;
        while (last != group.arrived.get()) {
            last = group.arrived.get();
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** The nanoseconds of CPU time that a process has used, in ticks of 10 ms. */
    private static long cpu(String pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", pid, "stat"), StandardCharsets.UTF_8);
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
    }
}
