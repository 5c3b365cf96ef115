package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * The rates that hold for one connection: its own, those of the address for which it is counted, of its endpoint, and of the
 * server. For any thread, unless a method says otherwise; does not wait.
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
    private volatile Rates own;
    private volatile EndpointRates endpoint;

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
        this.endpoint = shared.unknownEndpoint();
        this.own = shared.newConnection(endpoint.perConnection());
    }

    /** Counts a handshake of this connection at its endpoint, unless there are too many. */
    public boolean takeHandshake(EndpointRates at) {
        return exempt || at.takeHandshake(shared.now());
    }

    /** From now on, this is a connection of that endpoint. For the session's thread. */
    public void join(EndpointRates at) {
        if (!at.perConnection().equals(endpoint.perConnection())) {
            own = shared.newConnection(at.perConnection());
        }
        endpoint = at;
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

    /** The rates of this connection at a level; {@code null} if there are none. */
    private Rates rates(Level level) {
        return switch (level) {
            case CONNECTION -> own;
            case ADDRESS -> counted instanceof AddressTable.Entry entry ? entry.rates() : null;
            case ENDPOINT -> exempt ? null : endpoint.total();
            case TOTAL -> exempt ? null : shared.total();
            case SHARE -> exempt ? null : endpoint.share();
        };
    }

    /** {@code null} if this is not limited at that level. */
    TokenBucket bucket(Level level, Kind kind) {
        Rates rates = rates(level);
        return rates == null ? null : rates.bucket(kind);
    }

    void take(Turn turn, long tokens) {
        turn.take(tokens, this, shared.now());
    }

    boolean isDue(Turn turn) {
        return lifted || turn.isDue(shared.now());
    }

    void begin(Turn turn) {
        turn.begin(shared.now());
    }

    /** Whether nothing is owed: rates of which tokens are taken afterwards. */
    boolean isPaid(Kind kind) {
        if (lifted) {
            return true;
        }
        long now = shared.now();
        for (Level level : Level.LIMITS) {
            if (!isPaid(bucket(level, kind), now)) {
                return false;
            }
        }
        TokenBucket share = bucket(Level.SHARE, kind);
        return isPaid(bucket(Level.TOTAL, kind), now) || share != null && share.isPaid(now);
    }

    private static boolean isPaid(TokenBucket bucket, long now) {
        return bucket == null || bucket.isPaid(now);
    }

    /** Takes tokens for what has happened. */
    void pay(Kind kind, int tokens) {
        long now = shared.now();
        for (Level level : Level.ALL) {
            TokenBucket bucket = bucket(level, kind);
            boolean isBorrowed = level == Level.SHARE && !isPaid(bucket, now);
            if (bucket != null && !isBorrowed) {
                bucket.take(tokens, now);
            }
        }
    }

    /** The number of bytes that one step takes: a part of a second's, so that no rate is exceeded for long. */
    int step(Kind kind) {
        long least = MOST_BYTES;
        for (Level level : Level.ALL) {
            TokenBucket bucket = bucket(level, kind);
            if (bucket != null) {
                least = Math.min(least, bucket.perSecond() / PARTS);
            }
        }
        return (int) Math.max(1, least);
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
