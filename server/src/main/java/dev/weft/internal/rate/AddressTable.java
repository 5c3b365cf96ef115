package dev.weft.internal.rate;

import dev.weft.RateLimits;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Counts connections and rates by address; addresses that begin alike count as one. An address has an entry while it has
 * connections, and until its rates have recovered, a second or two. When the table is full, further addresses share a fixed
 * number of entries: memory is bounded however many addresses an attacker has. For any thread; does not wait.
 */
public final class AddressTable {
    /** The number of entries that addresses share when the table is full. */
    private static final int SHARED = 256;

    /** Two addresses with the same prefix have the same key; an IPv4 address is written as the IPv6 address that maps it. */
    private record Key(long high, long low) {
        /** Unknown to attackers, who could otherwise choose addresses with equal hash codes. */
        private static final long SECRET = new SecureRandom().nextLong() | 1;

        @Override
        public int hashCode() {
            long mixed = (high ^ SECRET) * 0x9e3779b97f4a7c15L;
            return (int) (((mixed ^ mixed >>> 32) + low) * SECRET >>> 32);
        }
    }

    /** What came of a connection. */
    public sealed interface Outcome permits Entry, Refused {}

    /** One address, or several that share an entry. */
    public static final class Entry implements Outcome {
        private final Key key;
        private final Rates rates;
        /** Changed only within {@link Map#compute} for the key. */
        private int connections;

        private Entry(Key key, Rates rates) {
            this.key = key;
            this.rates = rates;
        }

        /** The rates of the address. */
        public Rates rates() {
            return rates;
        }
    }

    /** Why a connection was not counted. */
    public enum Refused implements Outcome {
        /** The address has as many connections as it may. */
        CONNECTIONS,
        /** The address begins too many connections. */
        HANDSHAKES
    }

    private final int ipv4Prefix;
    private final int ipv6Prefix;
    private final int maxConnections;
    private final int maxEntries;
    private final RateLimits limits;
    private final LongSupplier clock;
    private final Map<Key, Entry> entries = new ConcurrentHashMap<>();

    /**
     * An empty table.
     *
     * @param ipv4Prefix the number of bits in which two IPv4 addresses must agree to count as one
     * @param ipv6Prefix the same for IPv6 addresses
     * @param maxEntries the number of addresses from which on further ones share entries
     * @param clock      the elapsed milliseconds
     */
    public AddressTable(int ipv4Prefix, int ipv6Prefix, int maxConnections, int maxEntries, RateLimits limits,
            LongSupplier clock) {
        this.ipv4Prefix = ipv4Prefix;
        this.ipv6Prefix = ipv6Prefix;
        this.maxConnections = maxConnections;
        this.maxEntries = maxEntries;
        this.limits = limits;
        this.clock = clock;
    }

    /** Why a connection of this address would be refused now; {@code null} if it would not. Counts nothing. */
    public Refused check(InetAddress address) {
        Entry present = entries.get(key(address));
        if (present == null) {
            return null;
        }
        if (present.connections >= maxConnections) {
            return Refused.CONNECTIONS;
        }
        return present.rates.hasHandshake(clock.getAsLong()) ? null : Refused.HANDSHAKES;
    }

    /** Counts a connection of this address, whose entry must be {@linkplain #leave left} once, or refuses it. */
    public Outcome enter(InetAddress address) {
        Outcome[] outcome = new Outcome[1];
        long now = clock.getAsLong();
        entries.compute(key(address), (key, present) -> {
            Entry entry = present == null ? new Entry(key, new Rates(limits, now)) : present;
            if (entry.connections >= maxConnections) {
                outcome[0] = Refused.CONNECTIONS;
            } else if (!entry.rates.takeHandshake(now)) {
                outcome[0] = Refused.HANDSHAKES;
            } else {
                entry.connections++;
                outcome[0] = entry;
            }
            return entry;
        });
        return outcome[0];
    }

    /** A connection that was counted has ended, or has another address now. */
    public void leave(Entry entry) {
        long now = clock.getAsLong();
        entries.computeIfPresent(entry.key, (key, present) -> {
            present.connections--;
            return isUnused(present, now) ? null : present;
        });
    }

    private static boolean isUnused(Entry entry, long now) {
        return entry.connections == 0 && entry.rates.isIdle(now);
    }

    /** Removes the entries of addresses for which nothing is counted any more. To be called from time to time. */
    public void tidy() {
        long now = clock.getAsLong();
        for (Entry entry : entries.values()) {
            if (isUnused(entry, now)) {
                entries.computeIfPresent(entry.key, (key, present) -> isUnused(present, now) ? null : present);
            }
        }
    }

    /** The number of entries. */
    public int size() {
        return entries.size();
    }

    private Key key(InetAddress address) {
        Key own = keyOf(address);
        if (entries.size() < maxEntries || entries.containsKey(own)) {
            return own;
        }
        // No address has a key like this: the first 64 bits of a mapped IPv4 address are 0.
        return new Key(-1, -1 - (own.hashCode() & 0x7fffffff) % SHARED);
    }

    private Key keyOf(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4
                ? new Key(0, 0xffff_0000_0000L | number(bytes, 0, 4) & -1L << 32 - ipv4Prefix & 0xffff_ffffL)
                : new Key(number(bytes, 0, 8) & mask(ipv6Prefix), number(bytes, 8, 16) & mask(ipv6Prefix - 64));
    }

    private static long mask(int bits) {
        return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
    }

    private static long number(byte[] bytes, int from, int to) {
        long number = 0;
        for (int i = from; i < to; i++) {
            number = number << 8 | bytes[i] & 0xff;
        }
        return number;
    }
}
