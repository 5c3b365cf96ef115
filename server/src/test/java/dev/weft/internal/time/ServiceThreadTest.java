package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ServiceThreadTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static ServiceThread thread(ServiceThread.Step step, Failures failures, Duration longestPause) {
        return new ServiceThread("service", step, failures, longestPause, true);
    }

    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        @SuppressWarnings("unchecked")
        T unchecked = (T) thrown;
        throw unchecked;
    }

    @Test
    void noThrowableEndsTheThread() throws Exception {
        LinkedBlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>(List.of(new OutOfMemoryError("test"),
                new StackOverflowError(), new NoClassDefFoundError("test"), new Exception(), new Error()));
        int count = thrown.size();
        CountDownLatch success = new CountDownLatch(1);
        // Its reports fail too.
        Failures failures = new Failures("service", (what, number, latest) -> {
            throw new OutOfMemoryError("test");
        });
        ServiceThread thread = thread(() -> {
            Throwable next = thrown.poll();
            if (next != null) {
                ServiceThreadTest.<RuntimeException>sneak(next);
            }
            success.countDown();
            LockSupport.park();
        }, failures, Duration.ofMillis(1));
        thread.start();
        assertTrue(success.await(10, TimeUnit.SECONDS));
        assertEquals(count, failures.count());
        assertFalse(thread.isLost());
        thread.stop();
        assertTrue(thread.join(Duration.ofSeconds(10)));
        assertFalse(thread.isFailing());
    }

    @Test
    void pausesGrowUpToTheLimitAndASuccessEndsThem() throws Exception {
        LinkedBlockingQueue<Long> times = new LinkedBlockingQueue<>();
        AtomicInteger steps = new AtomicInteger();
        ServiceThread thread = thread(() -> {
            times.add(System.nanoTime());
            if (steps.incrementAndGet() != 5) {
                throw new IllegalStateException();
            }
        }, new Failures("service", (what, number, latest) -> {}), Duration.ofMillis(40));
        thread.start();
        long[] at = new long[7];
        for (int i = 0; i < at.length; i++) {
            at[i] = times.take();
        }
        thread.stop();
        long[] atLeast = {10, 20, 40, 40, 0, 10};
        for (int i = 0; i < atLeast.length; i++) {
            assertTrue(at[i + 1] - at[i] >= TimeUnit.MILLISECONDS.toNanos(atLeast[i]), "pause " + i);
        }
    }

    /** The code between two steps must work while memory is exhausted. The JDK may allocate something now and then. */
    @Test
    void failuresNeedNoMemory() throws Exception {
        OutOfMemoryError failure = new OutOfMemoryError("test");
        long[] allocated = new long[5];
        AtomicInteger steps = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        ServiceThread thread = thread(() -> {
            long now = THREADS.getCurrentThreadAllocatedBytes();
            int step = steps.incrementAndGet();
            if (step % 20 == 0 && step / 20 <= allocated.length) {
                allocated[step / 20 - 1] = now;
            }
            if (step == 20 * allocated.length) {
                done.countDown();
            }
            throw failure;
        }, new Failures("service", (what, number, latest) -> {
            throw failure;
        }), Duration.ofMillis(1));
        thread.start();
        assertTrue(done.await(10, TimeUnit.SECONDS));
        thread.stop();
        assertEquals(0, IntStream.range(1, allocated.length).mapToLong(i -> allocated[i] - allocated[i - 1]).min()
                .getAsLong());
    }

    @Test
    void failureAfterAStopMustNotBeRecorded() throws Exception {
        Failures failures = new Failures("service", (what, number, latest) -> {});
        CountDownLatch running = new CountDownLatch(1);
        AtomicReference<ServiceThread> self = new AtomicReference<>();
        ServiceThread thread = thread(() -> {
            running.countDown();
            self.get().sleep(Long.MAX_VALUE / 4);
            throw new IllegalStateException("stopped");
        }, failures, Duration.ofMillis(1));
        self.set(thread);
        thread.start();
        assertTrue(running.await(10, TimeUnit.SECONDS));
        thread.stop();
        assertTrue(thread.join(Duration.ofSeconds(10)));
        assertEquals(0, failures.count());
    }
}
