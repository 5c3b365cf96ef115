package dev.weft.bench.echo;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.List;

/**
 * Messages are due at fixed times, whatever happened to the earlier ones, and latency counts from the due time. So the figures
 * include the wait for a server that stalls and for a load that is late (no coordinated omission).
 *
 * @param rate messages per second, over all connections in turn
 */
record FixedRate(int connections, int payload, int rate) implements Scenario {
    /** The metric that shows whether the server kept up. */
    static final String REACHED = "answered in time, share of what was due";

    private static final double ENOUGH_PERCENT = 99;
    private static final long DRAIN_NANOS = 5_000_000_000L;
    /** The maximum number of late messages in one write. */
    private static final int BATCH = 16;

    @Override
    public String name() {
        return connections + " x " + Sizes.name(payload) + " at " + rate + "/s";
    }

    @Override
    public double extraSeconds() {
        return 0.2 + connections * 0.0007;
    }

    @Override
    public List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException {
        Messages messages = Messages.echoed(Opcode.BINARY, payload, BATCH);
        try (LoadLoop loop = new LoadLoop(target.port())) {
            loop.connect(connections, "/", messages);
            Schedule schedule = new Schedule(loop, System.nanoTime());
            schedule.runUntil(System.nanoTime() + pace.warmUp());
            long answered = loop.answered();
            long due = schedule.sent;
            loop.startRecording(System.nanoTime());
            EchoFigures figures = EchoFigures.start(target.cpu());
            schedule.runUntil(System.nanoTime() + pace.measure());
            long count = loop.answered() - answered;
            figures.done(count, "message", "messages");
            figures.add(Figure.more(REACHED, "%",
                    Math.min(100, 100.0 * count / (schedule.sent - due))));
            loop.drain(DRAIN_NANOS);
            return figures.latency(loop.latency(), "latency from when due").all();
        }
    }

    /** Whether the share is too small to count the rate as reached. */
    static boolean isMissed(double percent) {
        return percent < ENOUGH_PERCENT;
    }

    /** The schedule of the messages. */
    final class Schedule {
        private final LoadLoop loop;
        private final long start;
        private long sent;

        Schedule(LoadLoop loop, long start) {
            this.loop = loop;
            this.start = start;
        }

        /** Sends the messages that are due. Never sleeps, because the load has its own core. */
        void runUntil(long end) throws IOException {
            long now = System.nanoTime();
            while (now < end) {
                for (long due = due(sent); due <= now; due = due(sent)) {
                    loop.clients().get((int) (sent % connections)).send(1, due);
                    sent++;
                }
                loop.turn(0);
                now = System.nanoTime();
            }
        }

        private long due(long message) {
            return start + message * 1_000_000_000L / rate;
        }
    }
}
