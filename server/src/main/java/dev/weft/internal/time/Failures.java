package dev.weft.internal.time;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the failures of something that must keep running, and reports them when possible. Noting a failure only sets fields,
 * and so needs no memory. If a report itself fails, for example because memory is exhausted, the next {@link #note} or {@link
 * #report} tries again. At most one report is made per second; each gives the number of failures since the last one. Never
 * throws. For any thread; does not wait.
 */
public final class Failures {
    /** Makes a report, such as a line in a log; may throw. */
    @FunctionalInterface
    public interface Reporter {
        /**
         * Reports failures.
         *
         * @param what   what failed
         * @param count  the number of failures since the last report
         * @param latest the newest of them
         */
        void report(String what, long count, Throwable latest);
    }

    private static final long BETWEEN_REPORTS = TimeUnit.SECONDS.toNanos(1);

    private final String what;
    private final Reporter reporter;
    private final AtomicLong count = new AtomicLong();
    private final Semaphore reporting = new Semaphore(1);
    private volatile Throwable latest;

    /** Guarded by {@link #reporting}. */
    private long reported;
    private long reportedAt;

    /**
     * A counter without failures.
     *
     * @param what the name of the thing that fails, for the reports
     */
    public Failures(String what, Reporter reporter) {
        this.what = what;
        this.reporter = reporter;
        this.reportedAt = System.nanoTime() - BETWEEN_REPORTS;
    }

    /** Failures that are reported to the uncaught exception handler of the reporting thread. */
    public static Failures toHandler(String what) {
        return new Failures(what, (name, failures, failure) -> {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
        });
    }

    /** Notes a failure, and reports it if that is possible now. */
    public void note(Throwable failure) {
        latest = failure;
        count.incrementAndGet();
        report();
    }

    /**
     * Reports failures that have not been reported yet, if any. Call this from time to time, because a report may have failed.
     */
    public void report() {
        if (latest == null || !reporting.tryAcquire()) {
            return;
        }
        try {
            long now = System.nanoTime();
            long total = count.get();
            Throwable failure = latest;
            if (total > reported && failure != null && now - reportedAt >= BETWEEN_REPORTS) {
                reportedAt = now;
                reporter.report(what, total - reported, failure);
                reported = total;
                if (count.get() == total) {
                    latest = null;
                }
            }
        } catch (Throwable e) {
            // The next attempt may succeed.
        } finally {
            reporting.release();
        }
    }

    /** The number of failures so far, reported or not. */
    public long count() {
        return count.get();
    }

    /** The name of the thing that fails. */
    public String what() {
        return what;
    }
}
