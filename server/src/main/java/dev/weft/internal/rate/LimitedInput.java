package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;

/**
 * The reading side of a {@link LimitedTransport}. Reading ahead does not wait: it finds nothing until the rates allow it, and
 * is then notified. For the thread that reads, or waits to, unless a method says otherwise.
 */
final class LimitedInput {
    private final Transport below;
    private final ConnectionRates rates;
    private final RateWait wait;
    private final Turn bytes = new Turn(Kind.RECEIVED_BYTES);
    private final Turn messages = new Turn(Kind.RECEIVED_MESSAGES);
    /** The bytes that the current turn allows; 0 if there is no turn. */
    private int readable;
    /** Whether bytes must be reported when the rates allow them to be read ahead. */
    private volatile boolean reportLater;
    private volatile Transport.UnreadListener listener;

    LimitedInput(Transport below, ConnectionRates rates) {
        this.below = below;
        this.rates = rates;
        this.wait = new RateWait(rates);
    }

    // Waiting.

    /** Pings and decompressed bytes are counted afterwards, and make the next read wait. */
    private boolean mayRead() {
        return rates.isPaid(Kind.PINGS) && rates.isPaid(Kind.INFLATED_BYTES);
    }

    private boolean mayContinue(Turn turn) {
        return mayRead() && rates.isDue(turn);
    }

    private Kind kindOf(Turn turn) {
        return !rates.isPaid(Kind.PINGS) ? Kind.PINGS : rates.isDue(turn) ? Kind.INFLATED_BYTES : turn.kind();
    }

    /** Waits for a turn, which is over at once if the wait fails. Returns false if the limit has passed. */
    private boolean await(Turn turn, TimeLimit limit) throws IOException {
        boolean due = false;
        try {
            due = mayContinue(turn);
            if (!due) {
                rates.throttled(kindOf(turn));
                below.keepArrived();
                due = wait.until(() -> mayContinue(turn), limit);
            }
            return due;
        } finally {
            if (due) {
                rates.begin(turn);
            } else {
                turn.use(0);
            }
        }
    }

    /** As {@link Transport#awaitMessage}. */
    boolean awaitMessage(TimeLimit limit) throws IOException {
        rates.take(messages, 1);
        try {
            return await(messages, limit);
        } catch (AsynchronousCloseException e) {
            // The receive that follows finds out why.
            return true;
        }
    }

    /** As {@link Transport#noMessage}. */
    void noMessage() {
        messages.use(0);
    }

    private boolean awaitTurn(TimeLimit limit) throws IOException {
        if (readable == 0) {
            readable = rates.step(Kind.RECEIVED_BYTES);
            rates.take(bytes, readable);
        }
        boolean due = false;
        try {
            due = await(bytes, limit);
            return due;
        } finally {
            if (!due) {
                readable = 0;
            }
        }
    }

    private void endTurn(int count) {
        bytes.use(Math.max(0, count));
        readable = 0;
    }

    // Reading.

    /** As {@link Transport#awaitReadable(TimeLimit)}. */
    boolean awaitReadable(TimeLimit limit) throws IOException {
        if (!below.awaitReadable(limit)) {
            return false;
        }
        awaitTurn(limit);
        return true;
    }

    /** As {@link Transport#read(ByteBuffer, TimeLimit)}. */
    int read(ByteBuffer target, TimeLimit limit) throws IOException {
        while (below.awaitReadable(limit)) {
            if (!awaitTurn(limit)) {
                return 0;
            }
            int count = readNow(target);
            if (count != 0 || limit.hasPassed()) {
                return count;
            }
        }
        // The transport below can wait only inside a read.
        if (!awaitTurn(limit)) {
            return 0;
        }
        int end = LimitedTransport.clip(target, rates.most(readable, target.remaining()));
        int count = 0;
        try {
            count = below.read(target, limit);
            return count;
        } finally {
            target.limit(end);
            endTurn(count);
        }
    }

    /** As {@link Transport#readNow}. */
    int readNow(ByteBuffer target) throws IOException {
        if (readable == 0) {
            // Without a wait before it: for the rest of what a read has found.
            return mayReadAhead() ? paid(below.readNow(target)) : 0;
        }
        int end = LimitedTransport.clip(target, rates.most(readable, target.remaining()));
        int count = 0;
        try {
            count = below.readNow(target);
            return count;
        } finally {
            target.limit(end);
            endTurn(count);
        }
    }

    /** As {@link Transport#poll}. */
    int poll(ByteBuffer target) throws IOException {
        return mayReadAhead() ? paid(below.poll(target)) : 0;
    }

    private int paid(int count) {
        if (count > 0) {
            rates.pay(Kind.RECEIVED_BYTES, count);
        }
        return count;
    }

    // Reading ahead.

    private boolean mayReadAhead() {
        return mayRead() && rates.isPaid(Kind.RECEIVED_BYTES);
    }

    /** As {@link Transport#onUnread}. */
    void onUnread(Transport.UnreadListener current) {
        listener = current;
        below.onUnread(current);
    }

    /** As {@link Transport#reportUnread}. */
    void reportUnread() {
        if (mayReadAhead()) {
            below.reportUnread();
        } else {
            wait.delay();
            reportLater = true;
        }
    }

    /** As {@link Transport#hasUnread}. For any thread. */
    boolean hasUnread() {
        return wait.isBusy() || reportLater || below.hasUnread();
    }

    /** Continues what is due. For any thread. */
    void tick() {
        wait.wake();
        Transport.UnreadListener told = listener;
        if (reportLater && told != null && mayReadAhead()) {
            reportLater = false;
            told.unread();
        }
    }

    /** Whether the peer has had to wait since the last call. For the sweeper. */
    boolean hasDelayed() {
        return wait.hasDelayed() | reportLater;
    }

    /** The transport is closed: ends a wait. For any thread. */
    void close() {
        wait.wake();
    }
}
