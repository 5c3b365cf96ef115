package dev.weft.bench.echo;

import dev.weft.bench.peers.Peers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares what a delivery costs when one message goes to very many: the CPU time of the server's process, for Weft's topics,
 * the selector loop, Netty, Vert.x, node's {@code ws} and uWebSockets, plain and compressed. Run it with {@code
 * scripts/measure-broadcast}.
 */
public final class BroadcastComparison {
    private static final Scenario.Pace PACE = new Scenario.Pace(1_500_000_000L, 3_000_000_000L);
    private static final Broadcast WARM_UP = new Broadcast(100, 125, 1);
    private static final List<Peers> PEERS = List.of(Peers.FLOOR, Peers.WEFT_TOPICS, Peers.NETTY_EPOLL, Peers.VERTX);

    private final List<Broadcast> cells;
    private final ComparedServers compared;

    private BroadcastComparison(List<String> prefix, String part, List<String> further) {
        cells = cells().stream().filter(each -> each.name().contains(part)).toList();
        compared = new ComparedServers(prefix, PACE, cells);
        PEERS.forEach(compared::add);
        compared.add(further);
    }

    private static List<Broadcast> cells() {
        List<Broadcast> cells = new ArrayList<>();
        for (boolean deflated : new boolean[]{false, true}) {
            for (int connections : new int[]{1000, 10_000}) {
                for (int payload : new int[]{125, 1024}) {
                    cells.add(new Broadcast(connections, payload, 1, deflated));
                }
            }
            cells.add(new Broadcast(1000, 125, 16, deflated));
        }
        return cells;
    }

    /** Takes the number of rounds, a part of the names of the cells, and further servers. */
    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[0]);
        List<String> given = List.of(arguments);
        try (Cores cores = Cores.pin()) {
            System.out.println(cores.description());
            BroadcastComparison comparison = new BroadcastComparison(cores.serverPrefix(), arguments[1],
                    given.subList(2, given.size()));
            for (int round = 0; round < rounds; round++) {
                comparison.run(round);
            }
            comparison.compared.print();
        }
    }

    private void run(int round) throws InterruptedException {
        for (boolean deflated : cells.stream().map(Broadcast::deflated).distinct().toList()) {
            for (String subject : compared.turn(round)) {
                try (ServerProcess server = compared.start(subject, deflated)) {
                    WARM_UP.run(server.target(), PACE);
                    cells.stream().filter(each -> each.deflated() == deflated)
                            .forEach(each -> compared.measure(each, subject, server));
                } catch (IOException e) {
                    System.out.println(subject + (deflated ? ", deflated" : "") + " has failed: " + e.getMessage());
                }
            }
        }
    }
}
