package dev.weft.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Results like those of the suites. */
public final class Samples {
    private static final List<String> SCENARIOS = List.of("64 x 16 B w1", "64 x 16 B w16", "1000 x 1 KiB w1",
            "64 x 64 KiB w1");

    private Samples() {}

    /** A machine that does not exist. */
    public static Machine machine() {
        return new Machine("Abacus 9", 2, 8L << 30, "Linux 6", "performance", 0.1, "25", "VM 25", "-Xmx1g",
                "0123456789abcdef", false);
    }

    /** A run with these figures. */
    public static Results results(Measurement... measurements) {
        return results(List.of(), List.of(measurements));
    }

    static Results results(List<Remark> remarks, List<Measurement> measurements) {
        return new Results(Results.VERSION, "2026-11-22T20:00:00Z", 61.5, true, false, "scripts/bench echo", machine(),
                remarks, measurements);
    }

    /** The CPU figures of echo servers. */
    public static Measurement cpu(String scenario, String subject, Double... rounds) {
        return new Measurement("echo", scenario, subject, "server CPU per message", "µs", true, List.of(rounds));
    }

    /** A complete table, with a much slower peer and one without a figure in the last scenario. */
    static List<Measurement> echo() {
        List<String> subjects = List.of("floor: selector loop", "Weft PARKING", "Weft BLOCKING", "uWebSockets 20.52.0",
                "Netty 4.2.7", "Vert.x 5.0.5", "Undertow 2.3.20", "Tomcat 11.0.13", "Jetty 12.1.14",
                "Java-WebSocket 1.6.0");
        double[] costs = {1, 1.12, 1.4, 1.05, 1.3, 1.25, 1.6, 2.4, 3.3, 2.9};
        double[][] scales = {{6, 0.4, 7.7, 27}, {1, 1.5, 1.2, 4}};
        Random random = new Random(1);
        List<Measurement> all = new ArrayList<>();
        for (int s = 0; s < subjects.size(); s++) {
            for (int c = 0; c < SCENARIOS.size(); c++) {
                if (s == 8 && c == 3) {
                    continue;
                }
                double median = scales[0][c] * Math.pow(costs[s], scales[1][c]);
                all.add(cpu(SCENARIOS.get(c), subjects.get(s), median * (0.9 + random.nextDouble() * 0.1), median,
                        median * (1 + random.nextDouble() * 0.1)));
            }
        }
        return all;
    }

    static List<Measurement> memory() {
        List<Measurement> all = new ArrayList<>();
        List<String> subjects = List.of("Weft", "Netty 4.2.7", "Undertow 2.3.20", "Jetty 12.1.14", "Helidon 4.3.1");
        double[] heap = {1990, 1890, 4770, 8380, 15290};
        for (int s = 0; s < subjects.size(); s++) {
            for (String metric : List.of("live heap per connection", "RSS per connection")) {
                all.add(new Measurement("memory", "10,000 idle connections", subjects.get(s), metric, "bytes", true,
                        List.of(heap[s])));
            }
        }
        return all;
    }

    static List<Measurement> parser() {
        List<Measurement> all = new ArrayList<>();
        String[] payloads = {"0 B", "16 B", "125 B", "126 B", "1 KiB", "16 KiB", "64 KiB", "1 MiB"};
        String[] subjects = {"baseline: copy", "Weft", "Netty 4.2.7", "Jetty 12.1.14", "Java-WebSocket 1.6.0",
                "Tomcat 11.0.13"};
        double[] perFrame = {0.2, 5.5, 70, 48, 70, 120};
        double[] perByte = {0.015, 0.023, 0.11, 0.75, 2.2, 4.4};
        double[] lengths = {0, 16, 125, 126, 1024, 16384, 65536, 1 << 20};
        for (int s = 0; s < subjects.length; s++) {
            for (int p = 0; p < payloads.length; p++) {
                double median = perFrame[s] + perByte[s] * lengths[p];
                all.add(new Measurement("parser", payloads[p], subjects[s], "time per frame", "ns", true,
                        List.of(median * 0.97, median, median * 1.04)));
                all.add(new Measurement("parser", payloads[p], subjects[s], "allocation per frame", "bytes", true,
                        List.of(s < 2 ? 0 : 40.0 + lengths[p])));
            }
        }
        return all;
    }
}
