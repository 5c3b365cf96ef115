package dev.weft.bench.scaling;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts accesses to memory, by platform thread, object and place in the code. Woven code calls it, including the JDK's, so it
 * is on the boot class path and uses nothing that may be woven, only arrays and the current carrier thread. Each thread counts
 * in its own table, so nothing is shared and nothing waits.
 */
public final class Accesses {
    private static final int MOST_THREADS = 1 << 16;
    private static final int LINE_SHIFT = 6;
    /** The size of an array element that is a reference, with compressed pointers, and the offset of the first element. */
    private static final int REFERENCE_SHIFT = 2;
    private static final int ARRAY_BASE = 16;

    private static final MethodHandle CARRIER;

    static {
        try {
            CARRIER = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup()).findStatic(Thread.class,
                    "currentCarrierThread", MethodType.methodType(Thread.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final Table[] BY_THREAD = new Table[MOST_THREADS];
    private static volatile boolean counting;

    private Accesses() {}

    /** Whether accesses are counted from now on. */
    public static void counting(boolean now) {
        counting = now;
    }

    /**
     * Gives these threads empty tables; accesses by other threads are not counted. Do not call it while accesses are counted.
     */
    public static void register(List<Thread> threads, int loopRows, int otherRows) {
        for (Thread thread : threads) {
            int rows = thread.getName().startsWith("weft-loop-") ? loopRows : otherRows;
            BY_THREAD[(int) thread.threadId()] = new Table(thread.getName(), rows);
        }
    }

    /** The counts. Do not call it while accesses are counted. */
    public static List<Table> tables() {
        List<Table> tables = new ArrayList<>();
        for (Table table : BY_THREAD) {
            if (table != null) {
                tables.add(table);
            }
        }
        return tables;
    }

    /** For woven code: an access to this object. */
    public static void at(Object target, int site) {
        if (counting && target != null) {
            count(target, 0, site);
        }
    }

    /** For woven code: an access at this offset, which matters in an array. */
    public static void atOffset(Object target, long offset, int site) {
        if (counting && target != null) {
            count(target, target.getClass().isArray() ? (int) (offset >> LINE_SHIFT) : 0, site);
        }
    }

    /** For woven code: an access to an element of an array. */
    public static void atIndex(Object array, int index, int site) {
        if (counting && array != null) {
            int offset = array instanceof byte[] ? index : index << REFERENCE_SHIFT;
            count(array, ARRAY_BASE + offset >> LINE_SHIFT, site);
        }
    }

    private static void count(Object target, int line, int site) {
        Table table = table();
        if (table != null) {
            table.add(target, line, site);
        }
    }

    private static Table table() {
        Thread carrier;
        try {
            carrier = (Thread) CARRIER.invokeExact();
        } catch (Throwable e) {
            return null;
        }
        long id = carrier.threadId();
        return id < MOST_THREADS ? BY_THREAD[(int) id] : null;
    }

    /** The accesses of one thread: a hash table with open addressing. */
    public static final class Table {
        private static final int TRIES = 256;
        private static final long MIX = 0x9E3779B97F4A7C15L;

        private final String thread;
        private final long[] keys;
        private final int[] counts;
        private final Class<?>[] types;
        private long lost;

        private Table(String thread, int rows) {
            this.thread = thread;
            this.keys = new long[rows];
            this.counts = new int[rows];
            this.types = new Class<?>[rows];
        }

        private void add(Object target, int line, int site) {
            long key = (long) System.identityHashCode(target) << 32 | (line & 0xffffL) << 16 | site;
            int mask = keys.length - 1;
            int at = (int) (key * MIX >>> 32) & mask;
            for (int i = 0; i < TRIES; i++) {
                if (keys[at] == key) {
                    counts[at]++;
                    return;
                }
                if (keys[at] == 0) {
                    keys[at] = key;
                    types[at] = target.getClass();
                    counts[at] = 1;
                    return;
                }
                at = at + 1 & mask;
            }
            lost++;
        }

        /** The name of the thread. */
        public String thread() {
            return thread;
        }

        /** The number of accesses that found no row. */
        public long lost() {
            return lost;
        }

        /** Passes every row to the consumer. */
        public void forEach(Row row) {
            for (int i = 0; i < keys.length; i++) {
                if (keys[i] != 0) {
                    row.accept((int) (keys[i] >>> 32), (int) (keys[i] >>> 16) & 0xffff, (int) keys[i] & 0xffff,
                            types[i], counts[i]);
                }
            }
        }
    }

    /** Receives rows. */
    @FunctionalInterface
    public interface Row {
        /**
         * Receives one row.
         *
         * @param identity the object's hash code
         * @param line     which 64 bytes of an array, else 0
         * @param site     the place in the code
         * @param count    the number of accesses
         */
        void accept(int identity, int line, int site, Class<?> type, int count);
    }
}
