package dev.weft.bench.echo;

import dev.weft.bench.peers.Peers;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what a message costs with the engines under Weft's loops, the selector and io_uring, with the selector loop, with
 * Netty over both, and with uWebSockets: the CPU time of the server's process. Run it with {@code scripts/measure-engines}.
 */
public final class EngineComparison {
    private static final int KI = 1024;
    private static final Scenario.Pace PACE = new Scenario.Pace(500_000_000L, 1_000_000_000L);
    /** How often each server has its turn in a cell, because the machine may be slower for seconds. */
    private static final int SAMPLES = 3;
    private static final Scenario WARM_UP = new Saturation(16, Opcode.BINARY, 125, 16);
    private static final List<Peers> PEERS = List.of(Peers.FLOOR, Peers.WEFT, Peers.WEFT_IO_URING, Peers.NETTY_EPOLL,
            Peers.NETTY_IO_URING, Peers.VERTX);
    private static final List<Scenario> CELLS = List.of(new Saturation(1, Opcode.BINARY, 16, 1),
            new Saturation(64, Opcode.BINARY, 16, 1), new Saturation(64, Opcode.BINARY, 16, 16),
            new Saturation(1000, Opcode.BINARY, KI, 1), new FixedRate(64, 16, 10_000), new FixedRate(1000, KI, 20_000),
            new Broadcast(1000, 125, 1), new Broadcast(10_000, 125, 1), new ConnectRate(32, 16),
            new Saturation(64, Opcode.BINARY, 64 * KI, 1), new Saturation(16, Opcode.BINARY, KI * KI, 1));

    private final List<Scenario> cells;
    private final ComparedServers compared;

    private EngineComparison(List<String> prefix, String part, List<String> further) {
        cells = CELLS.stream().filter(each -> each.name().contains(part)).toList();
        compared = new ComparedServers(prefix, PACE, cells);
        PEERS.forEach(compared::add);
        compared.add(further);
    }

    /** Takes the number of rounds, a part of the names of the cells, and further servers. */
    public static void main(String[] arguments) throws Exception {
        int rounds = Integer.parseInt(arguments[0]);
        List<String> given = List.of(arguments);
        try (Cores cores = Cores.pin()) {
            System.out.println(cores.description());
            EngineComparison comparison = new EngineComparison(cores.serverPrefix(), arguments[1],
                    given.subList(2, given.size()));
            for (int round = 0; round < rounds; round++) {
                comparison.run(round);
            }
            comparison.compared.print();
        }
    }

    /** Starts all servers, and takes them in turn in each cell. */
    private void run(int round) throws IOException, InterruptedException {
        Map<String, ServerProcess> servers = new LinkedHashMap<>();
        try {
            List<String> turn = compared.turn(round);
            for (String subject : turn) {
                servers.put(subject, compared.start(subject, false));
                WARM_UP.run(servers.get(subject).target(), PACE);
            }
            for (Scenario cell : cells) {
                for (int sample = 0; sample < SAMPLES; sample++) {
                    Collections.rotate(turn, 1);
                    turn.forEach(subject -> compared.measure(cell, subject, servers.get(subject)));
                }
            }
        } finally {
            servers.values().forEach(ServerProcess::close);
        }
    }
}
