package dev.weft.bench.echo;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Loads an echo server over loopback from one thread of raw non-blocking sockets, checks every byte of every reply, and reports
 * the throughput, the latency and the CPU time that the server's process took for each message.
 * <pre>
 * taskset -c 1 java -cp 'bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*' dev.weft.bench.echo.EchoLoad \
 *     PORT SERVER_PID CONNECTIONS PAYLOAD WINDOW WARMUP_SECONDS SECONDS
 * </pre>
 * Each connection has WINDOW messages in flight: see {@link Saturation}.
 */
public final class EchoLoad {
    private static final long SECOND = 1_000_000_000L;

    private EchoLoad() {}

    /** Runs one load and prints one line. */
    public static void main(String[] args) throws IOException {
        if (args.length != 7) {
            System.err.println("usage: EchoLoad PORT SERVER_PID CONNECTIONS PAYLOAD WINDOW WARMUP_SECONDS SECONDS");
            System.exit(2);
        }
        int[] values = Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        Saturation load = new Saturation(values[2], Opcode.BINARY, values[3], values[4]);
        Map<String, Double> figures = load
                .run(new ServerProcess.Target(values[0], new CpuClock(values[1])),
                        new Scenario.Pace(values[5] * SECOND, values[6] * SECOND))
                .stream().collect(Collectors.toMap(Scenario.Figure::metric, Scenario.Figure::value));
        System.out.printf("%s: %,.0f messages/s, server CPU %.2f us/message, latency us p50 %.0f p99 %.0f "
                + "p99.9 %.0f max %.0f%n", load.name(), figures.get("throughput"),
                figures.get("server CPU per message"), figures.get("latency p50"), figures.get("latency p99"),
                figures.get("latency p99.9"), figures.get("latency max"));
    }
}
