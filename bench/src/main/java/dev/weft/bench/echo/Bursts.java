package dev.weft.bench.echo;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * All connections are silent for a while, then each sends a message at the same moment. The CPU time includes the silence; it
 * is given per message of the bursts.
 */
record Bursts(int connections, int payload, int silenceMillis) implements Scenario {
    private static final int WARM_UP_BURSTS = 3;
    private static final int FEWEST_BURSTS = 3;
    private static final long BURST_NANOS = 10_000_000_000L;

    @Override
    public String name() {
        return "burst of " + connections + " x " + Sizes.name(payload) + " after " + silenceMillis + " ms of silence";
    }

    @Override
    public double extraSeconds() {
        return 0.3 + connections * 0.0007;
    }

    @Override
    public List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException {
        Messages messages = Messages.echoed(Opcode.BINARY, payload, 1);
        Histogram whole = new Histogram(BURST_NANOS * 2, 3);
        try (LoadLoop loop = new LoadLoop(target.port())) {
            loop.connect(connections, "/", messages);
            for (int i = 0; i < WARM_UP_BURSTS; i++) {
                burst(loop);
            }
            loop.startRecording(System.nanoTime());
            EchoFigures figures = EchoFigures.start(target.cpu());
            long end = System.nanoTime() + pace.measure();
            int bursts = 0;
            while (bursts < FEWEST_BURSTS || System.nanoTime() < end) {
                loop.runUntil(System.nanoTime() + silenceMillis * 1_000_000L);
                whole.recordValue(burst(loop));
                bursts++;
            }
            figures.done((long) bursts * connections, "message", "messages");
            loop.drain(BURST_NANOS);
            return figures.latency(loop.latency(), "latency from the burst's beginning")
                    .add(Figure.less("time to the last reply, median of bursts", "ms",
                            whole.getValueAtPercentile(50) / 1e6))
                    .add(Figure.less("time to the last reply, worst burst", "ms", whole.getMaxValue() / 1e6)).all();
        }
    }

    /** Returns the duration in nanoseconds. */
    private static long burst(LoadLoop loop) throws IOException {
        long start = System.nanoTime();
        long[] left = {loop.clients().size()};
        loop.onAnswer((client, count, now) -> left[0] -= count);
        for (LoadClient client : loop.clients()) {
            client.send(1, start);
        }
        if (!loop.runUntil(() -> left[0] <= 0, start + BURST_NANOS)) {
            throw new IOException(left[0] + " replies to a burst are missing");
        }
        return System.nanoTime() - start;
    }
}
