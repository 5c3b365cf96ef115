package dev.weft.bench.client;

import dev.weft.bench.echo.Cores;
import dev.weft.bench.echo.ServerProcess;
import dev.weft.bench.peers.Peers;
import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The CPU time of each client for an echo. The server, Weft's, runs on core 0, and the client on core 1, in a new process for
 * each measurement. The clients take turns; the figures are medians of the rounds.
 */
final class ClientCpu {
    private static final int WARM_UP_SECONDS = 2;
    private static final int SECONDS = 2;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<Load> LOADS = List.of(new Load(1, 1, 125), new Load(100, 16, 125),
            new Load(10, 1, 16_384));

    private ClientCpu() {}

    /** A load: connections, messages in flight on each, bytes of a message. */
    private record Load(int connections, int window, int size) {
        String title() {
            return connections + (connections == 1 ? " connection" : " connections") + ", " + window + " in flight, "
                    + size + " bytes";
        }
    }

    /** Argument: the number of rounds. Prints a table. */
    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        System.out.println("| client | " + String.join(" | ", LOADS.stream().map(Load::title).toList()) + " |");
        System.out.println("|---|" + "---|".repeat(LOADS.size()));
        Map<Clients, double[][]> micros = new EnumMap<>(Clients.class);
        for (Clients each : Clients.values()) {
            micros.put(each, new double[LOADS.size()][rounds]);
        }
        try (Cores cores = Cores.pin()) {
            for (int round = 0; round < rounds; round++) {
                for (int load = 0; load < LOADS.size(); load++) {
                    for (Clients each : Clients.values()) {
                        micros.get(each)[load][round] = measure(each, LOADS.get(load), cores);
                    }
                }
            }
        }
        micros.forEach((client, loads) -> System.out.println("| " + client.title() + " | "
                + String.join(" | ", Arrays.stream(loads).map(ClientCpu::median).toList()) + " |"));
        System.out.println();
        System.out.println("Microseconds of CPU time of the client's process for each echo: the median of " + rounds
                + " rounds, with the lowest and the highest.");
    }

    private static String median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return String.format(Locale.ROOT, "%.2f (%.2f–%.2f)", sorted[sorted.length / 2], sorted[0],
                sorted[sorted.length - 1]);
    }

    /** Microseconds for each message. */
    private static double measure(Clients client, Load load, Cores cores) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(Peers.WEFT, cores.serverPrefix())) {
            List<String> command = new ArrayList<>();
            // This program runs on the core for the load, and so do its child processes.
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(List.of("-XX:+UseSerialGC", "-Xms512m", "-Xmx2g"));
            command.addAll(client.jvmOptions());
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), ClientProcess.class.getName(),
                    client.name()));
            for (int each : new int[]{server.target().port(), load.connections(), load.window(), load.size(),
                    WARM_UP_SECONDS, SECONDS}) {
                command.add(Integer.toString(each));
            }
            String[] output = ShortProcess.run(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD), LIMIT).strip().split(" ");
            return Double.parseDouble(output[1]) / 1e3 / Double.parseDouble(output[0]);
        }
    }
}
