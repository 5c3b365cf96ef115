package dev.weft.internal.send;

import dev.weft.OverflowPolicy;
import dev.weft.SendResult;
import dev.weft.internal.buffer.BufferBudget;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;

/**
 * Everything that is queued to be sent, with no thread waiting for it: the accepted messages, the Close frame after them, and
 * the answers to pings.
 * <ul>
 * <li>A producer reserves a message's bytes, in this connection's share and in the budget of all, and adds the message to the
 * {@link OutboxList}. If there is no room, the connection's {@link OverflowPolicy} decides. If the policy drops the oldest
 * messages, their bytes are transferred to the new message, so that no other connection can take them meanwhile.
 * <li>The consumer, which holds the sender's lock, works through the list. A message's bytes are released when its frame is
 * built.
 * <li>Pongs have their own lock-free list, because they may be sent between the fragments of a message. If more than 16 wait,
 * only the newest is kept (§5.5.3).
 * <li>Actions that wait until the queue has drained are on a third lock-free list. A thread that adds one then checks the bytes,
 * and a thread that releases bytes then checks the list: so none is forgotten. The list is taken whole by one
 * exchange: so none runs twice.
 * </ul>
 */
final class Outbox {
    private static final int MOST_PONGS = 16;
    /** A connection's share of the budget: a 32nd, but at least room for an ordinary message. */
    private static final int SHARES = 32;
    private static final long LEAST_SHARE = 1 << 16;

    private static final AtomicReferenceFieldUpdater<Outbox, Pong> PONGS = AtomicReferenceFieldUpdater
            .newUpdater(Outbox.class, Pong.class, "pongs");
    private static final AtomicLongFieldUpdater<Outbox> WAITING = AtomicLongFieldUpdater.newUpdater(Outbox.class,
            "waitingBytes");
    private static final AtomicLongFieldUpdater<Outbox> DROPPED = AtomicLongFieldUpdater.newUpdater(Outbox.class,
            "dropped");
    private static final AtomicLongFieldUpdater<Outbox> REPLACED = AtomicLongFieldUpdater.newUpdater(Outbox.class,
            "replaced");
    private static final AtomicReferenceFieldUpdater<Outbox, Drained> DRAINED = AtomicReferenceFieldUpdater
            .newUpdater(Outbox.class, Drained.class, "drained");

    /** A pong, those before it, and their number. */
    record Pong(byte[] payload, Pong before, int count) {}

    /** An action that waits until the queue has drained, and those before it. */
    private final class Drained implements Consumer<Throwable> {
        private final Runnable action;
        private Drained before;

        Drained(Runnable action) {
            this.action = action;
        }

        /** Without memory for a thread, the action waits until bytes are released again. */
        @Override
        public void accept(Throwable failure) {
            add(this);
        }
    }

    /** An outbox that is always empty; a connection gets its own when something has to wait. */
    static final Outbox NONE = new Outbox(null);

    private final SendServices services;
    private final OutboxList list = new OutboxList();
    private volatile Pong pongs;
    private volatile long waitingBytes;
    private volatile Drained drained;
    private volatile long dropped;
    private volatile long replaced;
    /** The connection's own policy; {@code null} for that of its endpoint. */
    private volatile OverflowPolicy policy;

    Outbox(SendServices services) {
        this.services = services;
    }

    /** The messages and the Close frame. */
    OutboxList list() {
        return list;
    }

    // Producers.

    /**
     * Accepts a message, or returns why it was refused.
     *
     * @param copied  whether the array is the caller's, so that its bytes are copied
     * @param keepsUp whether the peer has taken everything so far: then the message is accepted even if the budget is spent,
     *                since the bytes wait only for a thread
     */
    SendResult offer(OutboxEntry entry, boolean copied, boolean keepsUp) {
        if (list.isClosed()) {
            return SendResult.CLOSED;
        }
        return entry.key() == null ? offerNext(entry, copied, keepsUp) : offerLatest(entry, copied, keepsUp);
    }

    private SendResult offerNext(OutboxEntry entry, boolean copied, boolean keepsUp) {
        SendResult result = reserve(entry.bytes(), keepsUp);
        if (!result.isAccepted()) {
            return result;
        }
        boolean accepted = false;
        try {
            if (copied) {
                entry.copyPayload();
            }
            accepted = list.push(entry);
            return accepted ? result : SendResult.CLOSED;
        } finally {
            if (!accepted) {
                giveBack(entry.bytes());
            }
        }
    }

    /** The latest message takes the place of the one that waits with the same key, or else the last place. */
    private SendResult offerLatest(OutboxEntry latest, boolean copied, boolean keepsUp) {
        if (copied) {
            latest.copyPayload();
        }
        long released = list.replace(latest, more -> tryReserve(more, keepsUp, false).isAccepted());
        if (released >= 0) {
            countReplaced();
            giveBack(released);
            return SendResult.ACCEPTED;
        }
        // Not under the list's lock, since this may evict another connection.
        SendResult result = reserve(latest.bytes(), keepsUp);
        return result.isAccepted() ? replaceOrPush(latest, result) : result;
    }

    private SendResult replaceOrPush(OutboxEntry latest, SendResult result) {
        long released = latest.bytes();
        try {
            long replacedBytes = list.replaceOrPush(latest);
            if (replacedBytes < 0) {
                return SendResult.CLOSED;
            }
            if (replacedBytes > 0) {
                countReplaced();
            }
            released = replacedBytes;
            return result;
        } finally {
            giveBack(released);
        }
    }

    /** Reserves bytes for a message, or applies the policy. */
    private SendResult reserve(long bytes, boolean keepsUp) {
        SendResult result = tryReserve(bytes, keepsUp, true);
        if (result.isAccepted()) {
            return result;
        }
        return switch (policy().action()) {
            case DROP_OLDEST -> dropOldestFor(bytes, keepsUp, result);
            case DROP_NEWEST -> {
                if (result == SendResult.PEER_BEHIND) {
                    countDropped();
                    result = SendResult.DROPPED;
                }
                yield result;
            }
            case REFUSE, DISCONNECT -> result;
        };
    }

    /** @param relieved whether another connection may be evicted */
    private SendResult tryReserve(long bytes, boolean keepsUp, boolean relieved) {
        if (!reserveShare(bytes)) {
            return SendResult.PEER_BEHIND;
        }
        boolean taken = false;
        try {
            if (keepsUp) {
                budget().takeRegardless(bytes);
                taken = true;
            } else {
                taken = relieved ? budget().take(bytes) : budget().takeWithoutRelief(bytes);
            }
        } finally {
            // Also if there was no memory to evict a connection.
            if (!taken) {
                WAITING.getAndAdd(this, -bytes);
            }
        }
        return taken ? SendResult.ACCEPTED : SendResult.SERVER_FULL;
    }

    private boolean reserveShare(long bytes) {
        long most = share();
        long now;
        do {
            now = waitingBytes;
            if (now != 0 && now + bytes > most) {
                return false;
            }
        } while (!WAITING.compareAndSet(this, now, now + bytes));
        return true;
    }

    private long share() {
        return Math.min(services.limits().maxQueuedSize(), Math.max(budget().limit() / SHARES, LEAST_SHARE));
    }

    /** Drops the oldest messages until there is room for a new one; none if there would be no room even then. */
    private SendResult dropOldestFor(long bytes, boolean keepsUp, SendResult refusal) {
        long fixed = list.claimedBytes();
        if (fixed != 0 && fixed + bytes > share()
                || refusal == SendResult.SERVER_FULL && waitingBytes - fixed < bytes) {
            return refusal;
        }
        long freed = 0;
        boolean reserved = reserveShare(bytes);
        boolean taken = false;
        try {
            taken = reserved && takeRest(bytes, keepsUp);
            OutboxEntry oldest;
            while (!taken && (oldest = list.dropOldest()) != null) {
                countDropped();
                WAITING.getAndAdd(this, -oldest.bytes());
                freed += oldest.bytes();
                reserved = reserved || reserveShare(bytes);
                taken = reserved && takeRest(bytes - freed, keepsUp);
            }
            if (!taken) {
                // The consumer has emptied the list meanwhile, or other threads have taken the room.
                reserved = reserved || reserveShare(bytes);
                taken = reserved && takeRest(bytes - freed, keepsUp);
            }
        } finally {
            // Also if the methods of a key have thrown.
            giveBack(reserved && !taken ? bytes : 0, taken ? Math.max(0, freed - bytes) : freed);
        }
        if (!taken) {
            return refusal;
        }
        return freed == 0 ? SendResult.ACCEPTED : SendResult.DROPPED_OLDER;
    }

    private boolean takeRest(long bytes, boolean regardless) {
        if (bytes > 0 && regardless) {
            budget().takeRegardless(bytes);
        }
        return bytes <= 0 || regardless || budget().takeWithoutRelief(bytes);
    }

    private void countDropped() {
        DROPPED.getAndIncrement(this);
        services.pool().traffic().dropped();
    }

    private void countReplaced() {
        REPLACED.getAndIncrement(this);
        services.pool().traffic().replaced();
    }

    private void giveBack(long bytes) {
        giveBack(bytes, bytes);
    }

    private void giveBack(long share, long ofBudget) {
        if (share != 0) {
            WAITING.getAndAdd(this, -share);
        }
        if (ofBudget != 0) {
            budget().giveBack(ofBudget);
        }
        if (drained != null && hasDrained()) {
            runDrained();
        }
    }

    private BufferBudget budget() {
        return services.pool().budget();
    }

    /** Ends the list with our Close frame. For the caller that has claimed it. */
    void close(byte[] payload) {
        list.push(OutboxEntry.close(payload, payload.length));
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

    /** Drops the messages that wait, except the one whose frame is being built, and leaves the Close frame. */
    void dropMessages(boolean counted) {
        if (this == NONE) {
            return;
        }
        long bytes = 0;
        for (OutboxEntry each = list.dropAll(); each != null; each = each.next) {
            bytes += each.bytes();
            if (counted) {
                countDropped();
            }
        }
        giveBack(bytes);
    }

    // The policy and the callback.

    /** What happens to a message for which there is no room. */
    OverflowPolicy policy() {
        OverflowPolicy own = policy;
        return own == null ? services.limits().overflowPolicy() : own;
    }

    /** Sets the policy of this connection. */
    void policy(OverflowPolicy value) {
        policy = value;
    }

    /** Runs an action once, on its own thread, when the queue has drained; at once if it has. */
    void onDrained(Runnable action) {
        add(new Drained(action));
        if (hasDrained()) {
            runDrained();
        }
    }

    private void add(Drained waiting) {
        do {
            waiting.before = drained;
        } while (!DRAINED.compareAndSet(this, waiting.before, waiting));
    }

    private boolean hasDrained() {
        return waitingBytes <= Math.min(services.limits().queueLowWaterMark(), share() / 2);
    }

    private void runDrained() {
        Drained each = DRAINED.getAndSet(this, null);
        while (each != null) {
            // Read before the action can be put on the list again.
            Drained next = each.before;
            services.timer().startThread(each.action, each);
            each = next;
        }
    }

    // Questions, for any thread.

    /** Whether a pong waits. */
    boolean hasPongs() {
        return pongs != null;
    }

    /** Whether a message or the Close frame waits. */
    boolean hasEntries() {
        return list.hasEntries();
    }

    /** Whether anything waits that may be sent now. */
    boolean isWaiting(boolean streaming) {
        return pongs != null || (!streaming || list.isClosed()) && list.hasEntries();
    }

    /** Bytes of messages that wait, counted. */
    long waitingBytes() {
        return waitingBytes;
    }

    /** The number of messages that the policy has dropped. */
    long dropped() {
        return dropped;
    }

    /** The number of messages that a later one with the same key has replaced. */
    long replaced() {
        return replaced;
    }

    // The consumer, under the lock.

    /** Takes the pongs, the newest first. */
    Pong takePongs() {
        return pongs == null ? null : PONGS.getAndSet(this, null);
    }

    /** Removes the entry that is claimed: its frame is built, or it is dropped. */
    void remove(OutboxEntry claimed) {
        list.removeClaimed();
        giveBack(claimed.bytes());
    }

    /** Drops everything; nothing is accepted any more. Called when the connection has ended. */
    void end() {
        if (this == NONE) {
            return;
        }
        pongs = null;
        giveBack(list.end());
    }
}
