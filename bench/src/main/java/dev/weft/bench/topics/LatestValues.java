package dev.weft.bench.topics;

import dev.weft.ConnectionLimits;
import dev.weft.PreparedMessage;
import dev.weft.bench.memory.InMemoryEnds;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.TimeLimit;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A feed of values to many subscribers over the in-memory transport, of which every tenth reads only five values in a second.
 * Checks that the quick ones get every value, and the slow ones the newest of each key, and measures what waits meanwhile.
 *
 * <pre>
 * scripts/measure-topics latest
 * </pre>
 *
 * Arguments: the number of subscribers, of keys, of updates, and of updates per second. If the processors are too few for this
 * rate, the feed is as quick as they allow.
 */
public final class LatestValues {
    private static final int SIZE = 125;
    private static final int HEAD = 2;
    private static final int END = -1;
    private static final int SLOW = 10;
    private static final int QUICK_NETWORK = 1 << 12;
    private static final int SLOW_NETWORK = 1 << 10;
    private static final long SLOW_PAUSE_NANOS = 200_000_000;

    private final InMemoryEnds ends = new InMemoryEnds(ConnectionLimits.DEFAULT);
    private final Topics topics = Topics.builder().build();
    private final int keys;
    private final int updates;
    private final long interval;
    private final List<Connection> slow = new ArrayList<>();
    private final List<Thread> readers = new ArrayList<>();
    private final AtomicInteger wrong = new AtomicInteger();
    private volatile boolean fed;

    private LatestValues(int keys, int updates, int rate) {
        this.keys = keys;
        this.updates = updates;
        this.interval = 1_000_000_000L / rate;
    }

    /** Measures, and prints what was found. */
    public static void main(String[] arguments) throws Exception {
        int subscribers = Integer.parseInt(arguments[0]);
        LatestValues run = new LatestValues(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]));
        for (int i = 0; i < subscribers; i++) {
            run.subscribe(i % SLOW == 0);
        }
        run.run(subscribers);
        System.exit(run.wrong.get() == 0 ? 0 : 1);
    }

    private void subscribe(boolean isSlow) {
        MemoryTransport[] pair = MemoryTransport.pair(isSlow ? SLOW_NETWORK : QUICK_NETWORK);
        Connection connection = ends.open(pair[0]);
        topics.subscribe(connection, "values");
        if (isSlow) {
            slow.add(connection);
        }
        readers.add(Thread.ofVirtual().start(() -> {
            try {
                if (isSlow) {
                    readNewest(pair[1]);
                } else {
                    readAll(pair[1]);
                }
            } catch (IOException e) {
                wrong.incrementAndGet();
            }
        }));
    }

    /** Every value, in order. */
    private void readAll(MemoryTransport peer) throws IOException {
        ByteBuffer input = ByteBuffer.allocate(QUICK_NETWORK).flip();
        for (int i = 0; i < updates; i++) {
            if (next(peer, input) != i) {
                wrong.incrementAndGet();
                return;
            }
        }
        if (next(peer, input) != END) {
            wrong.incrementAndGet();
        }
    }

    /** Some values, of which the last one of each key is the newest. */
    private void readNewest(MemoryTransport peer) throws IOException {
        ByteBuffer input = ByteBuffer.allocate(SIZE + HEAD).flip();
        int[] newest = new int[keys];
        Arrays.fill(newest, -1);
        int value;
        while ((value = next(peer, input)) != END) {
            if (value <= newest[value % keys]) {
                wrong.incrementAndGet();
            }
            newest[value % keys] = value;
            if (!fed) {
                LockSupport.parkNanos(SLOW_PAUSE_NANOS);
            }
        }
        for (int key = 0; key < keys; key++) {
            if (newest[key] != updates - keys + key) {
                wrong.incrementAndGet();
            }
        }
    }

    private static int next(MemoryTransport peer, ByteBuffer input) throws IOException {
        while (input.remaining() < HEAD + SIZE) {
            input.compact();
            int count = peer.read(input, TimeLimit.NONE);
            input.flip();
            if (count < 0) {
                throw new IOException("the connection has ended");
            }
        }
        int value = input.getInt(input.position() + HEAD);
        input.position(input.position() + HEAD + SIZE);
        return value;
    }

    private void run(int subscribers) throws InterruptedException {
        long cpu = cpuNanos();
        long begin = System.nanoTime();
        long[] most = new long[2];
        Thread feed = Thread.ofVirtual().start(() -> {
            for (int update = 0; update < updates; update++) {
                for (long early; (early = begin + update * interval - System.nanoTime()) > 0;) {
                    LockSupport.parkNanos(early);
                }
                topics.publishLatest("values", Integer.toString(update % keys), value(update));
                if (update % keys == keys - 1) {
                    most[0] = Math.max(most[0],
                            slow.stream().mapToLong(each -> each.queue().queuedBytes()).max().orElse(0));
                    most[1] = Math.max(most[1], ends.heldBytes());
                }
            }
        });
        feed.join();
        double seconds = (System.nanoTime() - begin) / 1e9;
        double cpuSeconds = (cpuNanos() - cpu) / 1e9;
        fed = true;
        long replaced = slow.stream().mapToLong(each -> each.queue().replacedMessages()).sum();
        topics.publish("values", value(END));
        for (Thread reader : readers) {
            reader.join();
        }
        long sent = (long) updates * subscribers - replaced;
        System.out.printf(Locale.ROOT,
                "%,d updates of %,d keys to %,d subscribers, %,d of them slow, in %.1f s: %,.0f updates/s, "
                        + "%,.0f deliveries/s, %.2f µs of CPU time for each, readers included%n",
                updates, keys, subscribers, slow.size(), seconds, updates / seconds, sent / seconds,
                cpuSeconds * 1e6 / sent);
        System.out.printf(Locale.ROOT,
                "a slow subscriber got %.1f %% of the values; at most %,d bytes waited for it, and %,d "
                        + "bytes for all together%n",
                100 - 100.0 * replaced / ((long) updates * slow.size()), most[0], most[1]);
        System.out.println(wrong.get() == 0
                ? "every quick subscriber got every value in order, every slow one the newest of each key at the end"
                : "WRONG: " + wrong + " subscribers or values");
    }

    private static PreparedMessage value(int number) {
        return PreparedMessage.binary(ByteBuffer.allocate(SIZE).putInt(0, number));
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
