package dev.weft.bench.echo;

import dev.weft.bench.echo.Scenario.Figure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Collects the figures of one measurement, from the moment it is made. */
final class EchoFigures {
    private static final double MICRO = 1e3;

    private final CpuClock cpu;
    private final CpuClock.Reading cpuBefore;
    private final long before;
    private final List<Figure> figures = new ArrayList<>();

    private EchoFigures(CpuClock cpu) throws IOException {
        this.cpu = cpu;
        this.cpuBefore = cpu.read();
        this.before = System.nanoTime();
    }

    static EchoFigures start(CpuClock cpu) throws IOException {
        return new EchoFigures(cpu);
    }

    /** Adds the throughput, and the CPU time per message or connection, given the number processed so far. */
    EchoFigures done(long count, String thing, String things) throws IOException {
        double seconds = (System.nanoTime() - before) / 1e9;
        long nanos = cpu.read().nanosSince(cpuBefore);
        if (count == 0) {
            throw new IOException("not one " + thing + " in " + seconds + " s");
        }
        figures.add(Figure.less("server CPU per " + thing, "µs", nanos / MICRO / count));
        figures.add(Figure.more("throughput", things + "/s", count / seconds));
        return this;
    }

    EchoFigures latency(Histogram latency, String what) {
        figures.add(Figure.less(what + " p50", "µs", latency.getValueAtPercentile(50) / MICRO));
        figures.add(Figure.less(what + " p99", "µs", latency.getValueAtPercentile(99) / MICRO));
        figures.add(Figure.less(what + " p99.9", "µs", latency.getValueAtPercentile(99.9) / MICRO));
        figures.add(Figure.less(what + " max", "µs", latency.getMaxValue() / MICRO));
        return this;
    }

    EchoFigures add(Figure figure) {
        figures.add(figure);
        return this;
    }

    List<Figure> all() {
        return List.copyOf(figures);
    }
}
