package dev.weft.bench.echo;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.List;

/**
 * Each connection has as many messages in flight as its window allows: the messages answered in one read are sent again in one
 * write. Latency is from the write of a message to the read that completed its reply. No message is due at a fixed time, so a
 * server that stalls gets fewer messages; for the latency under a given load see {@link FixedRate}.
 */
record Saturation(int connections, Opcode opcode, int payload, int window) implements Scenario {
    private static final long DRAIN_NANOS = 30_000_000_000L;

    @Override
    public String name() {
        return connections + " x " + Sizes.name(payload) + (opcode == Opcode.TEXT ? " text" : "") + " w" + window;
    }

    @Override
    public double extraSeconds() {
        return 0.2 + connections * 0.0007;
    }

    @Override
    public List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException {
        Messages messages = Messages.echoed(opcode, payload, window);
        try (LoadLoop loop = new LoadLoop(target.port())) {
            loop.connect(connections, "/", messages);
            loop.onAnswer((client, count, now) -> client.send(count, now));
            for (LoadClient client : loop.clients()) {
                client.send(window, System.nanoTime());
            }
            loop.runUntil(System.nanoTime() + pace.warmUp());
            long answered = loop.answered();
            long[] each = loop.clients().stream().mapToLong(LoadClient::answered).toArray();
            // A connection that has starved since the warm-up must be detected too.
            loop.startRecording(Long.MIN_VALUE);
            EchoFigures figures = EchoFigures.start(target.cpu());
            loop.runUntil(System.nanoTime() + pace.measure());
            long count = loop.answered() - answered;
            figures.done(count, "message", "messages");
            long fewest = Long.MAX_VALUE;
            for (int i = 0; i < each.length; i++) {
                fewest = Math.min(fewest, loop.clients().get(i).answered() - each[i]);
            }
            loop.drain(DRAIN_NANOS);
            figures.latency(loop.latency(), "latency");
            fairness(loop, figures);
            figures.add(Figure.more("fewest messages of a connection, share of the mean", "",
                    fewest * (double) connections / count));
            return figures.all();
        }
    }

    /**
     * Adds figures for how much longer the slowest reply took than nearly all others, and for how the slowest replies of the
     * connections compare.
     */
    private static void fairness(LoadLoop loop, EchoFigures figures) {
        long[] sorted = loop.clients().stream().mapToLong(LoadClient::slowest).sorted().toArray();
        double p99 = loop.latency().getValueAtPercentile(99);
        figures.add(Figure.less("slowest reply over p99", "times", sorted[sorted.length - 1] / p99));
        figures.add(Figure.less("slowest reply of a connection, median of connections", "µs",
                sorted[sorted.length / 2] / 1e3));
    }
}
