package dev.weft.tools.load;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** What all connections of a run count. For any thread; the histograms for one thread that reads. */
final class LoadStatistics {
    private static final long LONGEST = TimeUnit.MINUTES.toNanos(10);
    private static final int DIGITS = 3;

    private final Recorder latencies = new Recorder(LONGEST, DIGITS);
    private final Recorder delays = new Recorder(LONGEST, DIGITS);
    private final Histogram total = new Histogram(LONGEST, DIGITS);
    private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();
    final LongAdder sent = new LongAdder();
    final LongAdder answered = new LongAdder();
    final LongAdder unanswered = new LongAdder();
    /** From when on messages are counted, by {@link System#nanoTime()}; set before that time. */
    private volatile long from = Long.MAX_VALUE;

    void measureFrom(long begin) {
        from = begin;
    }

    private boolean isMeasured(long dueAt) {
        long start = from;
        return start != Long.MAX_VALUE && dueAt - start >= 0;
    }

    /** A message that was due then has left this program's hands so much later, though its connection was free. */
    void sent(long dueAt, long delay) {
        if (isMeasured(dueAt)) {
            sent.increment();
            if (delay >= 0) {
                delays.recordValue(Math.min(delay, LONGEST));
            }
        }
    }

    /** The answer to the message that was due then. */
    void answered(long dueAt, long now) {
        if (isMeasured(dueAt)) {
            answered.increment();
            latencies.recordValue(Math.clamp(now - dueAt, 0, LONGEST));
        }
    }

    /** A message that was due then and got no answer. */
    void unanswered(long dueAt) {
        if (isMeasured(dueAt)) {
            unanswered.increment();
        }
    }

    void error(String kind) {
        errors.computeIfAbsent(kind, none -> new LongAdder()).increment();
    }

    /** The latencies since the last call, which from now on are part of the total, too. */
    Histogram lastInterval() {
        Histogram interval = latencies.getIntervalHistogram();
        total.add(interval);
        return interval;
    }

    /** All latencies, in nanoseconds. */
    Histogram total() {
        lastInterval();
        return total;
    }

    /** How late this program itself was; to be called once. */
    Histogram delays() {
        return delays.getIntervalHistogram();
    }

    Map<String, Long> errors() {
        Map<String, Long> all = new TreeMap<>();
        errors.forEach((kind, number) -> all.put(kind, number.sum()));
        return all;
    }
}
