package dev.weft.internal.time;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The pings that this end has sent, and the peer's answers (RFC 6455 §5.5.2, §5.5.3). Each ping has a number in its payload,
 * which identifies its pong; an unsolicited pong is ignored. A peer may answer only the most recent ping: its pong also answers
 * all earlier ones.
 * <p>
 * Lock-free, in this order: {@link #next} is called by one thread at a time, in the order in which the pings are written; it
 * notes the waiting thread, then the number and the time, and only then can the frame be sent and answered. {@link #answer}, by
 * the thread that reads, removes the pings that are answered by one compare-and-set of an immutable list, and wakes their
 * threads.
 */
public final class Pings {
    /** A ping whose pong a thread waits for. */
    public static final class Ping {
        private final Thread thread = Thread.currentThread();
        private int number;
        private long sentAt;
        private boolean first;
        /** The time until the answer; negative until it has arrived. */
        private volatile long nanos = NONE;

        /** The time until the answer; empty until there is one. */
        public Optional<Duration> answer() {
            return duration(nanos);
        }

        /**
         * Whether this is the first ping of the connection that a thread waits for. For the waiting thread, once the ping is
         * sent.
         */
        public boolean isFirst() {
            return first;
        }
    }

    /** An immutable list of the pings that wait, newest first, with an empty element at the end. */
    private record Waiting(Ping ping, Waiting before) {
        static final Waiting END = new Waiting(null, null);
    }

    /** Instead of a duration, if there is none. */
    static final long NONE = -1;
    private static final int LENGTH = 2 * Integer.BYTES;
    /** The beginning of our payloads; unsolicited pongs do not begin with it. */
    private static final int MARK = ThreadLocalRandom.current().nextInt();

    private static final AtomicReferenceFieldUpdater<Pings, Waiting> WAITING = AtomicReferenceFieldUpdater
            .newUpdater(Pings.class, Waiting.class, "waiting");

    /** The number of the newest ping and when it was sent; the number is written first, and read last. */
    private volatile int sent;
    private volatile long sentAt;
    /** {@code null} until a thread waits. */
    private volatile Waiting waiting;

    /** For the reading thread: the number of the newest answered ping. Any thread may read how long that took. */
    private int answered;
    private volatile long latency = NONE;

    /**
     * Creates the payload of a ping that is about to be written. For one thread at a time.
     *
     * @param ping receives the answer; {@code null} if no thread waits for it
     */
    public byte[] next(Ping ping) {
        int number = sent + 1;
        long now = System.nanoTime();
        if (ping != null) {
            ping.number = number;
            ping.sentAt = now;
            ping.first = waiting == null;
            Waiting before;
            do {
                before = waiting;
            } while (!WAITING.compareAndSet(this, before, new Waiting(ping, before == null ? Waiting.END : before)));
        }
        sent = number;
        sentAt = now;
        return ByteBuffer.allocate(LENGTH).putInt(MARK).putInt(number).array();
    }

    /**
     * Processes a pong; ignores one that answers none of our pings, or only answered ones. For the thread that reads.
     *
     * @return the nanoseconds until the newest ping, or one for which a thread waits, was answered; otherwise {@link #NONE}
     */
    public long answer(byte[] array, int from, int to) {
        if (to - from != LENGTH) {
            return NONE;
        }
        ByteBuffer payload = ByteBuffer.wrap(array, from, LENGTH);
        return payload.getInt() == MARK ? answer(payload.getInt()) : NONE;
    }

    private long answer(int number) {
        if (number - answered <= 0 || sent - number < 0) {
            return NONE;
        }
        long measured = NONE;
        answered = number;
        long now = System.nanoTime();
        long newestSentAt = sentAt;
        if (number == sent) {
            measured = now - newestSentAt;
            latency = measured;
        }
        Waiting all;
        do {
            all = waiting;
        } while (!WAITING.compareAndSet(this, all, after(all, number)));
        for (Waiting each = all; !isEnd(each); each = each.before) {
            Ping ping = each.ping;
            if (ping.number - number <= 0) {
                if (ping.number == number) {
                    measured = now - ping.sentAt;
                    latency = measured;
                }
                ping.nanos = now - ping.sentAt;
                LockSupport.unpark(ping.thread);
            }
        }
        return measured;
    }

    /** The pings that were sent after this one: the list's beginning. */
    private static Waiting after(Waiting list, int number) {
        return isEnd(list)
                ? list
                : list.ping.number - number <= 0 ? Waiting.END : new Waiting(list.ping, after(list.before, number));
    }

    /** Removes a ping that no thread waits for any more. For any thread. */
    public void giveUp(Ping ping) {
        Waiting all;
        do {
            all = waiting;
        } while (!WAITING.compareAndSet(this, all, without(all, ping)));
    }

    private static Waiting without(Waiting list, Ping ping) {
        return isEnd(list)
                ? list
                : list.ping == ping ? list.before : new Waiting(list.ping, without(list.before, ping));
    }

    private static boolean isEnd(Waiting list) {
        return list == null || list == Waiting.END;
    }

    /** Makes the waiting threads check whether the connection has ended. For any thread. */
    public void wakeAll() {
        for (Waiting each = waiting; !isEnd(each); each = each.before) {
            LockSupport.unpark(each.ping.thread);
        }
    }

    /** The time until the last answered ping was answered; empty until there is one. For any thread. */
    public Optional<Duration> latency() {
        return duration(latency);
    }

    private static Optional<Duration> duration(long nanos) {
        return nanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
    }
}
