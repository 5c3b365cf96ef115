package dev.weft.redis;

import dev.weft.server.Await;
import dev.weft.topics.BrokerProcess;
import io.lettuce.core.MigrateArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A Redis Cluster of processes on the loopback, whose masters share the slots evenly. Servers have numbers, masters the first. */
final class RedisCluster implements AutoCloseable {
    private static final int SLOTS = 16384;
    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<BrokerProcess> servers = new ArrayList<>();
    private final RedisClient client = RedisClient.create();
    private final List<RedisCommands<String, String>> operators = new ArrayList<>();
    private final int masters;
    /** The masters of the slots that were moved. */
    private final Map<Integer, Integer> owners = new HashMap<>();
    /** Where the slots are going that are moving. */
    private final Map<Integer, Integer> moving = new HashMap<>();

    private RedisCluster(int masters) {
        this.masters = masters;
    }

    /** A test is skipped if Redis is not installed. */
    static RedisCluster start(int masters, int replicasOfEach, String... options) throws Exception {
        RedisCluster cluster = new RedisCluster(masters);
        try {
            cluster.form(replicasOfEach, options);
        } catch (Throwable e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    /** A server that is not in a cluster yet. */
    static BrokerProcess server(String... options) throws Exception {
        List<String> line = new ArrayList<>(List.of("--cluster-enabled", "yes", "--cluster-port",
                "" + BrokerProcess.freePort(), "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay",
                "0"));
        line.addAll(List.of(options));
        return BrokerProcess.redis(line.toArray(String[]::new));
    }

    private void form(int replicasOfEach, String... options) throws Exception {
        for (int i = 0; i < masters * (1 + replicasOfEach); i++) {
            servers.add(server(options));
            operators.add(client.connect(RedisURI.create(uri(i))).sync());
            // As redis-cli does. Servers with the same epoch may both refuse a slot that moves soon.
            operators.get(i).clusterSetConfigEpoch(i + 1);
        }
        for (int i = 0; i < masters; i++) {
            operators.get(i).clusterAddSlots(slots(i));
        }
        for (int i = 1; i < servers.size(); i++) {
            meet(operators.get(i), operators.getFirst());
        }
        Await.until("the servers know each other", LONG, () -> operators.stream().allMatch(this::knowsAll));
        for (int i = masters; i < servers.size(); i++) {
            operators.get(i).clusterReplicate(operators.get(i % masters).clusterMyId());
        }
        Await.until("the replicas have their masters", LONG, () -> operators.stream().skip(masters)
                .allMatch(each -> each.info("replication").contains("master_link_status:up")));
        Await.until("the cluster works", LONG, () -> operators.stream()
                .allMatch(each -> each.clusterInfo().contains("cluster_state:ok")
                        && each.clusterSlots().size() == masters));
    }

    /** With the port of the cluster's own connections, which Lettuce's method leaves out. */
    private static void meet(RedisCommands<String, String> server, RedisCommands<String, String> other) {
        // <id> <host>:<port>@<cluster port> myself,...
        String[] ports = other.clusterNodes().split(" ")[1].split("[:@,]");
        server.dispatch(CommandType.CLUSTER, new StatusOutput<>(StringCodec.UTF8), new CommandArgs<>(StringCodec.UTF8)
                .add("MEET").add("127.0.0.1").add(ports[1]).add(ports[2]));
    }

    private boolean knowsAll(RedisCommands<String, String> server) {
        return server.clusterInfo().contains("cluster_known_nodes:" + servers.size())
                && !server.clusterNodes().contains("handshake");
    }

    private int[] slots(int master) {
        int[] slots = new int[end(master) - end(master - 1)];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = end(master - 1) + i;
        }
        return slots;
    }

    /** The slot after the last one of a master. */
    private int end(int master) {
        return (master + 1) * SLOTS / masters;
    }

    String uri(int number) {
        return "redis://127.0.0.1:" + servers.get(number).port();
    }

    BrokerProcess server(int number) {
        return servers.get(number);
    }

    RedisCommands<String, String> operator(int number) {
        return operators.get(number);
    }

    static int slot(String topic) {
        ClusterKeys keys = new ClusterKeys("");
        return ClusterKeys.slot(keys.group(topic));
    }

    /** The master that has got a topic at the beginning. */
    int master(String topic) {
        int master = 0;
        while (slot(topic) >= end(master)) {
            master++;
        }
        return master;
    }

    /** A topic that this master has got at the beginning. */
    String topic(int master) {
        int i = 0;
        while (master("t" + i) != master) {
            i++;
        }
        return "t" + i;
    }

    /** The master that has a slot. */
    private int owner(int slot) {
        int master = 0;
        while (slot >= end(master)) {
            master++;
        }
        return owners.getOrDefault(slot, master);
    }

    void beginMove(int slot, int to) {
        int from = owner(slot);
        operators.get(to).clusterSetSlotImporting(slot, operators.get(from).clusterMyId());
        operators.get(from).clusterSetSlotMigrating(slot, operators.get(to).clusterMyId());
        moving.put(slot, to);
    }

    /** Moves these keys, or all of the slot if none are given. */
    void moveKeys(int slot, String... keys) {
        RedisCommands<String, String> from = operators.get(owner(slot));
        List<String> moved = keys.length > 0 ? List.of(keys) : from.clusterGetKeysInSlot(slot, 10_000);
        if (!moved.isEmpty()) {
            from.migrate("127.0.0.1", servers.get(moving.get(slot)).port(), 0, 10_000,
                    MigrateArgs.Builder.keys(moved));
        }
    }

    /** Moves the rest, and tells all masters, as redis-cli does. */
    void endMove(int slot) {
        int from = owner(slot);
        int to = moving.get(slot);
        String owner = operators.get(to).clusterMyId();
        while (!operators.get(from).clusterGetKeysInSlot(slot, 1).isEmpty()) {
            moveKeys(slot);
        }
        // The new owner takes the next epoch. If it has not heard of the last one, an old message of another may win.
        Await.until("all servers have the same epoch", LONG, () -> operators.stream().limit(masters)
                .map(RedisCluster::epoch).distinct().count() == 1);
        operators.get(to).clusterSetSlotNode(slot, owner);
        operators.get(from).clusterSetSlotNode(slot, owner);
        // An old message between the servers may undo it.
        Await.until("all masters know who has the slot", LONG, () -> {
            operators.stream().limit(masters).forEach(each -> each.clusterSetSlotNode(slot, owner));
            return operators.stream().limit(masters).allMatch(each -> owner.equals(ownerOf(slot, each)));
        });
        owners.put(slot, to);
        moving.remove(slot);
    }

    private static String epoch(RedisCommands<String, String> asked) {
        return asked.clusterInfo().lines().filter(line -> line.startsWith("cluster_current_epoch:")).findFirst()
                .orElseThrow();
    }

    /** The id of the master that has a slot, as this server believes. */
    private static String ownerOf(int slot, RedisCommands<String, String> asked) {
        for (Object each : asked.clusterSlots()) {
            List<?> range = (List<?>) each;
            if ((Long) range.get(0) <= slot && slot <= (Long) range.get(1)) {
                return (String) ((List<?>) range.get(2)).get(2);
            }
        }
        return "";
    }

    /** Moves a slot with its keys to another master. */
    void move(int slot, int to) {
        beginMove(slot, to);
        moveKeys(slot);
        endMove(slot);
    }

    /** Moves all slots to where they were at the beginning. */
    void moveBack() {
        for (int slot : List.copyOf(moving.keySet())) {
            moveKeys(slot);
            endMove(slot);
        }
        for (int slot : List.copyOf(owners.keySet())) {
            int now = owners.remove(slot);
            int then = owner(slot);
            owners.put(slot, now);
            if (now != then) {
                move(slot, then);
            }
        }
    }

    /** Makes a replica the master, as an operator does who is going to restart the master. Waits until it is. */
    void failOver(int replica) {
        String id = operators.get(replica).clusterMyId();
        String role = "slave " + operators.get(master(replica)).clusterMyId();
        // They learn that later than the replication is up. Until then, its master silently ignores the request, and the others
        // refuse their votes; they are asked once, and after five seconds the failover is given up.
        Await.until("all servers know the replica", LONG, () -> operators.stream().allMatch(
                each -> each.clusterNodes().lines().anyMatch(line -> line.startsWith(id) && line.contains(role))));
        operators.get(replica).dispatch(CommandType.CLUSTER, new StatusOutput<>(StringCodec.UTF8),
                new CommandArgs<>(StringCodec.UTF8).add("FAILOVER"));
        Await.until(replica + " has taken over", LONG, () -> isMaster(replica));
    }

    /** The server of which this one is a replica. */
    private int master(int replica) {
        String port = operators.get(replica).info("replication").lines()
                .filter(line -> line.startsWith("master_port:")).findFirst().orElseThrow().substring(12);
        return IntStream.range(0, servers.size()).filter(i -> port.equals("" + servers.get(i).port())).findFirst()
                .orElseThrow();
    }

    String runId(int number) {
        String info = operators.get(number).info("server");
        return info.substring(info.indexOf("run_id:") + 7).lines().findFirst().orElseThrow();
    }

    /** Whether a server takes itself for a master. */
    boolean isMaster(int number) {
        try {
            return operators.get(number).info("replication").contains("role:master");
        } catch (RedisException e) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        for (BrokerProcess each : servers) {
            each.close();
        }
    }
}
