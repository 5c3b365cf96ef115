package dev.weft.bench.echo;

import dev.weft.bench.peers.Announcement;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * One connection sends some messages together, and all connections receive them. When the last connection has received all of
 * them, the next messages are sent.
 */
record Broadcast(int connections, int payload, int together, boolean deflated) implements Scenario {
    private static final int FEWEST_MESSAGES = 5;
    private static final int WARM_UP_MESSAGES = 5;
    private static final long MESSAGE_NANOS = 20_000_000_000L;

    /** Uncompressed. */
    Broadcast(int connections, int payload, int together) {
        this(connections, payload, together, false);
    }

    @Override
    public String name() {
        return "broadcast of " + (together == 1 ? "" : together + " x ") + Sizes.name(payload)
                + (deflated ? ", deflated," : "") + " to " + connections;
    }

    @Override
    public double extraSeconds() {
        return 0.5 + connections * 0.0008;
    }

    @Override
    public List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException {
        Messages messages = deflated
                ? Messages.deflated(target.port(), Announcement.BROADCAST_PATH, payload, together)
                : Messages.echoed(Opcode.BINARY, payload, together);
        Histogram whole = new Histogram(MESSAGE_NANOS * 2, 3);
        try (LoadLoop loop = new LoadLoop(target.port())) {
            loop.connect(connections, Announcement.BROADCAST_PATH, messages);
            long warm = System.nanoTime() + pace.warmUp();
            for (int i = 0; i < WARM_UP_MESSAGES || System.nanoTime() < warm; i++) {
                send(loop, together);
            }
            loop.startRecording(System.nanoTime());
            EchoFigures figures = EchoFigures.start(target.cpu());
            long end = System.nanoTime() + pace.measure();
            int sent = 0;
            while (sent < FEWEST_MESSAGES || System.nanoTime() < end) {
                whole.recordValue(send(loop, together));
                sent++;
            }
            figures.done((long) sent * together * connections, "delivery", "deliveries");
            loop.drain(MESSAGE_NANOS);
            return figures.latency(loop.latency(), "latency of a delivery")
                    .add(Figure.less("time to the last delivery, median of messages", "ms",
                            whole.getValueAtPercentile(50) / 1e6))
                    .add(Figure.less("time to the last delivery, worst message", "ms", whole.getMaxValue() / 1e6))
                    .all();
        }
    }

    /** Returns the time until all connections had received them, in nanoseconds. */
    private static long send(LoadLoop loop, int together) throws IOException {
        List<LoadClient> clients = loop.clients();
        long start = System.nanoTime();
        long[] left = {(long) together * clients.size()};
        loop.onAnswer((client, count, now) -> left[0] -= count);
        for (LoadClient client : clients.subList(1, clients.size())) {
            for (int i = 0; i < together; i++) {
                client.expect(start);
            }
        }
        clients.getFirst().send(together, start);
        if (!loop.runUntil(() -> left[0] <= 0, start + MESSAGE_NANOS)) {
            throw new IOException(left[0] + " deliveries of a broadcast are missing");
        }
        return System.nanoTime() - start;
    }
}
