package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The number of log lines stays small with any number of failures, and every failure is counted. */
@Timeout(30)
class RateLimitedLoggerTest {
    private static final Duration SPAN = Duration.ofSeconds(10);

    @RegisterExtension
    final LogCapture log = new LogCapture();
    /** Near the end of what a long holds: the clock may have any origin. */
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - SPAN.toNanos() / 2);
    private final AtomicInteger asked = new AtomicInteger();
    private final RateLimitedLogger logger = new RateLimitedLogger(System.getLogger("dev.weft.server"), "it failed", 2,
            SPAN, nanos::get);

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            logger.warn(() -> "number " + asked.incrementAndGet(), null);
        }
    }

    private void pass(long seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    private List<String> lines() {
        return log.lines(Level.WARNING);
    }

    @Test
    void firstFewMustBeLoggedWithTheirCause() {
        Exception cause = new IllegalStateException("a bug");
        logger.warn(() -> "/127.0.0.1:1, /chat", cause);
        assertEquals(List.of("it failed: /127.0.0.1:1, /chat"), lines());
        assertEquals(List.of(cause), log.thrown(Level.WARNING));
    }

    @Test
    void restMustBeOneLineWhenTheSpanIsOver() {
        fail(1000);
        assertEquals(List.of("it failed: number 1", "it failed: number 2"), lines());
        assertEquals(2, asked.get(), "text is made for what is logged alone");
        pass(9);
        logger.tick();
        assertEquals(2, lines().size());
        pass(1);
        logger.tick();
        logger.tick();
        assertEquals("it failed: 998 more within 10 s, not logged one by one", lines().get(2));
        assertEquals(3, lines().size());
    }

    @Test
    void nextSpanMustLogAgain() {
        fail(3);
        pass(10);
        fail(3);
        assertEquals(List.of("it failed: number 1", "it failed: number 2",
                "it failed: 1 more within 10 s, not logged one by one", "it failed: number 3", "it failed: number 4"),
                lines());
    }

    @Test
    void spanWithoutSuppressedOnesMustEndSilently() {
        fail(2);
        pass(11);
        logger.tick();
        pass(11);
        logger.tick();
        logger.flush();
        assertEquals(2, lines().size());
    }

    @Test
    void flushMustNotWaitForTheSpan() {
        fail(7);
        pass(3);
        logger.flush();
        assertEquals("it failed: 5 more within 3 s, not logged one by one", lines().getLast());
    }

    @Test
    void noFailureMustBeLostBetweenThreads() throws InterruptedException {
        int threads = 4;
        int times = 20_000;
        List<Thread> failing = new ArrayList<>();
        IntStream.range(0, threads).forEach(i -> failing.add(Thread.ofPlatform().start(() -> {
            for (int n = 0; n < times; n++) {
                logger.warn(() -> "once", null);
                if (n % 100 == 0) {
                    pass(1);
                }
            }
        })));
        for (Thread thread : failing) {
            thread.join();
        }
        logger.flush();
        long logged = lines().stream().filter(line -> line.endsWith("once")).count();
        long suppressed = lines().stream().filter(line -> line.endsWith("one by one"))
                .mapToLong(line -> Long.parseLong(line.split(" ")[2])).sum();
        assertEquals(threads * times, logged + suppressed);
        assertTrue(logged <= 2L * lines().size() && suppressed > 0, "both are met");
    }
}
