package dev.weft.bench.echo;

import dev.weft.bench.peers.Peers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Servers that are compared in turn, and the CPU time that each of them took in each scenario of each round. */
final class ComparedServers {
    private static final String METRIC = "server CPU per ";
    private static final String DEFLATE = "-Dweft.bench.deflate=true";

    /** Starts one of the servers. */
    private interface Source {
        ServerProcess start(boolean deflated) throws IOException, InterruptedException;
    }

    private final List<String> prefix;
    private final Scenario.Pace pace;
    private final Map<String, Source> sources = new LinkedHashMap<>();
    /** By subject, of each round. */
    private final Map<Scenario, Map<String, List<Double>>> figures = new LinkedHashMap<>();

    /** @param prefix the command that keeps a server to its core */
    ComparedServers(List<String> prefix, Scenario.Pace pace, List<? extends Scenario> cells) {
        if (cells.isEmpty()) {
            throw new IllegalArgumentException("no cell has such a name");
        }
        this.prefix = prefix;
        this.pace = pace;
        cells.forEach(each -> figures.put(each, new LinkedHashMap<>()));
    }

    void add(Peers peer) {
        sources.put(peer.subject(),
                deflated -> ServerProcess.start(peer, prefix, deflated ? List.of(DEFLATE) : List.of()));
    }

    /**
     * Adds the servers that these arguments name: for each, a title, an equals sign, and the words of a command, separated by
     * spaces. To the command, {@code plain} or {@code deflate} is added; it prints its port, and ends with its input.
     */
    void add(List<String> arguments) {
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String title = argument.substring(0, equals);
            List<String> words = List.of(argument.substring(equals + 1).split(" "));
            sources.put(title, deflated -> {
                List<String> command = new ArrayList<>(prefix);
                command.addAll(words);
                command.add(deflated ? "deflate" : "plain");
                return ServerProcess.start(title, command);
            });
        }
    }

    /** The servers, in another order in each round. */
    List<String> turn(int round) {
        List<String> turn = new ArrayList<>(sources.keySet());
        Collections.rotate(turn, -round);
        return turn;
    }

    ServerProcess start(String subject, boolean deflated) throws IOException, InterruptedException {
        return sources.get(subject).start(deflated);
    }

    void measure(Scenario cell, String subject, ServerProcess server) {
        try {
            double cpu = cell.run(server.target(), pace).stream().filter(each -> each.metric().startsWith(METRIC))
                    .findFirst().orElseThrow().value();
            figures.get(cell).computeIfAbsent(subject, key -> new ArrayList<>()).add(cpu);
            System.out.printf(Locale.ROOT, "%s, %s: %.2f us%n", cell.name(), subject, cpu);
        } catch (IOException e) {
            System.out.println(cell.name() + ", " + subject + " has failed: " + e.getMessage());
        }
    }

    void print() {
        System.out.printf(
                "%nserver CPU, in microseconds: the median (lowest to highest), and its ratio to the floor%n");
        figures.forEach((cell, bySubject) -> {
            System.out.println(cell.name());
            double floor = median(bySubject.getOrDefault(Peers.FLOOR.subject(), List.of()));
            for (String subject : sources.keySet()) {
                List<Double> values = bySubject.getOrDefault(subject, List.of());
                if (!values.isEmpty()) {
                    System.out.printf(Locale.ROOT, "  %-28s %8.2f (%.2f to %.2f)  %.2f%n", subject, median(values),
                            Collections.min(values), Collections.max(values), median(values) / floor);
                }
            }
        });
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[(sorted.length - 1) / 2];
    }
}
