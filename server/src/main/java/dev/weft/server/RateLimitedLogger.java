package dev.weft.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Logs warnings of one kind, at most a few per time span: a peer that can trigger a log line must not be able to fill a
 * disk. Suppressed warnings are counted, and their number is logged when the span has passed. A suppressed warning
 * costs no more than a counter. For any thread; blocks only for the log.
 * <pre>
 * a warning counts itself in the current window ─ among the first few ──▶ it is logged
 *                        │                       └ later ───────────────▶ it is only counted
 *                        └─ window over: one thread replaces it with a new one, closes the old one's count, and logs the
 *                           number suppressed; a thread that counts in a closed window counts again in the new one
 * </pre>
 */
final class RateLimitedLogger {
    /** Replaces the count of a window that has ended: it stays negative, whatever is added. */
    private static final long CLOSED = Long.MIN_VALUE;

    private static final class Window {
        final long start;
        final AtomicLong warnings = new AtomicLong();

        Window(long start) {
            this.start = start;
        }
    }

    private final Logger logger;
    private final String kind;
    private final int mostLogged;
    private final Duration span;
    private final LongSupplier nanos;
    private final AtomicReference<Window> window;

    /**
     * Creates a logger for warnings of one kind.
     *
     * @param kind       the subject of these warnings; each line begins with it
     * @param mostLogged the maximum number of warnings that are logged per span
     * @param span       the length of a span
     * @param nanos      a clock that never goes backwards, such as {@code System::nanoTime}
     */
    RateLimitedLogger(Logger logger, String kind, int mostLogged, Duration span, LongSupplier nanos) {
        this.logger = logger;
        this.kind = kind;
        this.mostLogged = mostLogged;
        this.span = span;
        this.nanos = nanos;
        this.window = new AtomicReference<>(new Window(nanos.getAsLong()));
    }

    /**
     * Logs a warning, or counts it.
     *
     * @param detail the text of the line after the kind; called only if the warning is logged
     * @param thrown logged with its stack trace
     */
    void warn(Supplier<String> detail, Throwable thrown) {
        long number;
        do {
            number = current().warnings.incrementAndGet();
        } while (number < 0);
        if (number <= mostLogged) {
            logger.log(Level.WARNING, kind + ": " + detail.get(), thrown);
        }
    }

    /** Logs the number of suppressed warnings if the span has passed. To be called from time to time. */
    void tick() {
        current();
    }

    /** Logs the number of suppressed warnings. To be called at the end. */
    void flush() {
        turn(window.get(), nanos.getAsLong());
    }

    private Window current() {
        Window now = window.get();
        long time = nanos.getAsLong();
        return time - now.start < span.toNanos() ? now : turn(now, time);
    }

    private Window turn(Window old, long time) {
        if (window.compareAndSet(old, new Window(time))) {
            long suppressed = old.warnings.getAndSet(CLOSED) - mostLogged;
            if (suppressed > 0) {
                logger.log(Level.WARNING, kind + ": " + suppressed + " more within "
                        + Duration.ofNanos(time - old.start).toSeconds() + " s, not logged one by one");
            }
        }
        return window.get();
    }
}
