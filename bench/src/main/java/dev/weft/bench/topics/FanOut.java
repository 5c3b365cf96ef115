package dev.weft.bench.topics;

import dev.weft.ConnectionLimits;
import dev.weft.PreparedMessage;
import dev.weft.bench.memory.InMemoryEnds;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes messages to very many subscribers over the in-memory transport, on a virtual thread, and measures when each of them
 * has its message, and how long another thread has to wait for its turn meanwhile. Reads and checks every message afterwards.
 *
 * <pre>
 * scripts/measure-topics fan-out
 * </pre>
 *
 * Arguments: the number of subscribers, of rounds, and of bytes of a message.
 */
public final class FanOut {
    private static final int WARM_UP = 20;
    private static final int SMALLEST_NETWORK = 256;
    private static final long PAUSE_NANOS = 1_000_000;

    private final InMemoryEnds ends = new InMemoryEnds(ConnectionLimits.DEFAULT);
    private final Topics topics = Topics.builder().build();
    private final List<MemoryTransport> peers = new ArrayList<>();
    private final int size;
    /** When the message of this round reached each peer; written by the thread that publishes. */
    private final long[] arrivals;
    /** The longest that the other thread was late, while a message was being published. */
    private volatile long latest;
    private volatile boolean publishing;
    private volatile boolean over;

    private FanOut(int subscribers, int size) {
        this.size = size;
        this.arrivals = new long[subscribers];
        for (int i = 0; i < subscribers; i++) {
            int peer = i;
            MemoryTransport[] pair = MemoryTransport.pair(Math.max(SMALLEST_NETWORK, size + 16));
            topics.subscribe(ends.open(pair[0]), "all");
            pair[1].onUnread(() -> arrivals[peer] = System.nanoTime());
            peers.add(pair[1]);
        }
    }

    /** Measures, and prints medians. */
    public static void main(String[] arguments) throws Exception {
        FanOut run = new FanOut(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[2]));
        int rounds = Integer.parseInt(arguments[1]);
        List<long[]> measured = new ArrayList<>();
        Thread publisher = Thread.ofVirtual().start(() -> {
            for (int round = 0; round < WARM_UP + rounds; round++) {
                long[] figures = run.round(round);
                if (round >= WARM_UP) {
                    measured.add(figures);
                }
            }
        });
        Thread other = Thread.ofVirtual().start(run::measureTurns);
        publisher.join();
        run.over = true;
        other.join();
        if (measured.size() < rounds) {
            throw new IllegalStateException("a round failed");
        }
        System.out.printf(Locale.ROOT, "%,d subscribers, %,d bytes, %d rounds; milliseconds, median (lowest–highest)%n",
                run.peers.size(), run.size, rounds);
        String[] names = {"half of the subscribers have it", "99 % have it", "all have it", "publish has returned",
                "longest wait of another thread for its turn"};
        for (int i = 0; i < names.length; i++) {
            int figure = i;
            long[] sorted = measured.stream().mapToLong(each -> each[figure]).sorted().toArray();
            System.out.printf(Locale.ROOT, "%-45s %.1f (%.1f–%.1f)%n", names[i], sorted[sorted.length / 2] / 1e6,
                    sorted[0] / 1e6, sorted[sorted.length - 1] / 1e6);
        }
        System.out.printf(Locale.ROOT, "every subscriber got each of %,d messages once and in order%n",
                WARM_UP + rounds);
        System.exit(0);
    }

    private long[] round(int round) {
        Arrays.fill(arrivals, 0);
        latest = 0;
        publishing = true;
        long begin = System.nanoTime();
        topics.publish("all", PreparedMessage.binary(ByteBuffer.allocate(size).putInt(0, round)));
        long returned = System.nanoTime();
        publishing = false;
        check(round);
        long[] sorted = Arrays.stream(arrivals).sorted().toArray();
        return new long[]{sorted[sorted.length / 2] - begin, sorted[sorted.length * 99 / 100] - begin,
                sorted[sorted.length - 1] - begin, returned - begin, latest};
    }

    private void check(int round) {
        // The head of a frame over 125 bytes has two bytes more (§5.2).
        int head = size > 125 ? 4 : 2;
        ByteBuffer frame = ByteBuffer.allocate(head + size + 1);
        for (MemoryTransport peer : peers) {
            frame.clear();
            try {
                peer.readNow(frame);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            if (frame.position() != head + size || frame.getInt(head) != round) {
                throw new IllegalStateException("a subscriber has not got message " + round + " and nothing else");
            }
        }
    }

    private void measureTurns() {
        while (!over) {
            long begin = System.nanoTime();
            boolean counts = publishing;
            LockSupport.parkNanos(PAUSE_NANOS);
            long late = System.nanoTime() - begin - PAUSE_NANOS;
            if (counts && late > latest) {
                latest = late;
            }
        }
    }
}
