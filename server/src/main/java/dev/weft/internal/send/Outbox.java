package dev.weft.internal.send;

import dev.weft.SendResult;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * Everything that is queued to be sent, with no thread waiting for it: the accepted messages, the Close frame after them, and
 * the answers to pings.
 * <p>
 * Lock-free, in this order:
 * <ul>
 * <li>A producer reserves a message's bytes, in this connection's share and in the budget of all, and pushes the message on a
 * list, newest first, by one compare-and-set. The Close frame is pushed in the same way and ends the list: anything after it is
 * refused. So an accepted message is always before the Close frame, and all threads see the same order.
 * <li>The consumer, which holds the lock, takes the whole list by one exchange, reverses it, and works through it, oldest
 * first; entries that are pushed meanwhile wait for the next turn. A message's bytes are released when its frame is built.
 * <li>Pongs have their own list, because they may be sent between the fragments of a message. If more than 16 wait, only the
 * newest is kept (§5.5.3).
 * </ul>
 */
final class Outbox {
    private static final int MOST_PONGS = 16;
    /** Bytes that a message counts for in addition to its payload: its list entry and its frame's header. */
    private static final int OVERHEAD = 64;
    /** A connection's share of the budget: a 32nd, but at least room for an ordinary message. */
    private static final int SHARES = 32;
    private static final long LEAST_SHARE = 1 << 16;

    private static final AtomicReferenceFieldUpdater<Outbox, Entry> NEWEST = AtomicReferenceFieldUpdater
            .newUpdater(Outbox.class, Entry.class, "newest");
    private static final AtomicReferenceFieldUpdater<Outbox, Pong> PONGS = AtomicReferenceFieldUpdater
            .newUpdater(Outbox.class, Pong.class, "pongs");
    private static final AtomicLongFieldUpdater<Outbox> WAITING = AtomicLongFieldUpdater.newUpdater(Outbox.class,
            "waitingBytes");

    /** A message or the Close frame, and what was pushed before it, or, when reversed, after it. */
    static final class Entry {
        private final Opcode opcode;
        private final byte[] payload;
        private final int from;
        private final int to;
        private final SharedMessage shared;
        private Entry next;

        private Entry(Opcode opcode, byte[] payload, int from, int to) {
            this(opcode, payload, from, to, null);
        }

        private Entry(Opcode opcode, byte[] payload, int from, int to, SharedMessage shared) {
            this.opcode = opcode;
            this.payload = payload;
            this.from = from;
            this.to = to;
            this.shared = shared;
        }

        Opcode opcode() {
            return opcode;
        }

        byte[] payload() {
            return payload;
        }

        int from() {
            return from;
        }

        int to() {
            return to;
        }

        /** The message if it is for several connections, else {@code null}. */
        SharedMessage shared() {
            return shared;
        }

        boolean isClose() {
            return opcode == Opcode.CLOSE;
        }
    }

    /** A pong, those before it, and their number. */
    record Pong(byte[] payload, Pong before, int count) {}

    /** The list's state while its Close frame is taken over and not yet removed: nothing is accepted any more. */
    private static final Entry ENDING = new Entry(Opcode.CLOSE, null, 0, 0);
    /** The list's state after that: nothing is accepted any more, and nothing waits. */
    private static final Entry ENDED = new Entry(Opcode.CLOSE, null, 0, 0);

    /** An outbox that is always empty; a connection gets its own when something has to wait. */
    static final Outbox NONE = new Outbox(null);

    private final SendServices services;
    private volatile Entry newest;
    private volatile Pong pongs;
    private volatile long waitingBytes;
    /**
     * The entries that were taken over: the reversed list. Changed by the consumer; any thread may see whether there is one.
     */
    private volatile Entry oldest;

    Outbox(SendServices services) {
        this.services = services;
    }

    /**
     * Accepts a message, or returns why it was refused.
     *
     * @param shared  whose bytes these are, or {@code null} if they are of this connection alone
     * @param copied  whether the array is the caller's, so that its bytes are copied
     * @param keepsUp whether the peer has taken everything so far: then the message is accepted even if the budget is spent,
     *                since the bytes wait only for a thread
     */
    SendResult offer(Opcode opcode, byte[] payload, int from, int to, SharedMessage shared, boolean copied,
            boolean keepsUp) {
        long bytes = bytes(from, to);
        if (isClosed()) {
            return SendResult.CLOSED;
        }
        if (!reserve(bytes)) {
            return SendResult.PEER_BEHIND;
        }
        if (keepsUp) {
            budget().takeRegardless(bytes);
        } else if (!budget().take(bytes)) {
            WAITING.getAndAdd(this, -bytes);
            return SendResult.SERVER_FULL;
        }
        boolean accepted = false;
        try {
            Entry entry = copied
                    ? new Entry(opcode, Arrays.copyOfRange(payload, from, to), 0, to - from)
                    : new Entry(opcode, payload, from, to, shared);
            accepted = push(entry);
            return accepted ? SendResult.ACCEPTED : SendResult.CLOSED;
        } finally {
            if (!accepted) {
                giveBack(bytes);
            }
        }
    }

    private boolean reserve(long bytes) {
        long most = Math.min(services.limits().maxQueuedSize(), Math.max(budget().limit() / SHARES, LEAST_SHARE));
        long now;
        do {
            now = waitingBytes;
            if (now != 0 && now + bytes > most) {
                return false;
            }
        } while (!WAITING.compareAndSet(this, now, now + bytes));
        return true;
    }

    private void giveBack(long bytes) {
        WAITING.getAndAdd(this, -bytes);
        budget().giveBack(bytes);
    }

    private BufferBudget budget() {
        return services.pool().budget();
    }

    private static long bytes(int from, int to) {
        return (long) to - from + OVERHEAD;
    }

    /** Ends the list with our Close frame. For the caller that has claimed it. */
    void close(byte[] payload) {
        push(new Entry(Opcode.CLOSE, payload, 0, payload.length));
    }

    private boolean push(Entry entry) {
        Entry before;
        do {
            before = newest;
            if (before != null && before.isClose()) {
                return false;
            }
            entry.next = before;
        } while (!NEWEST.compareAndSet(this, before, entry));
        return true;
    }

    private boolean isClosed() {
        Entry last = newest;
        return last != null && last.isClose();
    }

    /** Adds the answer to a ping. */
    void pong(byte[] payload) {
        Pong before;
        Pong pong;
        do {
            before = pongs;
            pong = before == null || before.count == MOST_PONGS
                    ? new Pong(payload, null, 1)
                    : new Pong(payload, before, before.count + 1);
        } while (!PONGS.compareAndSet(this, before, pong));
    }

    /** Whether a pong waits. */
    boolean hasPongs() {
        return pongs != null;
    }

    /** Whether a message or the Close frame waits. For any thread. */
    boolean hasEntries() {
        Entry last = newest;
        return last != null && last != ENDED || oldest != null;
    }

    /** Whether at most one message waits: the one whose frame is being built or written. For any thread. */
    boolean hasAtMostOneEntry() {
        Entry first = oldest;
        return isTaken(newest) && (first == null || first.next == null);
    }

    /** Whether anything waits that may be sent now. For any thread. */
    boolean isWaiting(boolean streaming) {
        return pongs != null || (!streaming || isClosed()) && hasEntries();
    }

    /** Bytes of messages that wait, counted. For any thread. */
    long waitingBytes() {
        return waitingBytes;
    }

    // The consumer, under the lock.

    /** Takes the pongs, the newest first. */
    Pong takePongs() {
        return pongs == null ? null : PONGS.getAndSet(this, null);
    }

    /** Takes over the entries that were pushed, and puts them after those taken over before. */
    void takeOver() {
        if (isTaken(newest)) {
            return;
        }
        Entry reversed = null;
        for (Entry each = takeList(); each != null;) {
            Entry before = each.next;
            each.next = reversed;
            reversed = each;
            each = before;
        }
        if (oldest == null) {
            oldest = reversed;
        } else {
            Entry last = oldest;
            while (last.next != null) {
                last = last.next;
            }
            last.next = reversed;
        }
    }

    /** The oldest entry that was taken over, or {@code null} if there is none. */
    Entry oldest() {
        return oldest;
    }

    /** Whether the list, in this state, has no entry that must still be taken over. */
    private static boolean isTaken(Entry last) {
        return last == null || last == ENDING || last == ENDED;
    }

    private Entry takeList() {
        Entry now;
        do {
            now = newest;
        } while (now != null && !NEWEST.compareAndSet(this, now, now.isClose() ? ENDING : null));
        return now;
    }

    /** Removes the oldest entry, whose frame is built or which is dropped. */
    void remove() {
        Entry removed = oldest;
        oldest = removed.next;
        if (removed.isClose()) {
            newest = ENDED;
        } else {
            giveBack(bytes(removed.from, removed.to));
        }
    }

    /** Drops the entries that were pushed and not yet taken over, except a Close frame. For any thread. */
    void dropNewest() {
        Entry now;
        Entry kept;
        do {
            now = newest;
            if (isTaken(now)) {
                return;
            }
            kept = now.isClose() ? new Entry(Opcode.CLOSE, now.payload, 0, now.to) : null;
        } while (!NEWEST.compareAndSet(this, now, kept));
        giveBackAll(now);
    }

    /** Drops everything; nothing is accepted any more. Called when the connection has ended. */
    void end() {
        if (this == NONE) {
            return;
        }
        pongs = null;
        giveBackAll(NEWEST.getAndSet(this, ENDED));
        giveBackAll(oldest);
        oldest = null;
    }

    private void giveBackAll(Entry first) {
        for (Entry each = first; each != null; each = each.next) {
            if (!each.isClose()) {
                giveBack(bytes(each.from, each.to));
            }
        }
    }
}
