package dev.weft.bench.echo;

import dev.weft.bench.peers.Peers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what a delivery costs when one message goes to very many: the CPU time of the server's process, for Weft's topics,
 * the selector loop, Netty, Vert.x and node's {@code ws}, plain and compressed. Run it with {@code scripts/measure-broadcast}.
 */
public final class BroadcastComparison {
    private static final Scenario.Pace PACE = new Scenario.Pace(1_500_000_000L, 3_000_000_000L);
    private static final Broadcast WARM_UP = new Broadcast(100, 125, 1);
    private static final String METRIC = "server CPU per delivery";

    private interface Start {
        ServerProcess server(boolean deflated) throws IOException, InterruptedException;
    }

    private final Map<String, Start> subjects = new LinkedHashMap<>();
    /** By subject, of each round. */
    private final Map<Broadcast, Map<String, List<Double>>> figures = new LinkedHashMap<>();

    private BroadcastComparison(List<String> prefix, String cells, String script) {
        for (Peers peer : List.of(Peers.FLOOR, Peers.WEFT_TOPICS, Peers.NETTY_EPOLL, Peers.VERTX)) {
            subjects.put(peer.subject(), deflated -> ServerProcess.start(peer, prefix,
                    deflated ? List.of("-Dweft.bench.deflate=true") : List.of()));
        }
        if (!script.isEmpty()) {
            subjects.put("ws (node)", deflated -> {
                List<String> command = new ArrayList<>(prefix);
                command.addAll(List.of("node", script, deflated ? "deflate" : "plain"));
                return ServerProcess.start("ws", command);
            });
        }
        for (boolean deflated : new boolean[]{false, true}) {
            for (int connections : new int[]{1000, 10_000}) {
                for (int payload : new int[]{125, 1024}) {
                    figures.put(new Broadcast(connections, payload, 1, deflated), new LinkedHashMap<>());
                }
            }
            figures.put(new Broadcast(1000, 125, 16, deflated), new LinkedHashMap<>());
        }
        figures.keySet().removeIf(each -> !each.name().contains(cells));
    }

    /** Takes the number of rounds, a part of the names of the cells, and the script of the server that uses {@code ws}, or nothing. */
    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[0]);
        try (Cores cores = Cores.pin()) {
            System.out.println(cores.description());
            BroadcastComparison comparison = new BroadcastComparison(cores.serverPrefix(), arguments[1],
                    arguments.length > 2 ? arguments[2] : "");
            for (int round = 0; round < rounds; round++) {
                comparison.run(round);
            }
            comparison.print();
        }
    }

    private void run(int round) throws InterruptedException {
        List<String> turn = new ArrayList<>(subjects.keySet());
        Collections.rotate(turn, -round);
        for (boolean deflated : figures.keySet().stream().map(Broadcast::deflated).distinct().toList()) {
            for (String subject : turn) {
                try (ServerProcess server = subjects.get(subject).server(deflated)) {
                    measure(server, subject, deflated);
                } catch (IOException e) {
                    System.out.println(subject + (deflated ? ", deflated" : "") + " has failed: " + e.getMessage());
                }
            }
        }
    }

    private void measure(ServerProcess server, String subject, boolean deflated) throws IOException {
        WARM_UP.run(server.target(), PACE);
        for (Broadcast cell : figures.keySet()) {
            if (cell.deflated() == deflated) {
                double cpu = cell.run(server.target(), PACE).stream().filter(each -> each.metric().equals(METRIC))
                        .findFirst().orElseThrow().value();
                figures.get(cell).computeIfAbsent(subject, key -> new ArrayList<>()).add(cpu);
                System.out.printf("%s, %s: %.2f us%n", cell.name(), subject, cpu);
            }
        }
    }

    private void print() {
        System.out.printf(
                "%nserver CPU for a delivery, in microseconds: the median of the rounds (lowest to highest), and its ratio "
                        + "to the floor%n");
        figures.forEach((cell, bySubject) -> {
            System.out.println(cell.name());
            double floor = median(bySubject.getOrDefault(Peers.FLOOR.subject(), List.of()));
            bySubject.forEach((subject, values) -> System.out.printf("  %-28s %6.2f (%.2f to %.2f)  %.2f%n", subject,
                    median(values), Collections.min(values), Collections.max(values), median(values) / floor));
        });
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted.length == 0
                ? Double.NaN
                : Arrays.stream(sorted).skip((sorted.length - 1) / 2).findFirst().orElseThrow();
    }
}
