package dev.weft.bench.echo;

import dev.weft.bench.peers.Peers;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares what a message costs with the engines under Weft's loops, the selector and io_uring, with the selector loop, and with
 * Netty over both: the CPU time of the server's process. Run it with {@code scripts/measure-engines}.
 */
public final class EngineComparison {
    private static final int KI = 1024;
    private static final Scenario.Pace PACE = new Scenario.Pace(1_000_000_000L, 2_000_000_000L);
    private static final Scenario WARM_UP = new Saturation(16, Opcode.BINARY, 125, 16);
    private static final String METRIC = "server CPU per ";
    private static final List<Peers> PEERS = List.of(Peers.FLOOR, Peers.WEFT, Peers.WEFT_IO_URING, Peers.NETTY_EPOLL,
            Peers.NETTY_IO_URING, Peers.VERTX);
    private static final List<Scenario> CELLS = List.of(new Saturation(1, Opcode.BINARY, 16, 1),
            new Saturation(64, Opcode.BINARY, 16, 1), new Saturation(64, Opcode.BINARY, 16, 16),
            new Saturation(1000, Opcode.BINARY, KI, 1), new FixedRate(64, 16, 10_000), new FixedRate(1000, KI, 20_000),
            new Broadcast(1000, 125, 1), new Broadcast(10_000, 125, 1), new ConnectRate(32, 16),
            new Saturation(64, Opcode.BINARY, 64 * KI, 1), new Saturation(16, Opcode.BINARY, KI * KI, 1));

    private final List<String> prefix;
    private final List<Scenario> cells = new ArrayList<>(CELLS);
    /** By peer, of each round. */
    private final Map<String, Map<Peers, List<Double>>> figures = new LinkedHashMap<>();

    private EngineComparison(List<String> prefix, String cells) {
        this.prefix = prefix;
        this.cells.removeIf(each -> !each.name().contains(cells));
        this.cells.forEach(each -> figures.put(each.name(), new EnumMap<>(Peers.class)));
    }

    /** Takes the number of rounds, and a part of the names of the cells. */
    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[0]);
        try (Cores cores = Cores.pin()) {
            System.out.println(cores.description());
            EngineComparison comparison = new EngineComparison(cores.serverPrefix(), arguments[1]);
            for (int round = 0; round < rounds; round++) {
                comparison.run(round);
            }
            comparison.print();
        }
    }

    /** Starts all servers, and takes them in turn in each cell. */
    private void run(int round) throws IOException, InterruptedException {
        Map<Peers, ServerProcess> servers = new EnumMap<>(Peers.class);
        try {
            for (Peers peer : PEERS) {
                servers.put(peer, ServerProcess.start(peer, prefix, List.of()));
                WARM_UP.run(servers.get(peer).target(), PACE);
            }
            List<Peers> turn = new ArrayList<>(PEERS);
            for (Scenario cell : cells) {
                Collections.rotate(turn, 1 + round);
                for (Peers peer : turn) {
                    measure(cell, peer, servers.get(peer));
                }
            }
        } finally {
            servers.values().forEach(ServerProcess::close);
        }
    }

    private void measure(Scenario cell, Peers peer, ServerProcess server) {
        try {
            double cpu = cell.run(server.target(), PACE).stream().filter(each -> each.metric().startsWith(METRIC))
                    .findFirst().orElseThrow().value();
            figures.get(cell.name()).computeIfAbsent(peer, key -> new ArrayList<>()).add(cpu);
            System.out.printf(Locale.ROOT, "%s, %s: %.2f us%n", cell.name(), peer.subject(), cpu);
        } catch (IOException e) {
            System.out.println(cell.name() + ", " + peer.subject() + " has failed: " + e.getMessage());
        }
    }

    private void print() {
        System.out.printf(
                "%nserver CPU, in microseconds: the median of the rounds (lowest to highest), and its ratio to the floor%n");
        figures.forEach((cell, byPeer) -> {
            System.out.println(cell);
            double floor = median(byPeer.getOrDefault(Peers.FLOOR, List.of()));
            byPeer.forEach((peer, values) -> System.out.printf(Locale.ROOT, "  %-28s %8.2f (%.2f to %.2f)  %.2f%n",
                    peer.subject(), median(values), Collections.min(values), Collections.max(values),
                    median(values) / floor));
        });
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted.length == 0
                ? Double.NaN
                : Arrays.stream(sorted).skip((sorted.length - 1) / 2).findFirst().orElseThrow();
    }
}
