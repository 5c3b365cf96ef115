package dev.weft.tools.load;

import com.sun.management.OperatingSystemMXBean;
import dev.weft.MessageType;
import dev.weft.client.WebSocketClient;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.HdrHistogram.Histogram;

/** Puts an echo server under load. For one thread, once. */
final class LoadRun {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /** How long to wait for answers after the last message was sent. */
    private static final long DRAIN = 5 * SECOND;
    /** The measurement begins in the future, so that every thread knows its start before the first counted message is due. */
    private static final long SOON = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int FIRST_LETTER = 'a';
    private static final int LETTERS = 26;

    private final LoadPlan plan;
    private final LoadStatistics statistics = new LoadStatistics();
    private final Consumer<String> progress;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /**
     * A run with these parameters.
     *
     * @param progress receives a line about once a second
     */
    LoadRun(LoadPlan plan, Consumer<String> progress) {
        this.plan = plan;
        this.progress = progress;
    }

    LoadResult run(WebSocketClient client) throws InterruptedException {
        List<LoadConnection> open = open(client);
        long begin = System.nanoTime() + SOON;
        long cpu = system.getProcessCpuTime();
        system.getCpuLoad(); // each call returns the load since the one before
        long pauses = pauses();
        if (!open.isEmpty()) {
            statistics.measureFrom(begin);
            TimeUnit.NANOSECONDS.sleep(begin - System.nanoTime());
            measure(begin + plan.duration().toNanos());
        }
        long nanos = Math.max(1, System.nanoTime() - begin);
        LoadResult.Own own = new LoadResult.Own((system.getProcessCpuTime() - cpu) / (double) nanos,
                Runtime.getRuntime().availableProcessors(), system.getCpuLoad(), (pauses() - pauses) * 1e6 / nanos);
        open.forEach(LoadConnection::stop);
        long until = System.nanoTime() + DRAIN;
        for (LoadConnection each : open) {
            each.await(until);
        }
        return LoadResult.of(plan, open.size(), nanos / 1e9, statistics, own);
    }

    private List<LoadConnection> open(WebSocketClient client) throws InterruptedException {
        byte[] payload = payload();
        ConcurrentLinkedQueue<LoadConnection> open = new ConcurrentLinkedQueue<>();
        CountDownLatch tried = new CountDownLatch(plan.connections());
        long begin = System.nanoTime();
        for (int i = 0; i < plan.connections(); i++) {
            int number = i;
            long at = begin + plan.rampUp().toNanos() / plan.connections() * i;
            TimeUnit.NANOSECONDS.sleep(at - System.nanoTime());
            Thread.ofVirtual().start(() -> {
                try {
                    LoadConnection connection = new LoadConnection(plan, statistics, payload);
                    if (connection.open(client, number)) {
                        open.add(connection);
                    }
                } finally {
                    tried.countDown();
                }
            });
        }
        while (!tried.await(1, TimeUnit.SECONDS)) {
            progress.accept(open.size() + " of " + plan.connections() + " connections are open");
        }
        return List.copyOf(open);
    }

    /** Creates a payload of random bytes, so that it cannot be compressed to almost nothing. */
    private byte[] payload() {
        byte[] payload = new byte[plan.size()];
        RandomGenerator random = RandomGenerator.getDefault();
        random.nextBytes(payload);
        if (plan.type() == MessageType.TEXT) {
            for (int i = 0; i < payload.length; i++) {
                payload[i] = (byte) (FIRST_LETTER + (payload[i] & 0xff) % LETTERS);
            }
        }
        return payload;
    }

    private void measure(long end) throws InterruptedException {
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            long before = System.nanoTime();
            TimeUnit.NANOSECONDS.sleep(Math.min(left, SECOND));
            Histogram last = statistics.lastInterval();
            progress.accept(String.format(Locale.ROOT, "%4d s left  %,.0f messages/s  p50 %s  p99 %s  %d errors",
                    Math.max(0, end - System.nanoTime()) / SECOND,
                    last.getTotalCount() / ((System.nanoTime() - before) / 1e9),
                    LoadResult.time(last.getValueAtPercentile(50)), LoadResult.time(last.getValueAtPercentile(99)),
                    statistics.errors().values().stream().mapToLong(Long::longValue).sum()));
        }
    }

    /** The milliseconds that garbage collection has taken so far. */
    private static long pauses() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime).sum();
    }
}
