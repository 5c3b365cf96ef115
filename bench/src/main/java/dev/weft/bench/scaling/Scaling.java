package dev.weft.bench.scaling;

import dev.weft.bench.echo.LoopRates;
import dev.weft.bench.echo.LoopRates.Rate;
import dev.weft.bench.process.ShortProcess;
import dev.weft.bench.scaling.SharedMemory.Group;
import dev.weft.bench.scaling.Simulation.Lines;
import dev.weft.bench.scaling.Simulation.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How the loops would scale over the cores of a larger machine: the throughput of one loop is measured, the memory that loops
 * share is counted, the cost of sharing is measured between two cores, and the rest is simulated.
 *
 * <pre>
 * scripts/measure-scaling            # everything: about three minutes, on an otherwise idle machine
 * scripts/measure-scaling counts     # only the shared memory, for which the machine need not be idle
 * </pre>
 */
public final class Scaling {
    private static final int[] CORES = {1, 2, 4, 8, 16, 32, 64};
    private static final int[] LOOPS_TO_COUNT = {8, 64};
    private static final int COUNT_SECONDS = 3;
    private static final Duration COUNT_LIMIT = Duration.ofMinutes(3);
    private static final int ROUNDS = 3;
    private static final int SECONDS = 2;
    private static final int CONNECTIONS = 64;
    private static final int WINDOW = 16;
    private static final int AT_A_TIME = 16;
    private static final int SIMULATED = 300_000;
    /** Assumed costs of a transfer on a large machine: between two chiplets, and between two sockets. */
    private static final double[] FAR_NANOS = {100, 200};
    /** The class name of a byte array; a line of it is read and written eight bytes at a time. */
    private static final String BYTES = "[B ";
    private static final int ACCESSES_TO_BYTES = 16;
    /** Groups with fewer transfers per message or connection than this are not shown. */
    private static final double SHOWN = 0.01;

    private Scaling() {}

    /** Arguments: none, or {@code counts}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        boolean countsOnly = arguments.length > 0 && arguments[0].equals("counts");
        Map<String, List<Group>> counted = Map.of();
        for (int loops : LOOPS_TO_COUNT) {
            System.out.printf(Locale.ROOT, "%nShared with %d loops%n", loops);
            counted = count(loops);
            counted.forEach(Scaling::print);
        }
        if (countsOnly) {
            return;
        }
        double transferNanos = LineTransfer.nanos();
        System.out.printf(Locale.ROOT, "%nA line of the cache from core 0 to core 1: %.0f ns%n", transferNanos);
        try (LoopRates rates = new LoopRates(ROUNDS, SECONDS)) {
            System.out.println(rates.description());
            measureAndSimulate(rates, counted, transferNanos);
        }
    }

    private static void measureAndSimulate(LoopRates rates, Map<String, List<Group>> counted, double transferNanos)
            throws IOException, InterruptedException {
        Rate one = print("messages/s, 1 loop on 1 core", rates.messages(1, false, CONNECTIONS, 1));
        print("messages/s, 2 loops on 1 core", rates.messages(2, false, CONNECTIONS, 1));
        print("messages/s, 2 loops on 2 cores, one shared with the load", rates.messages(2, true, CONNECTIONS, 1));
        print("messages/s, 1 poller and 1 carrier on 1 core", rates.messagesByPoller(CONNECTIONS, 1));
        Rate many = print("messages/s, 16 at a time, 1 loop on 1 core",
                rates.messages(1, false, CONNECTIONS, WINDOW));
        print("connections/s, 1 loop on 1 core", rates.connections(1, false, AT_A_TIME));
        print("connections/s, 64 loops on 1 core", rates.connections(64, false, AT_A_TIME));
        Rate opened = print("connections/s, 64 loops on 2 cores, one shared with the load",
                rates.connections(64, true, AT_A_TIME));

        simulate("message", one, counted.get("message"), transferNanos);
        simulate("message, 16 at a time", many, counted.get("message, 16 at a time"), transferNanos);
        simulate("connection", opened, counted.get("connection"), transferNanos);
    }

    /** Counts the memory that was shared, by activity. */
    private static Map<String, List<Group>> count(int loops) throws IOException, InterruptedException {
        Path jar = Files.createTempFile("weft-agent", ".jar");
        try {
            AgentJar.write(jar);
            String output = ShortProcess.run(new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx2g",
                    "-Ddev.weft.loops=" + loops, "--add-opens=java.base/java.lang=ALL-UNNAMED", "-javaagent:" + jar,
                    "-cp", System.getProperty("java.class.path"), CountedServer.class.getName(),
                    Integer.toString(loops),
                    Integer.toString(COUNT_SECONDS)).redirectErrorStream(true), COUNT_LIMIT);
            return parse(output);
        } finally {
            Files.delete(jar);
        }
    }

    /** Parses the output of {@link CountedServer}; other lines are printed unchanged. */
    static Map<String, List<Group>> parse(String output) {
        Map<String, List<Group>> all = new LinkedHashMap<>();
        for (String line : output.lines().toList()) {
            String[] fields = line.split("\t");
            if (!fields[0].equals(CountedServer.LINE)) {
                System.out.println(line);
            } else if (fields[1].equals("counts")) {
                all.put(fields[2], new ArrayList<>());
                if (!fields[4].equals("0")) {
                    System.out.println(fields[2] + ": " + fields[4] + " accesses were not counted");
                }
            } else {
                all.get(fields[1]).add(new Group(fields[2], Boolean.parseBoolean(fields[3]),
                        Boolean.parseBoolean(fields[4]), Double.parseDouble(fields[5]), Double.parseDouble(fields[6]),
                        Double.parseDouble(fields[7]), Double.parseDouble(fields[8])));
            }
        }
        return all;
    }

    private static void print(String what, List<Group> groups) {
        System.out.printf(Locale.ROOT, "%n%-82s %8s %8s %9s %8s%n", "for each " + what, "writes", "reads", "transfers",
                "lines");
        for (Group group : groups) {
            if (group.transfers() >= SHOWN) {
                System.out.printf(Locale.ROOT, "%-82s %8.2f %8.2f %9.2f %8.0f%s%n", group.what(), group.writes(),
                        group.reads(), group.transfers(), group.equal(), note(group));
            }
        }
    }

    private static String note(Group group) {
        if (!group.byLoops()) {
            return "  one loop and others";
        }
        return group.foughtOver() ? "" : "  handed over";
    }

    private static Rate print(String what, Rate rate) {
        System.out.printf(Locale.ROOT, "%-60s %,10.0f (%,.0f to %,.0f), CPU %.2f us each%s%n", what, rate.perSecond(),
                rate.least(), rate.most(), rate.cpuMicros(), rate.acceptorMicros() == 0
                        ? ""
                        : String.format(Locale.ROOT, ", of which the acceptor %.2f", rate.acceptorMicros()));
        return rate;
    }

    /** Estimates the throughput on more cores. */
    static Work work(Rate rate, List<Group> groups) {
        List<Lines> lines = new ArrayList<>();
        double handedOver = 0;
        for (Group group : groups) {
            if (group.byLoops() && group.foughtOver()) {
                double share = group.transfers() / (group.writes() + group.reads());
                lines.add(new Lines((int) Math.round(group.equal()), share * group.writes(), share * group.reads()));
            } else if (group.byLoops()) {
                handedOver += group.what().startsWith(BYTES)
                        ? group.transfers() / ACCESSES_TO_BYTES
                        : Math.min(1, group.transfers());
            }
        }
        return new Work((rate.cpuMicros() - rate.acceptorMicros()) * 1e3, rate.acceptorMicros() * 1e3, handedOver,
                lines);
    }

    private static void simulate(String what, Rate rate, List<Group> groups, double transferNanos) {
        Work work = work(rate, groups);
        System.out.printf(Locale.ROOT, "%n%-24s", "each " + what + ": cores");
        for (int cores : CORES) {
            System.out.printf(Locale.ROOT, " %16d", cores);
        }
        System.out.println();
        simulate(work, transferNanos);
        for (double nanos : FAR_NANOS) {
            simulate(work, nanos);
        }
    }

    private static void simulate(Work work, double transferNanos) {
        double one = Simulation.perSecond(work, 1, transferNanos, SIMULATED);
        System.out.printf(Locale.ROOT, "%-24s", String.format(Locale.ROOT, "a second, at %.0f ns", transferNanos));
        for (int cores : CORES) {
            double all = Simulation.perSecond(work, cores, transferNanos, SIMULATED);
            System.out.printf(Locale.ROOT, " %,10.0f %4.0f%%", all, 100 * all / cores / one);
        }
        System.out.println();
    }
}
