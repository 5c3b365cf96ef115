package dev.weft.internal.send;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;

/**
 * The messages of an outbox and the Close frame after them, in the order in which they are sent.
 * <pre>
 *   pushed, newest first ── takeOver: taken whole, reversed ──▶ taken over, oldest first ── claim ──▶ claimed ── remove ──▶
 *                                                                        └──── drop ────▶
 * </pre>
 * <ul>
 * <li>A producer pushes an entry by one compare-and-set. The Close frame is pushed in the same way and ends the list: anything
 * after it is refused. So an accepted message is always before the Close frame, and all threads see the same order.
 * <li>The list that was taken over belongs to the thread that has {@link #taking}. The consumer has it to take over, claim and
 * remove; a producer has it only to drop or to replace a message. It is held for a few steps, and nothing waits under it. No
 * other lock is taken under it.
 * <li>Only the consumer builds frames, and only of the entry that it has claimed, which is neither dropped nor replaced. So a
 * dropped message has left no trace in a frame or in the compressor's window.
 * </ul>
 */
final class OutboxList {
    private static final AtomicReferenceFieldUpdater<OutboxList, OutboxEntry> NEWEST = AtomicReferenceFieldUpdater
            .newUpdater(OutboxList.class, OutboxEntry.class, "newest");

    /** The list's state while its Close frame is taken over and not yet removed: nothing is accepted any more. */
    private static final OutboxEntry ENDING = OutboxEntry.close(null, 0);
    /** The list's state after that: nothing is accepted any more, and nothing waits. */
    private static final OutboxEntry ENDED = OutboxEntry.close(null, 0);

    private final ReentrantLock taking = new ReentrantLock();
    private volatile OutboxEntry newest;
    /** Whether entries are on neither list, because they are being taken over. */
    private volatile boolean moving;
    /** The entries that were taken over. Any thread may see whether there is one. */
    private volatile OutboxEntry oldest;
    /** The last of those. */
    private OutboxEntry youngest;
    /** The oldest, if the consumer builds its frame. */
    private OutboxEntry claimed;
    /** The entries with a key that are not claimed and not before a fence, by key; {@code null} if there are none. */
    private Map<Object, OutboxEntry> keyed;

    // Producers.

    /** Adds an entry; returns false if the list has ended. */
    boolean push(OutboxEntry entry) {
        OutboxEntry before;
        do {
            before = newest;
            if (before != null && before.isClose()) {
                return false;
            }
            entry.next = before;
        } while (!NEWEST.compareAndSet(this, before, entry));
        return true;
    }

    /**
     * Replaces the message that waits with the same key, if there is one, and it may grow by the number of bytes that the
     * latest one is longer.
     *
     * @return the number of bytes by which the latest one is shorter, or 0; -1 if nothing was replaced
     */
    long replace(OutboxEntry latest, LongPredicate mayGrow) {
        taking.lock();
        try {
            OutboxEntry waiting = waiting(latest.key());
            long more = waiting == null ? 0 : latest.bytes() - waiting.bytes();
            if (waiting == null || more > 0 && !mayGrow.test(more)) {
                return -1;
            }
            waiting.replace(latest);
            return Math.max(0, -more);
        } finally {
            taking.unlock();
        }
    }

    /**
     * Replaces the message that waits with the same key, or else adds the latest one. A {@link SendAttempt#FENCE} is added, and
     * what waits before it is no longer replaced.
     *
     * @return the number of bytes of the message that was replaced; 0 if none was; -1 if the list has ended
     */
    long replaceOrPush(OutboxEntry latest) {
        taking.lock();
        try {
            if (latest.key() == SendAttempt.FENCE) {
                keyed = null;
                return push(latest) ? 0 : -1;
            }
            OutboxEntry waiting = waiting(latest.key());
            if (waiting != null) {
                long bytes = waiting.bytes();
                waiting.replace(latest);
                return bytes;
            }
            if (keyed == null) {
                keyed = new HashMap<>();
            }
            // First, because the key's methods may throw: then nothing has changed.
            keyed.put(latest.key(), latest);
            if (!push(latest)) {
                forget(latest);
                return -1;
            }
            return 0;
        } finally {
            taking.unlock();
        }
    }

    private OutboxEntry waiting(Object key) {
        return keyed == null ? null : keyed.get(key);
    }

    /** Drops the oldest message that is not claimed, and returns it; {@code null} if there is none. */
    OutboxEntry dropOldest() {
        taking.lock();
        try {
            append();
            OutboxEntry first = claimed == null ? oldest : claimed.next;
            if (first == null || first.isClose()) {
                return null;
            }
            // First, because the key's methods may throw: then nothing has changed.
            forget(first);
            if (claimed == null) {
                oldest = first.next;
            } else {
                claimed.next = first.next;
            }
            if (youngest == first) {
                youngest = claimed;
            }
            return first;
        } finally {
            taking.unlock();
        }
    }

    /**
     * Drops all messages that are not claimed, at once, so that none of them is sent after an older one is dropped. Leaves the
     * Close frame. Returns the chain of them.
     */
    OutboxEntry dropAll() {
        taking.lock();
        try {
            append();
            OutboxEntry first = claimed == null ? oldest : claimed.next;
            OutboxEntry last = null;
            OutboxEntry rest = first;
            while (rest != null && !rest.isClose()) {
                last = rest;
                rest = rest.next;
            }
            if (last == null) {
                return null;
            }
            last.next = null;
            if (claimed == null) {
                oldest = rest;
            } else {
                claimed.next = rest;
            }
            if (rest == null) {
                youngest = claimed;
            }
            keyed = null;
            return first;
        } finally {
            taking.unlock();
        }
    }

    /** The number of bytes of the message that is claimed. */
    long claimedBytes() {
        taking.lock();
        try {
            return claimed == null ? 0 : claimed.bytes();
        } finally {
            taking.unlock();
        }
    }

    /** Drops everything; nothing is accepted any more. Returns the number of bytes of the dropped messages. */
    long end() {
        taking.lock();
        try {
            keyed = null;
            long bytes = bytes(NEWEST.getAndSet(this, ENDED)) + bytes(oldest);
            oldest = null;
            youngest = null;
            claimed = null;
            return bytes;
        } finally {
            taking.unlock();
        }
    }

    private static long bytes(OutboxEntry first) {
        long bytes = 0;
        for (OutboxEntry each = first; each != null; each = each.next) {
            bytes += each.bytes();
        }
        return bytes;
    }

    // Questions, for any thread.

    boolean isClosed() {
        OutboxEntry last = newest;
        return last != null && last.isClose();
    }

    /** Whether a message or the Close frame waits. */
    boolean hasEntries() {
        OutboxEntry last = newest;
        // In this order: what is no longer on the first list is being moved, or on the second.
        return last != null && last != ENDED || moving || oldest != null;
    }

    /** Whether at most one message waits: the one whose frame is being built or written. */
    boolean hasAtMostOne() {
        OutboxEntry first = oldest;
        return isTaken(newest) && (first == null || first.next == null);
    }

    /** Whether the list, in this state, has no entry that must still be taken over. */
    private static boolean isTaken(OutboxEntry last) {
        return last == null || last == ENDING || last == ENDED;
    }

    // The consumer, under the sender's lock.

    /** Takes over the entries that were pushed, and puts them after those taken over before. */
    void takeOver() {
        if (isTaken(newest)) {
            return;
        }
        taking.lock();
        try {
            append();
        } finally {
            taking.unlock();
        }
    }

    private void append() {
        if (isTaken(newest)) {
            return;
        }
        moving = true;
        OutboxEntry last = takeList();
        OutboxEntry reversed = null;
        for (OutboxEntry each = last; each != null;) {
            OutboxEntry before = each.next;
            each.next = reversed;
            reversed = each;
            each = before;
        }
        if (oldest == null) {
            oldest = reversed;
        } else {
            youngest.next = reversed;
        }
        youngest = last;
        moving = false;
    }

    private OutboxEntry takeList() {
        OutboxEntry now;
        do {
            now = newest;
        } while (!NEWEST.compareAndSet(this, now, now.isClose() ? ENDING : null));
        return now;
    }

    /** The oldest entry that was taken over, or {@code null} if there is none. It may be dropped until it is claimed. */
    OutboxEntry oldest() {
        return oldest;
    }

    /** The oldest entry that was taken over, which from now on is neither dropped nor replaced; {@code null} if none is left. */
    OutboxEntry claim() {
        taking.lock();
        try {
            claimed = oldest;
            if (claimed != null) {
                forget(claimed);
            }
            return claimed;
        } finally {
            taking.unlock();
        }
    }

    private void forget(OutboxEntry entry) {
        if (entry.key() != null && keyed != null) {
            // Only this one: after a fence, a later entry may have the same key.
            keyed.remove(entry.key(), entry);
            if (keyed.isEmpty()) {
                keyed = null;
            }
        }
    }

    /** Removes the entry that is claimed. */
    void removeClaimed() {
        taking.lock();
        try {
            OutboxEntry removed = claimed;
            claimed = null;
            oldest = removed.next;
            if (oldest == null) {
                youngest = null;
            }
            if (removed.isClose()) {
                newest = ENDED;
            }
        } finally {
            taking.unlock();
        }
    }
}
