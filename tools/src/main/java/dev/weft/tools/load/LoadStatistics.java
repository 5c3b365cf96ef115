package dev.weft.tools.load;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** The statistics of all connections of a run. Any thread may record; only one thread may read the histograms. */
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
    /** The time, by {@link System#nanoTime()}, from which on messages are counted; set before that time. */
    private volatile long from = Long.MAX_VALUE;

    /**
     * A message that was sent. Whether it is measured is decided once: the measurement may begin before the answer comes.
     *
     * @param dueAt a time by {@link System#nanoTime()}
     */
    record SentMessage(long dueAt, boolean isMeasured) {}

    void measureFrom(long begin) {
        from = begin;
    }

    private boolean isMeasured(long dueAt) {
        long start = from;
        return start != Long.MAX_VALUE && dueAt - start >= 0;
    }

    /**
     * Records a message that was due at this time and was sent with this delay, although its connection was free.
     *
     * @return the message, for one of the other methods
     */
    SentMessage sent(long dueAt, long delay) {
        boolean isMeasured = isMeasured(dueAt);
        if (isMeasured) {
            sent.increment();
            if (delay >= 0) {
                delays.recordValue(Math.min(delay, LONGEST));
            }
        }
        return new SentMessage(dueAt, isMeasured);
    }

    /** Records the answer to a message. */
    void answered(SentMessage message, long now) {
        if (message.isMeasured) {
            answered.increment();
            latencies.recordValue(Math.clamp(now - message.dueAt, 0, LONGEST));
        }
    }

    /** Records that a message was not answered. */
    void unanswered(SentMessage message) {
        if (message.isMeasured) {
            unanswered.increment();
        }
    }

    void error(String kind) {
        errors.computeIfAbsent(kind, none -> new LongAdder()).increment();
    }

    /** The latencies since the last call; they are added to the total. */
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

    /** The delays of this program itself. Call it once. */
    Histogram delays() {
        return delays.getIntervalHistogram();
    }

    Map<String, Long> errors() {
        Map<String, Long> all = new TreeMap<>();
        errors.forEach((kind, number) -> all.put(kind, number.sum()));
        return all;
    }
}
