package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * The rates that hold for one connection: its own, those of the address for which it is counted, and those of the server. For any
 * thread, unless a method says otherwise; does not wait.
 */
public final class ConnectionRates {
    /** The maximum number of bytes that one read or write takes from a rate. */
    private static final int MOST_BYTES = 1 << 17;
    /** A rate is used in parts of a second that are no longer than one in this number. */
    private static final int PARTS = 4;

    private static final AtomicReferenceFieldUpdater<ConnectionRates, Object> COUNTED = AtomicReferenceFieldUpdater
            .newUpdater(ConnectionRates.class, Object.class, "counted");
    /** Replaces the entry of a connection that has ended. */
    private static final Object OVER = new Object();

    private final ServerRates shared;
    /** {@code null} if this connection has no rates of its own. */
    private final Rates own;

    /** The {@link AddressTable.Entry} for which this is counted, {@code null}, or {@link #OVER}. */
    private volatile Object counted;
    /** For the session's thread: the address of the entry. */
    private InetAddress countedAddress;
    /** Whether the rates of the server apply: not to trusted networks. */
    private volatile boolean exempt;
    private volatile boolean lifted;

    /** Rates of which nothing has been used, of a connection that is not counted yet. */
    ConnectionRates(ServerRates shared) {
        this.shared = shared;
        this.own = shared.newConnection();
    }

    /** Whether this is counted for that address. For the session's thread. */
    public boolean isCountedFor(InetAddress address) {
        return address.equals(countedAddress);
    }

    /** Counts this for an entry from now on, instead of another one, until it is closed. For the session's thread. */
    public void countFor(AddressTable.Entry entry, InetAddress address) {
        exempt = false;
        change(entry, address);
    }

    /** From now on, this is not counted, and the rates of addresses and of the server do not apply. */
    public void exempt() {
        exempt = true;
        change(null, null);
    }

    private void change(AddressTable.Entry entry, InetAddress address) {
        Object before = counted;
        if (before != OVER && COUNTED.compareAndSet(this, before, entry)) {
            countedAddress = address;
            leave(before);
        } else {
            leave(entry);
        }
    }

    private void leave(Object entry) {
        if (entry instanceof AddressTable.Entry left) {
            shared.addresses().leave(left);
        }
    }

    private Rates address() {
        return counted instanceof AddressTable.Entry entry ? entry.rates() : null;
    }

    private Rates total() {
        return exempt ? null : shared.total();
    }

    void take(Turn turn, long tokens) {
        turn.take(tokens, shared.now(), own, address(), total());
    }

    /** Whether nothing is owed: rates of which tokens are taken afterwards. */
    boolean isPaid(Kind kind) {
        long now = shared.now();
        return lifted || isPaid(own, kind, now) && isPaid(address(), kind, now) && isPaid(total(), kind, now);
    }

    private static boolean isPaid(Rates rates, Kind kind, long now) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        return bucket == null || bucket.isPaid(now);
    }

    /** Takes tokens for what has happened. */
    void pay(Kind kind, int tokens) {
        long now = shared.now();
        pay(own, kind, tokens, now);
        pay(address(), kind, tokens, now);
        pay(total(), kind, tokens, now);
    }

    private static void pay(Rates rates, Kind kind, int tokens, long now) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        if (bucket != null) {
            bucket.take(tokens, now);
        }
    }

    /** The number of bytes that one step takes: a part of a second's, so that no rate is exceeded for long. */
    int step(Kind kind) {
        return (int) Math.min(step(own, kind), Math.min(step(address(), kind), step(total(), kind)));
    }

    private static long step(Rates rates, Kind kind) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        return bucket == null ? MOST_BYTES : Math.clamp(bucket.perSecond() / PARTS, 1, MOST_BYTES);
    }

    boolean isDue(Turn turn) {
        return lifted || turn.isDue(shared.now());
    }

    /** The number of bytes that may be written or read now if rates allow this many. */
    int most(int allowed, int wanted) {
        return lifted ? wanted : Math.min(allowed, wanted);
    }

    /** From now on no rate applies. Returns false if that was so before. */
    boolean lift() {
        boolean first = !lifted;
        lifted = true;
        return first;
    }

    /** The connection has ended: it is no longer counted. */
    void end() {
        leave(COUNTED.getAndSet(this, OVER));
    }

    boolean isOver() {
        return counted == OVER;
    }

    /** Counts a wait. */
    void throttled(Kind kind) {
        shared.throttles().count(kind);
    }
}
