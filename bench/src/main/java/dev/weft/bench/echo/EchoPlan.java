package dev.weft.bench.echo;

import dev.weft.bench.echo.Scenario.Pace;
import dev.weft.bench.peers.Peers;
import dev.weft.parser.Opcode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What is measured on which servers, and for how long.
 *
 * @param rounds the number of rounds
 * @param cells  in the order in which they are measured
 * @param pace   of each
 */
record EchoPlan(int rounds, List<Cell> cells, Pace pace) {
    private static final int KI = 1024;
    private static final long SECOND = 1_000_000_000L;
    private static final double SHORTEST_SECONDS = 0.6;
    private static final double LONGEST_SECONDS = 5;
    /** The share of a cell's time that is warm-up. */
    private static final double WARM_UP = 0.4;
    /** Reserved for steps that take longer than expected. */
    private static final double RESERVE = 0.12;
    /** The time to start a server and for its first warm-up. */
    private static final double START_SECONDS = 3.5;

    /**
     * A scenario and its participants.
     *
     * @param scenario the scenario
     * @param peers    the participants
     */
    record Cell(Scenario scenario, Set<Peers> peers) {}

    /** A plan that fits into the time. */
    static EchoPlan of(boolean quick, Duration budget) {
        return quick ? fit(1, quickCells(), budget) : fit(3, fullCells(), budget);
    }

    private static List<Cell> quickCells() {
        Set<Peers> most = EnumSet.of(Peers.WEFT, Peers.WEFT_PARKING, Peers.FLOOR, Peers.NETTY_EPOLL, Peers.VERTX,
                Peers.UNDERTOW);
        Set<Peers> few = EnumSet.of(Peers.WEFT, Peers.FLOOR, Peers.NETTY_EPOLL);
        List<Cell> cells = new ArrayList<>();
        targets().forEach(scenario -> cells.add(cell(scenario, most)));
        others(1000).forEach(scenario -> cells.add(cell(scenario, few)));
        return cells;
    }

    private static List<Cell> fullCells() {
        Set<Peers> all = EnumSet.complementOf(EnumSet.of(Peers.WEFT_TOPICS));
        // Those that come close somewhere: with all of them, there would be half a second for each.
        Set<Peers> best = EnumSet.of(Peers.WEFT, Peers.WEFT_PARKING, Peers.FLOOR, Peers.NETTY_EPOLL, Peers.VERTX,
                Peers.UNDERTOW, Peers.HELIDON);
        List<Cell> cells = new ArrayList<>();
        targets().forEach(scenario -> cells.add(cell(scenario, all)));
        cells.add(cell(new FixedRate(1000, KI, 20_000), best));
        cells.add(cell(new Saturation(1000, Opcode.BINARY, 16, 1), best));
        cells.add(cell(new Saturation(64, Opcode.TEXT, 125, 1), best));
        others(10_000).forEach(scenario -> cells.add(cell(scenario, best)));
        cells.add(cell(new Broadcast(1000, KI, 1), best));
        // Last, so that its traces in a server's heap and compiled code do not affect the others.
        cells.add(cell(new Saturation(16, Opcode.BINARY, KI * KI, 1), best));
        return cells;
    }

    /** Topics take part where there is something to publish. */
    private static Cell cell(Scenario scenario, Set<Peers> peers) {
        if (!(scenario instanceof Broadcast)) {
            return new Cell(scenario, peers);
        }
        Set<Peers> publishing = EnumSet.copyOf(peers);
        publishing.add(Peers.WEFT_TOPICS);
        return new Cell(scenario, publishing);
    }

    /** The cells that have goals; the first is one connection with one message at a time. */
    private static List<Scenario> targets() {
        return List.of(new Saturation(1, Opcode.BINARY, 16, 1), new Saturation(64, Opcode.BINARY, 16, 1),
                new Saturation(64, Opcode.BINARY, 16, 16),
                new Saturation(1000, Opcode.BINARY, KI, 1), new Saturation(64, Opcode.BINARY, 64 * KI, 1));
    }

    private static List<Scenario> others(int receivers) {
        return List.of(new FixedRate(64, 16, 10_000), new Bursts(1000, 125, 300), new Broadcast(receivers, 125, 1),
                new Broadcast(1000, 125, 16), new ConnectRate(32, 16), new SlowReaders(64, 16, 125, 64 * KI, 64));
    }

    private static EchoPlan fit(int rounds, List<Cell> cells, Duration budget) {
        Set<Peers> peers = EnumSet.noneOf(Peers.class);
        double fixed = 0;
        int measured = 0;
        for (Cell cell : cells) {
            peers.addAll(cell.peers);
            fixed += cell.peers.size() * cell.scenario.extraSeconds();
            measured += cell.peers.size();
        }
        fixed += peers.size() * START_SECONDS;
        double each = (budget.toMillis() / 1e3 * (1 - RESERVE) / rounds - fixed) / measured;
        double bounded = Math.max(SHORTEST_SECONDS, Math.min(LONGEST_SECONDS, each));
        return new EchoPlan(rounds, cells,
                new Pace((long) (bounded * WARM_UP * SECOND), (long) (bounded * (1 - WARM_UP) * SECOND)));
    }

    /** How long starting the servers takes in a round, before the first cell. */
    double startSeconds() {
        return peers().size() * START_SECONDS;
    }

    /** All peers that take part in any cell. */
    Set<Peers> peers() {
        Set<Peers> peers = EnumSet.noneOf(Peers.class);
        cells.forEach(cell -> peers.addAll(cell.peers));
        return peers;
    }
}
