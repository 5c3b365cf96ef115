package dev.weft.internal.rate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.RateLimits;
import dev.weft.internal.rate.AddressTable.Entry;
import dev.weft.internal.rate.AddressTable.Refused;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AddressTableTest {
    private final AtomicLong now = new AtomicLong();

    private AddressTable table(int maxConnections, int maxEntries, RateLimits limits) {
        return new AddressTable(32, 64, maxConnections, maxEntries, limits, now::get);
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Entry entered(AddressTable table, String address) {
        return assertInstanceOf(Entry.class, table.enter(address(address)));
    }

    @Test
    void addressesOfOnePrefixMustCountAsOne() {
        AddressTable table = table(2, 100, RateLimits.NONE);
        entered(table, "2001:db8:1:2::1");
        entered(table, "2001:db8:1:2:ffff::1");
        assertSame(Refused.CONNECTIONS, table.enter(address("2001:db8:1:2::3")));
        assertSame(Refused.CONNECTIONS, table.check(address("2001:db8:1:2::4")));
        entered(table, "2001:db8:1:3::1");
        entered(table, "192.0.2.1");
        entered(table, "192.0.2.2");
        assertEquals(4, table.size());
    }

    @Test
    void prefixLengthsMustHoldForBothKinds() {
        AddressTable table = new AddressTable(24, 80, 1, 100, RateLimits.NONE, now::get);
        entered(table, "192.0.2.1");
        assertSame(Refused.CONNECTIONS, table.enter(address("192.0.2.255")));
        entered(table, "192.0.3.1");
        entered(table, "2001:db8::1:0:0:1");
        assertSame(Refused.CONNECTIONS, table.enter(address("2001:db8::1:0:0:2")));
        entered(table, "2001:db8::2:0:0:1");
    }

    @Test
    void entriesMustGoWhenNothingIsCounted() {
        AddressTable table = table(10, 100, RateLimits.builder().handshakes(2).build());
        Entry first = entered(table, "192.0.2.1");
        Entry second = entered(table, "192.0.2.1");
        assertSame(Refused.HANDSHAKES, table.enter(address("192.0.2.1")));
        table.leave(first);
        table.leave(second);
        assertEquals(1, table.size());
        assertSame(Refused.HANDSHAKES, table.check(address("192.0.2.1")));
        now.set(999);
        table.tidy();
        assertEquals(1, table.size());
        now.set(1000);
        table.tidy();
        assertEquals(0, table.size());
        assertNull(table.check(address("192.0.2.1")));
    }

    @Test
    void aFullTableMustNotGrowAndMustStillLimit() {
        AddressTable table = table(3, 50, RateLimits.NONE);
        List<Entry> entries = new ArrayList<>();
        int refused = 0;
        for (int i = 0; i < 10_000; i++) {
            if (table.enter(address("2001:db8:" + Integer.toHexString(i) + "::1")) instanceof Entry entry) {
                entries.add(entry);
            } else {
                refused++;
            }
        }
        assertEquals(10_000, entries.size() + refused);
        // 50 of their own, and 256 groups of at most 3.
        assertEquals(50 + 256, table.size(), 10);
        assertEquals(50 + 3 * 256, entries.size(), 30);
        entered(table, "2001:db8:1::2");
        entries.forEach(table::leave);
        assertEquals(1, table.size());
    }
}
