package dev.weft.bench.topics;

import io.lettuce.core.cluster.SlotHash;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A Redis Cluster of three masters, each with a replica. The first master is killed, the second is stopped until its replica has
 * taken over, and the third is only stopped for a moment, so its topics must lose nothing.
 */
final class RedisClusterBroker implements FaultBroker {
    static final int SERVERS = 6;
    private static final int MASTERS = 3;
    private static final int SLOTS_PER_MASTER = SlotHash.SLOT_COUNT / MASTERS;
    /** Weft uses the first slot of each 128. */
    private static final int SLOTS_PER_GROUP = 128;
    /** Longer than a master is stopped if no replica is to take over. */
    private static final int NODE_TIMEOUT_MILLIS = 5000;
    private static final Duration LONG = Duration.ofSeconds(30);

    private final FaultNetwork network;
    private final List<FaultProcess> servers = new ArrayList<>();
    private long[] epochs;
    private int stopped;

    RedisClusterBroker(FaultNetwork network, Path folder, Duration limit) throws IOException {
        this.network = network;
        for (int i = 0; i < SERVERS; i++) {
            Path own = Files.createDirectory(folder.resolve("server" + i));
            // They find each other on the loopback. Nodes are told only their ports, and use the address that they know.
            List<String> command = new ArrayList<>(
                    BrokerKind.REDIS_CLUSTER.command(network.brokerHost(), network.broker(i).getPort(), own));
            command.addAll(List.of("--cluster-enabled", "yes", "--cluster-port", "" + FaultProcess.freePort(),
                    "--cluster-preferred-endpoint-type", "unknown-endpoint", "--cluster-require-full-coverage", "no",
                    "--cluster-node-timeout", "" + NODE_TIMEOUT_MILLIS, "--repl-diskless-sync-delay", "0"));
            servers.add(new FaultProcess(placed(command), network.broker(i), folder.resolve("server" + i + ".log"),
                    limit));
        }
    }

    private List<String> placed(List<String> command) {
        List<String> placed = new ArrayList<>(network.brokersPlace());
        placed.addAll(command);
        return placed;
    }

    @Override
    public void start() throws IOException, InterruptedException {
        for (FaultProcess each : servers) {
            each.start();
        }
        for (int i = 0; i < SERVERS; i++) {
            ask(i, "CLUSTER", "SET-CONFIG-EPOCH", "" + (i + 1));
        }
        for (int i = 0; i < MASTERS; i++) {
            int end = i == MASTERS - 1 ? SlotHash.SLOT_COUNT : (i + 1) * SLOTS_PER_MASTER;
            ask(i, "CLUSTER", "ADDSLOTSRANGE", "" + i * SLOTS_PER_MASTER, "" + (end - 1));
        }
        String first = line(0, "myself").split(" ")[1]; // host:port@port of the cluster
        String[] ports = first.replaceAll(".*:", "").split("[@,]");
        for (int i = 1; i < SERVERS; i++) {
            ask(i, "CLUSTER", "MEET", "127.0.0.1", ports[0], ports[1]);
        }
        await("the servers know each other", () -> {
            for (int i = 0; i < SERVERS; i++) {
                String known = ask(i, "CLUSTER", "NODES");
                if (known.lines().count() != SERVERS || known.contains("handshake")) {
                    return false;
                }
            }
            return true;
        });
        for (int i = MASTERS; i < SERVERS; i++) {
            ask(i, "CLUSTER", "REPLICATE", ask(i - MASTERS, "CLUSTER", "MYID").strip());
        }
        for (int i = MASTERS; i < SERVERS; i++) {
            awaitReplica(i);
        }
        await("the cluster works", () -> {
            for (int i = 0; i < SERVERS; i++) {
                if (!ask(i, "CLUSTER", "INFO").contains("cluster_state:ok")) {
                    return false;
                }
            }
            return true;
        });
        epochs = epochs();
    }

    private void awaitReplica(int server) throws IOException, InterruptedException {
        await("server " + server + " is a replica",
                () -> ask(server, "INFO", "replication").contains("master_link_status:up"));
    }

    /** The answer of a server that is not stopped. */
    private String ask(int server, String... command) throws IOException, InterruptedException {
        List<String> line = placed(
                List.of("redis-cli", "-h", "127.0.0.1", "-p", "" + network.broker(server).getPort()));
        line.addAll(List.of(command));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        if (answer.startsWith("ERR")) {
            throw new IOException(String.join(" ", line) + ": " + answer);
        }
        return answer;
    }

    /** What a server knows about another one, or itself. */
    private String line(int asked, String text) throws IOException, InterruptedException {
        return ask(asked, "CLUSTER", "NODES").lines().filter(each -> each.contains(text)).findFirst()
                .orElseThrow(() -> new IOException("server " + asked + " knows no " + text));
    }

    private static void await(String what, Callable<Boolean> condition) throws IOException, InterruptedException {
        long end = System.nanoTime() + LONG.toNanos();
        try {
            while (!condition.call()) {
                if (System.nanoTime() - end > 0) {
                    throw new IOException("not within " + LONG.toSeconds() + " s: " + what);
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(what, e);
        }
    }

    @Override
    public String target() {
        return "a master";
    }

    @Override
    public void stop() throws IOException, InterruptedException {
        signalStop(2);
    }

    private void signalStop(int server) throws IOException, InterruptedException {
        stopped = server;
        servers.get(server).signal("STOP");
    }

    @Override
    public void goOn() throws IOException, InterruptedException {
        servers.get(stopped).signal("CONT");
        if (stopped != 2) {
            awaitReplica(stopped);
        }
    }

    @Override
    public void kill() throws InterruptedException {
        servers.get(0).kill();
    }

    @Override
    public void restart() throws IOException, InterruptedException {
        awaitTakeover(0);
        servers.get(0).start();
        awaitReplica(0);
    }

    @Override
    public boolean hasReplicas() {
        return true;
    }

    @Override
    public void stopUntilTakenOver() throws IOException, InterruptedException {
        signalStop(1);
        awaitTakeover(1);
    }

    private void awaitTakeover(int master) throws IOException, InterruptedException {
        await("the replica of server " + master + " has taken over",
                () -> ask(master + MASTERS, "ROLE").startsWith("master"));
    }

    /** Each failover takes the next epoch for the slots of its master. */
    @Override
    public Predicate<String> losses() throws IOException, InterruptedException {
        long[] now = epochs();
        return topic -> {
            int master = master(topic);
            return now[master] != epochs[master];
        };
    }

    private static int master(String topic) {
        int slot = SlotHash.getSlot(topic) / SLOTS_PER_GROUP * SLOTS_PER_GROUP;
        return Math.min(slot / SLOTS_PER_MASTER, MASTERS - 1);
    }

    /** The epochs with which the slots of the first masters are served. */
    private long[] epochs() throws IOException, InterruptedException {
        // <id> <address> <flags> <master> <ping> <pong> <epoch> <link> <slots>
        List<String[]> nodes = ask(2, "CLUSTER", "NODES").lines().map(each -> each.split(" ")).toList();
        return IntStream.range(0, MASTERS)
                .mapToLong(master -> nodes.stream()
                        .filter(each -> each.length > 8 && each[8].startsWith(master * SLOTS_PER_MASTER + "-"))
                        .mapToLong(each -> Long.parseLong(each[6])).max().orElse(-1))
                .toArray();
    }

    @Override
    public void close() {
        servers.forEach(FaultProcess::close);
    }
}
