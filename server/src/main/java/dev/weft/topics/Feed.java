package dev.weft.topics;

import dev.weft.PreparedMessage;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one topic gets from the backplane. Messages wait here in the order of their arrival, and one virtual thread at a time
 * delivers them: it drops what the topic has already, and where something is missing, it reads the history of the broker. So
 * the backplane's own threads never wait. While the broker is away, nothing is delivered: what arrives before the backplane has
 * told its return follows what was missed. For any thread.
 * <pre>
 *          first message for a filter        first subscription by name, or a gap
 *   NONE ──────────────────────────────▶ TAIL ──────────────────────────────▶ WHOLE
 *    │ ▲                                  │                                   ▲  │
 *    │ └───── nobody wants the topic ─────┴───────────────────────────────────│──┘
 *    └──────────────────── first subscription by name ────────────────────────┘
 * </pre>
 */
final class Feed {
    /** What a topic has of the broker's history. If messages have no positions, it stays NONE. */
    private enum Copy {
        /** Nothing: its position is one of its own. */
        NONE,
        /** What was published since the first message that a filter with wildcards has brought. */
        TAIL,
        /** All that the broker has. */
        WHOLE
    }

    /** If more is waiting, messages are dropped here, and read from the history later. */
    private static final int MOST_WAITING = 10_000;
    private static final long MOST_BYTES = 16 << 20;
    private static final int MOST_RECENT = 256;
    /** Waits where something may be missing, if messages have no positions, which would show it. */
    private static final BackplaneMessage LOSS = new BackplaneMessage("", null, PreparedMessage.text(""), Instant.EPOCH,
            0, 0);

    private record Id(long publisher, long number) {}

    private final Uplink uplink;
    private final Topic topic;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Deque<BackplaneMessage> waiting = new ArrayDeque<>();
    private long waitingBytes;
    /** Where messages have positions: whether something may be missing, after which no message shows it. */
    private boolean suspect;
    /** The number of threads that bring the topic forward, or wait for that. */
    private int busy;
    /** Whether the topic is retired: nothing is delivered any more, and nothing is lost by that. */
    private boolean retired;
    /** Whether a subscription of the node that brought messages of this topic has ended since the last turn. */
    private boolean lapsed;
    /** Whether there was none left then. */
    private boolean unwanted;

    private final Worker worker = new Worker("weft-feed", this::step);

    /** Held by the thread that brings the topic forward. */
    private final ReentrantLock turn = new ReentrantLock();
    // Guarded by the turn.
    private Copy copy = Copy.NONE;
    /** The number of comparisons that have begun. Threads that wait for the turn meanwhile need no other one. */
    private volatile int comparisons;
    /** Whether the topic is up to date since the node has subscribed to it by its name. */
    private volatile boolean prepared;
    /** The offset up to which filters with wildcards have got the messages that the topic has; the largest if all of them. */
    private long filtersReached = Long.MAX_VALUE;
    /**
     * Where messages have no positions: the last ones. A message comes once for each subscription of the node that matches, one
     * shortly after the other. Empty as long as no filter with wildcards was wanted.
     */
    private final LinkedHashSet<Id> recent = new LinkedHashSet<>();
    private boolean overlapping;

    Feed(Uplink uplink, Topic topic) {
        this.uplink = uplink;
        this.topic = topic;
    }

    /** Does not wait. Returns false if the topic is retired: the message is for the next topic of this name. */
    boolean received(BackplaneMessage message) {
        lock.lock();
        try {
            if (retired) {
                return false;
            }
            int size = message.message().length();
            if (waiting.size() >= MOST_WAITING || !waiting.isEmpty() && waitingBytes + size > MOST_BYTES) {
                setSuspect();
            } else {
                waiting.add(message);
                waitingBytes += size;
            }
        } finally {
            lock.unlock();
        }
        wake();
        return true;
    }

    /**
     * Ends this, for good, if nothing waits and no thread brings the topic forward. Otherwise, what it has still to deliver
     * would come after messages for the next topic of this name, which then takes it for old. Returns whether this has ended.
     */
    boolean retire() {
        lock.lock();
        try {
            retired |= waiting.isEmpty() && !suspect && busy == 0;
            return retired;
        } finally {
            lock.unlock();
        }
    }

    /** There may be something to do. Does not wait. */
    void wake() {
        worker.wake();
    }

    /** Something may be missing after what waits. Does not wait; {@link #wake} continues. */
    void suspect() {
        lock.lock();
        try {
            setSuspect();
        } finally {
            lock.unlock();
        }
    }

    /** With the lock. */
    private void setSuspect() {
        if (retired) {
            return;
        }
        if (uplink.isPlacing()) {
            suspect = true;
        } else if (waiting.peekLast() != LOSS) {
            waiting.addLast(LOSS);
        }
    }

    /** What was taken last was not delivered to all. */
    private void failed() {
        lock.lock();
        try {
            if (uplink.isPlacing()) {
                suspect = true;
            } else if (waiting.peekFirst() != LOSS) {
                waiting.addFirst(LOSS);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isSuspect() {
        lock.lock();
        try {
            return suspect;
        } finally {
            lock.unlock();
        }
    }

    /** Delivers the next message, or compares. Returns whether there may be more to do. */
    private boolean step() {
        BackplaneMessage next;
        boolean more;
        boolean goesOn = true;
        lock.lock();
        try {
            // If the broker is away, its return continues here.
            if (uplink.isAway() || waiting.isEmpty() && !suspect) {
                return false;
            }
            next = waiting.poll();
            if (next != null) {
                waitingBytes -= next.message().length();
            }
            more = !waiting.isEmpty() && waiting.peek() != LOSS;
            busy++;
        } finally {
            lock.unlock();
        }
        try {
            if (next == null || next == LOSS || !take(next, more)) {
                uplink.compare(this::compareInTurn);
            }
        } catch (Throwable e) {
            uplink.failed(topic.name(), e);
            failed();
            // The node may not have been told yet that the broker is away, and never is if the backplane was closed.
            goesOn = uplink.isConnected();
            if (goesOn) {
                Worker.pause();
            }
        } finally {
            leave();
        }
        return goesOn;
    }

    /** Returns false if the topic is retired. */
    private boolean enter() {
        lock.lock();
        try {
            busy += retired ? 0 : 1;
            return !retired;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            busy--;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The node has subscribed to the topic by its name. Brings it up to date, unless it is retired; waits for the broker.
     *
     * @param since the position that a subscriber has reached, perhaps on a node that was faster; {@code null} if none
     */
    void prepare(@Nullable Position since) {
        boolean reaches = since == null || !uplink.isPlacing();
        // Without the turn, which another thread may hold while it waits for the broker.
        if (isPrepared() && (reaches || topic.hasReached(since))) {
            return;
        }
        if (!enter()) {
            return;
        }
        int before = comparisons;
        boolean done = false;
        turn.lock();
        try {
            lapseIfDue();
            if (!prepared) {
                begin();
                prepared = true;
            } else if (!reaches && comparisons == before && !topic.hasReached(since)) {
                compare();
            }
            done = true;
        } finally {
            turn.unlock();
            leave();
            if (!done) {
                wake();
            }
        }
    }

    /** Whether the topic has the broker's history. */
    boolean isPrepared() {
        lock.lock();
        try {
            return prepared && !lapsed;
        } finally {
            lock.unlock();
        }
    }

    /** A subscription of the node that brought messages of this topic has ended. Does not wait for the turn. */
    void lapse(BooleanSupplier wanted) {
        lock.lock();
        try {
            lapsed = true;
            if (!wanted.getAsBoolean()) {
                unwanted = true;
                // Asked with the lock: subscriptions that begin from now on want nothing of this.
                waiting.clear();
                waitingBytes = 0;
            }
        } finally {
            lock.unlock();
        }
    }

    private void lapseIfDue() {
        lock.lock();
        try {
            if (lapsed) {
                prepared = false;
                copy = unwanted ? Copy.NONE : copy;
                overlapping = true;
                lapsed = false;
                unwanted = false;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Delivers a message, unless the topic has it. Returns false if something may be missing before it. */
    private boolean take(BackplaneMessage message, boolean more) {
        turn.lock();
        try {
            lapseIfDue();
            Position position = message.place();
            if (position == null) {
                if (isNew(message)) {
                    deliver(message, more);
                }
                return true;
            }
            return copy == Copy.NONE ? takeFirst(message, position, more) : takeNext(message, position, more);
        } finally {
            turn.unlock();
        }
    }

    private boolean takeFirst(BackplaneMessage message, Position position, boolean more) {
        if (topic.hasSubscribers()) {
            // They may have missed what was before it.
            return false;
        }
        if (uplink.filters().matches(topic.levels())) {
            // A filter begins with this message.
            topic.begin(new BackplaneHistory(new Position(position.epoch(), message.previous()), List.of(), true));
            copy = Copy.TAIL;
            deliver(message, more);
        }
        return true;
    }

    private boolean takeNext(BackplaneMessage message, Position position, boolean more) {
        Position last = topic.newest();
        if (position.epoch() != last.epoch()) {
            return false;
        }
        if (position.offset() <= last.offset()) {
            if (position.offset() > filtersReached) {
                filtersReached = topic.passToFilters(message, uplink.filters());
            }
            return true;
        }
        // If the broker has nothing before it, it may have had something.
        if (message.previous() != last.offset() && (message.previous() != 0 || isSuspect())) {
            return false;
        }
        deliver(message, more);
        return true;
    }

    private boolean isNew(BackplaneMessage message) {
        overlapping |= uplink.isOverlapping();
        if (!overlapping) {
            return true;
        }
        if (!recent.add(new Id(message.publisher(), message.number()))) {
            return false;
        }
        if (recent.size() > MOST_RECENT) {
            recent.removeFirst();
        }
        return true;
    }

    /** Begins to follow the topic by its name. */
    private void begin() {
        if (!uplink.isPlacing()) {
            topic.begin(new BackplaneHistory(newLife(), List.of(), true));
            if (uplink.isAway()) {
                suspect();
            }
        } else if (copy == Copy.NONE) {
            takeOver();
        } else {
            compare();
            if (copy == Copy.TAIL && !topic.fill(uplink.read(topic.name()))) {
                // It has begun anew in the meantime.
                compare();
            }
            copy = Copy.WHOLE;
        }
    }

    private void takeOver() {
        BackplaneHistory known = uplink.read(topic.name());
        if (topic.hasSubscribers()) {
            // They have subscribed while the broker was away.
            skipTo(known.newest());
        } else if (uplink.filters().matches(topic.levels())) {
            // Filters have got none of these, but what was published just now is arriving.
            filtersReached = 0;
        }
        topic.begin(known);
        copy = Copy.WHOLE;
    }

    private void compareInTurn() {
        turn.lock();
        try {
            lapseIfDue();
            compare();
        } finally {
            turn.unlock();
        }
    }

    /** Compares the topic with the broker's history, and delivers what it has missed. If this fails, it is still to be done. */
    private void compare() {
        comparisons++;
        lock.lock();
        try {
            suspect = false;
        } finally {
            lock.unlock();
        }
        if (!uplink.isPlacing()) {
            // Something may be missing, and nobody knows what.
            skipTo(newLife());
            return;
        }
        boolean done = false;
        try {
            deliverMissed();
            done = true;
        } finally {
            if (!done) {
                suspect();
            }
        }
    }

    private void deliverMissed() {
        if (copy != Copy.NONE) {
            BackplaneHistory missed = uplink.readAfter(topic.name(), topic.newest());
            if (!missed.isComplete()) {
                skipTo(before(missed));
                copy = Copy.WHOLE;
            }
            List<BackplaneMessage> messages = missed.messages();
            for (int i = 0; i < messages.size(); i++) {
                deliver(messages.get(i), i < messages.size() - 1);
            }
        } else if (topic.hasSubscribers()) {
            takeOver();
        }
    }

    private void skipTo(Position resumed) {
        filtersReached = Long.MAX_VALUE;
        topic.skipTo(resumed, uplink.filters());
    }

    /** The position before the first message of a history. */
    static Position before(BackplaneHistory history) {
        return history.messages().isEmpty()
                ? history.newest()
                : new Position(history.newest().epoch(), history.messages().getFirst().previous());
    }

    private static Position newLife() {
        return new Position(ThreadLocalRandom.current().nextLong(), 0);
    }

    private void deliver(BackplaneMessage message, boolean more) {
        filtersReached = Long.MAX_VALUE;
        topic.receive(message, uplink.filters(), uplink.now(), more);
    }
}
