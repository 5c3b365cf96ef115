package dev.weft.bench.echo;

import dev.weft.bench.Run;
import dev.weft.bench.Suite;
import dev.weft.bench.echo.EchoPlan.Cell;
import dev.weft.bench.echo.Scenario.Figure;
import dev.weft.bench.peers.Peers;
import dev.weft.bench.report.Measurement;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Measures Weft and its peers under the same load over loopback. In each round, every server is started anew. Within a cell the
 * servers take turns, so that a temporary disturbance of the machine affects all of them. If a server fails in a cell, the
 * failure is reported and the run continues.
 */
public final class EchoSuite implements Suite {
    /** Every server gets this warm-up before its first cell, so that the first cell is not measured on cold code. */
    private static final Saturation FIRST_WARM_UP = new Saturation(16, Opcode.BINARY, 125, 16);
    private static final Scenario.Pace FIRST_PACE = new Scenario.Pace(0, 2_000_000_000L);
    /** Reserved for ending the servers. */
    private static final double END_SECONDS = 3;

    /** Created by the program that runs all suites. */
    public EchoSuite() {}

    @Override
    public String name() {
        return "echo";
    }

    @Override
    public void run(Run run) throws IOException, InterruptedException {
        long end = System.nanoTime() + run.budget().toNanos();
        EchoPlan plan = EchoPlan.of(run.quick(), run.budget());
        try (Cores cores = Cores.pin()) {
            remarks(run, plan, cores);
            Results results = new Results(run);
            for (int round = 1; round <= plan.rounds(); round++) {
                Round next = new Round(run, plan, cores, results, round, end);
                if (!next.isTimeFor(plan.startSeconds())) {
                    run.remark("There was time for only " + (round - 1) + " rounds.");
                    break;
                }
                next.run();
            }
            results.remarkOnWhatIsMissing();
        }
    }

    private static void remarks(Run run, EchoPlan plan, Cores cores) {
        run.remark(cores.description() + " Each server ran in its own JVM: Java " + Runtime.version()
                + ", SerialGC, -Xms512m -Xmx2g; a round starts them all anew and takes them in turn in each cell.");
        run.remark(String.format(Locale.ROOT, "%d rounds; each cell had %.1f s of warm-up and %.1f s of measurement.",
                plan.rounds(), plan.pace().warmUp() / 1e9, plan.pace().measure() / 1e9));
        run.remark("The load is one thread that writes, reads and compares every byte: where a server takes less CPU "
                + "than the load does, throughput and latency under saturation are the load's, and server CPU per message "
                + "is the figure to compare.");
        run.remark("No TLS, no compression, loopback only, one core for the server: servers with several I/O threads "
                + "were set to one, and how they scale over cores is not shown.");
        run.remark(
                "Not alike: the floor, Netty, Vert.x and Helidon give single frames back, the others whole messages. "
                        + "Here each message is one frame, which makes it the same work, but for the texts that the floor and "
                        + "Vert.x do not check and that Undertow, Jetty, Tomcat, Helidon and Java-WebSocket make strings of. In "
                        + "the broadcast, Weft, the floor, Netty, Vert.x, Undertow, Jetty and Java-WebSocket let no slow "
                        + "subscriber delay the others; Tomcat and Helidon do.");
        for (Peers peer : plan.peers()) {
            run.remark(peer.subject() + ": " + peer.settings() + ".");
        }
    }

    /** The servers of one round. */
    private static final class Round {
        private final Run run;
        private final EchoPlan plan;
        private final Cores cores;
        private final Results results;
        private final int round;
        private final long end;
        private final Map<Peers, ServerProcess> servers = new EnumMap<>(Peers.class);

        Round(Run run, EchoPlan plan, Cores cores, Results results, int round, long end) {
            this.run = run;
            this.plan = plan;
            this.cores = cores;
            this.results = results;
            this.round = round;
            this.end = end;
        }

        void run() throws InterruptedException {
            try {
                plan.peers().forEach(this::server);
                for (Cell cell : plan.cells()) {
                    for (Peers peer : inTurn(cell.peers())) {
                        if (Thread.interrupted()) {
                            throw new InterruptedException();
                        }
                        measure(cell.scenario(), peer);
                    }
                }
            } finally {
                servers.values().forEach(ServerProcess::close);
            }
        }

        boolean isTimeFor(double seconds) {
            return System.nanoTime() + (seconds + END_SECONDS) * 1e9 < end;
        }

        /**
         * Each round starts with a different server, because the first one follows a pause, or the after-effects of the
         * previous cell.
         */
        private List<Peers> inTurn(Set<Peers> peers) {
            List<Peers> order = new ArrayList<>(peers);
            Collections.rotate(order, round - 1);
            return order;
        }

        private void measure(Scenario scenario, Peers peer) {
            if (!isTimeFor((plan.pace().warmUp() + plan.pace().measure()) / 1e9 + scenario.extraSeconds())) {
                results.leftOut(scenario);
                return;
            }
            ServerProcess server = server(peer);
            if (server == null) {
                return; // a remark gives the reason
            }
            try {
                List<Figure> figures = scenario.run(server.target(), plan.pace());
                results.keep(scenario, peer, figures);
                Figure first = figures.getFirst();
                run.progress(String.format(Locale.ROOT, "round %d/%d, %s, %s: %s %.2f %s", round, plan.rounds(),
                        scenario.name(), peer.subject(), first.metric(), first.value(), first.unit()));
            } catch (IOException e) {
                String state = server.isAlive() ? "" : "; its process is gone";
                fail(peer, "failed at " + scenario.name() + " in round " + round + ": " + e.getMessage() + state);
                // A server that has not recovered must not affect the next cell.
                servers.remove(peer).close();
            }
        }

        /** The running server, or a new one, which is then warmed up; null if it does not start. */
        private ServerProcess server(Peers peer) {
            ServerProcess running = servers.get(peer);
            if (running != null) {
                return running;
            }
            try {
                ServerProcess started = ServerProcess.start(peer,
                        peer.usesAllCores() ? List.of() : cores.serverPrefix());
                servers.put(peer, started);
                FIRST_WARM_UP.run(started.target(), FIRST_PACE);
                return started;
            } catch (IOException e) {
                fail(peer, "did not start in round " + round + ": " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            ServerProcess failed = servers.remove(peer);
            if (failed != null) {
                failed.close();
            }
            return null;
        }

        private void fail(Peers peer, String what) {
            run.progress(peer.subject() + " " + what);
            run.remark(peer.subject() + " " + what + ".");
        }
    }

    /** Reports each figure as soon as it is known, so that a run that is cut short keeps its results. */
    private static final class Results {
        private final Run run;
        private final Map<String, List<String>> missedRates = new LinkedHashMap<>();
        private final Set<String> leftOut = new LinkedHashSet<>();

        Results(Run run) {
            this.run = run;
        }

        void keep(Scenario scenario, Peers peer, List<Figure> figures) {
            for (Figure figure : figures) {
                run.add(new Measurement("echo", scenario.name(), peer.subject(), figure.metric(), figure.unit(),
                        figure.lessIsBetter(), List.of(figure.value())));
                if (figure.metric().startsWith(FixedRate.REACHED) && FixedRate.isMissed(figure.value())) {
                    missedRates.computeIfAbsent(peer.subject() + " did not reach the rate of " + scenario.name(),
                            first -> new ArrayList<>()).add(String.format(Locale.ROOT, "%.1f %%", figure.value()));
                }
            }
        }

        void leftOut(Scenario scenario) {
            leftOut.add(scenario.name());
        }

        void remarkOnWhatIsMissing() {
            missedRates.forEach((what, shares) -> run.remark(what + " in " + shares.size() + " rounds: " + shares
                    + " were answered in time."));
            if (!leftOut.isEmpty()) {
                run.remark("There was no time for some rounds of these: " + String.join("; ", leftOut) + ".");
            }
        }
    }
}
