package dev.weft.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Logs warnings of one kind, at most a few in a span of time: a peer that can provoke a line must not be able to fill a
 * disk. What was kept back is counted, and its number logged when the span is over. A suppressed warning costs no more than
 * a counter. For any thread; does not block but for the log.
 * <pre>
 * a warning counts itself in the current window ─ among the first few ──▶ it is logged
 *                        │                       └ later ───────────────▶ it is only counted
 *                        └─ window over: one thread puts a new one in its place, closes the old one's count, and logs what
 *                           that suppressed; who counts in a closed one counts again, in the new one
 * </pre>
 */
final class RateLimitedLogger {
    /** In place of the count of a window that is over: it stays negative, whatever is added. */
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
     * A logger of warnings.
     *
     * @param kind       what all of them are about; each line begins with it
     * @param mostLogged the number of warnings that are logged in a span
     * @param span       the time for which they count
     * @param nanos      a clock that never goes back, such as {@code System::nanoTime}
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
     * @param detail what the line says after its kind; asked for only if it is logged
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

    /** Logs what was suppressed, if the span is over; to be called now and then. */
    void tick() {
        current();
    }

    /** Logs what was suppressed; for the end. */
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
