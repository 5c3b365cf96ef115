package dev.weft.bench.echo;

import dev.weft.bench.echo.Scenario.Figure;
import dev.weft.bench.echo.Scenario.Pace;
import dev.weft.bench.peers.Peers;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The throughput of a server with a given number of loops, and its cost. The server is on core 0 or on both cores, the load on
 * core 1, as in the echo suite.
 */
public final class LoopRates implements AutoCloseable {
    private static final Saturation FIRST_WARM_UP = new Saturation(16, Opcode.BINARY, 125, 16);
    private static final String ACCEPTOR = "weft-acceptor";
    private static final long SECOND = 1_000_000_000L;

    private final Cores cores = Cores.pin();
    private final int rounds;
    private final long seconds;

    /**
     * The median of rounds.
     *
     * @param perSecond      messages or connections
     * @param least          the least of all rounds
     * @param most           the most
     * @param cpuMicros      of the server's process for each
     * @param acceptorMicros of the acceptor's thread for each; 0 for messages
     */
    public record Rate(double perSecond, double least, double most, double cpuMicros, double acceptorMicros) {
        private static Rate median(List<Rate> rates) {
            return new Rate(median(rates, Rate::perSecond),
                    rates.stream().mapToDouble(Rate::perSecond).min().orElseThrow(),
                    rates.stream().mapToDouble(Rate::perSecond).max().orElseThrow(), median(rates, Rate::cpuMicros),
                    median(rates, Rate::acceptorMicros));
        }

        private static double median(List<Rate> rates, ToDoubleFunction<Rate> figure) {
            double[] sorted = rates.stream().mapToDouble(figure).sorted().toArray();
            return sorted[sorted.length / 2];
        }
    }

    /** One kind of load. */
    @FunctionalInterface
    private interface Load {
        Rate run(ServerProcess.Target target) throws IOException;
    }

    /** Moves this JVM to core 1 until it is closed. */
    public LoopRates(int rounds, int seconds) {
        this.rounds = rounds;
        this.seconds = seconds * SECOND;
    }

    /** Where the processes were. */
    public String description() {
        return cores.description();
    }

    /**
     * Echoes messages of 125 bytes.
     *
     * @param bothCores whether the server has core 1 too, which it shares with the load
     * @param window    the number of messages that each connection has in flight
     */
    public Rate messages(int loops, boolean bothCores, int connections, int window)
            throws IOException, InterruptedException {
        return messages(Peers.WEFT, loops, bothCores, connections, window);
    }

    /** Like {@link #messages}, but with one poller on core 0 and the JDK's scheduler instead of a loop. */
    public Rate messagesByPoller(int connections, int window) throws IOException, InterruptedException {
        return messages(Peers.WEFT_PARKING, 1, false, connections, window);
    }

    private Rate messages(Peers peer, int loops, boolean bothCores, int connections, int window)
            throws IOException, InterruptedException {
        Saturation load = new Saturation(connections, Opcode.BINARY, 125, window);
        return rate(peer, loops, bothCores, target -> {
            List<Figure> figures = load.run(target, new Pace(seconds, seconds));
            double perSecond = figure(figures, "throughput");
            return new Rate(perSecond, perSecond, perSecond, figure(figures, "server CPU per message"), 0);
        });
    }

    private static double figure(List<Figure> figures, String metric) {
        return figures.stream().filter(figure -> figure.metric().equals(metric)).findFirst().orElseThrow().value();
    }

    /** Opens connections, echoes one message over each and closes them. */
    public Rate connections(int loops, boolean bothCores, int atATime) throws IOException, InterruptedException {
        ConnectRate load = new ConnectRate(atATime, 125);
        return rate(Peers.WEFT, loops, bothCores, target -> {
            load.visit(target.port(), seconds);
            CpuClock.Reading before = target.cpu().read();
            long acceptorBefore = target.cpu().ofThreads(ACCEPTOR);
            long start = System.nanoTime();
            double count = load.visit(target.port(), seconds);
            double perSecond = count / (System.nanoTime() - start) * SECOND;
            return new Rate(perSecond, perSecond, perSecond, target.cpu().read().nanosSince(before) / 1e3 / count,
                    (target.cpu().ofThreads(ACCEPTOR) - acceptorBefore) / 1e3 / count);
        });
    }

    private Rate rate(Peers peer, int loops, boolean bothCores, Load load) throws IOException, InterruptedException {
        List<Rate> rates = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            try (ServerProcess server = ServerProcess.start(peer,
                    bothCores ? List.of() : cores.serverPrefix(), List.of("-Ddev.weft.loops=" + loops))) {
                FIRST_WARM_UP.run(server.target(), new Pace(0, seconds));
                rates.add(load.run(server.target()));
            }
        }
        return Rate.median(rates);
    }

    @Override
    public void close() {
        cores.close();
    }
}
