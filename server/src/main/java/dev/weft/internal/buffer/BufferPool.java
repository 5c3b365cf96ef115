package dev.weft.internal.buffer;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Buffers of a few sizes, each lent only while it holds bytes. Lock-free, for any thread. A few of each size are kept for the
 * next borrower; when more are returned, the garbage collector frees them. A borrowed buffer is cleared but not wiped: its
 * borrower reads only what it wrote.
 * <p>
 * The smallest size is requested most often. Each further size has room for eight times as many bytes of payload and a frame's
 * header, so that messages of round sizes fit. Buffers larger than the largest size are not worth keeping.
 * <p>
 * A thread that runs at one of several places, such as a loop, passes its place: buffers of the smallest size are kept for each
 * place. So processing a message accesses no memory that all loops share, and a buffer stays in the cache of the core that used
 * it last.
 */
public final class BufferPool {
    private static final int GROWTH = 8;
    private static final int LARGEST = 1 << 20;
    /** Room for the header of a frame whose payload has the given size (RFC 6455 §5.2). */
    private static final int HEADER_ROOM = 14;
    /**
     * Few of the smallest size, because a buffer is lent only for microseconds, and fewer of the larger sizes; powers of two.
     */
    private static final int[] SLOTS = {64, 16, 4};
    /**
     * Only one thread runs at a place at a time, and it seldom has more than two buffers, unless handlers hold some while they
     * wait.
     */
    private static final int SLOTS_OF_PLACE = 8;
    /** Instead of a place. */
    private static final int NOWHERE = -1;

    private final BufferBudget budget;
    private final Shelf smallest;
    private final Shelf[] shelves;
    private final Place[] places;
    private final Traffic traffic;

    /**
     * A pool that counts what it lends against the budget.
     *
     * @param bufferSize the smallest size, in bytes
     */
    public BufferPool(int bufferSize, BufferBudget budget) {
        this(bufferSize, budget, 0);
    }

    /**
     * Like {@link #BufferPool(int, BufferBudget)}, for threads that run at places.
     *
     * @param places the number of places
     */
    public BufferPool(int bufferSize, BufferBudget budget, int places) {
        this.budget = budget;
        this.smallest = new Shelf(bufferSize, SLOTS[0], true);
        this.traffic = new Traffic(places);
        this.places = new Place[places];
        for (int i = 0; i < places; i++) {
            this.places[i] = new Place(budget.newShare((long) SLOTS_OF_PLACE * bufferSize),
                    new Shelf(bufferSize, SLOTS_OF_PLACE, false));
        }
        int sizes = 1;
        while (sizes < SLOTS.length && payload(bufferSize, sizes) <= LARGEST) {
            sizes++;
        }
        this.shelves = new Shelf[sizes];
        shelves[0] = smallest;
        for (int i = 1; i < sizes; i++) {
            shelves[i] = new Shelf((int) payload(bufferSize, i) + HEADER_ROOM, SLOTS[i], true);
        }
    }

    private BufferPool(BufferPool shared, Traffic traffic) {
        this.budget = shared.budget;
        this.smallest = shared.smallest;
        this.shelves = shared.shelves;
        this.places = shared.places;
        this.traffic = traffic;
    }

    /** A form of this pool for one connection whose messages and bytes are also counted here. */
    public BufferPool with(Tally ofConnection) {
        return new BufferPool(this, traffic.with(ofConnection));
    }

    /** Counts what passes through the buffers. */
    public Traffic traffic() {
        return traffic;
    }

    private static long payload(long bufferSize, int step) {
        long bytes = bufferSize;
        for (int i = 0; i < step; i++) {
            bytes *= GROWTH;
        }
        return bytes;
    }

    /**
     * A buffer with an array, of the smallest size, or {@code null} if the budget is spent; no connection is evicted for it.
     */
    public ByteBuffer borrow() {
        return budget.takeWithoutRelief(smallest.size) ? counted(smallest.size, NOWHERE) : null;
    }

    /**
     * A buffer with an array, of the smallest size, for bytes that pass through: not counted. Return it by {@link #takeBack}.
     *
     * @param place where the connection's threads run, or -1
     */
    public ByteBuffer lend(int place) {
        return (hasShelf(place) ? places[place].shelf : smallest).take();
    }

    /**
     * Takes back a buffer that was {@linkplain #lend lent}; its borrower must not touch it again.
     *
     * @param place where the connection's threads run now, or -1
     */
    public void takeBack(ByteBuffer buffer, int place) {
        (hasShelf(place) ? places[place].shelf : smallest).put(buffer);
    }

    private boolean hasShelf(int place) {
        return place >= 0 && place < places.length;
    }

    /**
     * A buffer with an array, of any size, or {@code null} if the budget is spent and has no relief. A buffer of a kept size
     * may be a reused one; others are new.
     */
    public ByteBuffer borrow(int size) {
        return budget.take(size) ? counted(size, NOWHERE) : null;
    }

    /**
     * Like {@link #borrow(int)}, but no connection is evicted for it.
     *
     * @param place where the connection's threads run, or -1
     */
    public ByteBuffer borrowWithoutRelief(int size, int place) {
        if (size == smallest.size && hasShelf(place)) {
            return places[place].share.takeWithoutRelief(size) ? counted(size, place) : null;
        }
        return budget.takeWithoutRelief(size) ? counted(size, NOWHERE) : null;
    }

    /** A buffer whose bytes have been taken, at a place or nowhere; if memory is exhausted, they are returned. */
    private ByteBuffer counted(int size, int place) {
        ByteBuffer buffer = null;
        try {
            buffer = place == NOWHERE ? anyOf(size) : places[place].shelf.take();
            return buffer;
        } finally {
            if (buffer == null && place == NOWHERE) {
                budget.giveBack(size);
            } else if (buffer == null) {
                places[place].share.giveBack(size);
            }
        }
    }

    private ByteBuffer anyOf(int size) {
        Shelf shelf = shelf(size);
        return shelf == null ? ByteBuffer.allocate(size) : shelf.take();
    }

    /**
     * Takes a borrowed buffer back; its borrower must not touch it again.
     *
     * @param place where the connection's threads run now, or -1
     */
    public void giveBack(ByteBuffer buffer, int place) {
        if (buffer.capacity() == smallest.size && hasShelf(place)) {
            places[place].share.giveBack(smallest.size);
            places[place].shelf.put(buffer);
        } else {
            giveBack(buffer);
        }
    }

    /** Takes a borrowed buffer back; its borrower must not touch it again. */
    public void giveBack(ByteBuffer buffer) {
        budget.giveBack(buffer.capacity());
        Shelf shelf = shelf(buffer.capacity());
        if (shelf != null) {
            shelf.put(buffer);
        }
    }

    /**
     * The smallest kept size that has room for what is wanted; if that exceeds the maximum, the largest size that does not, but
     * has room for the minimum.
     *
     * @return the size, or 0 if no size fits
     */
    public int keptSize(long least, long wanted, long most) {
        int best = 0;
        for (Shelf shelf : shelves) {
            if (shelf.size >= least && shelf.size <= most) {
                best = shelf.size;
                if (shelf.size >= wanted) {
                    break;
                }
            }
        }
        return best;
    }

    /** The budget that the lent buffers count against. */
    public BufferBudget budget() {
        return budget;
    }

    /** The smallest size, in bytes. */
    public int bufferSize() {
        return smallest.size;
    }

    /** The second smallest size, or the smallest if there is only one. */
    public int largerSize() {
        return shelves[Math.min(1, shelves.length - 1)].size;
    }

    private Shelf shelf(int size) {
        for (Shelf shelf : shelves) {
            if (shelf.size == size) {
                return shelf;
            }
        }
        return null;
    }

    /** The bytes and buffers that are kept for the threads of one place. */
    private record Place(BudgetShare share, Shelf shelf) {}

    /** The kept buffers of one size. */
    private static final class Shelf {
        /** After losing this number of slots to other threads, making or dropping a buffer is cheaper than another try. */
        private static final int TRIES = 4;

        /**
         * Slots before the first and after the last one that is used: as long as a cache line, so that no other object shares
         * one with them.
         */
        private static final int MARGIN = 16;

        private final int size;
        private final int slots;
        private final boolean spread;
        private final AtomicReferenceArray<ByteBuffer> kept;

        /**
         * An empty shelf.
         *
         * @param slots  a power of two
         * @param spread whether several threads use it at the same time: then each begins at a different slot, so that they
         *               seldom compete
         */
        Shelf(int size, int slots, boolean spread) {
            this.size = size;
            this.slots = slots;
            this.spread = spread;
            this.kept = new AtomicReferenceArray<>(MARGIN + slots + MARGIN);
        }

        ByteBuffer take() {
            int start = startingSlot();
            for (int i = 0; i < TRIES; i++) {
                int slot = MARGIN + (start + i & slots - 1);
                if (kept.getPlain(slot) != null) {
                    ByteBuffer buffer = kept.getAndSet(slot, null);
                    if (buffer != null) {
                        return buffer.clear();
                    }
                }
            }
            return ByteBuffer.allocate(size);
        }

        void put(ByteBuffer buffer) {
            int start = startingSlot();
            for (int i = 0; i < TRIES; i++) {
                int slot = MARGIN + (start + i & slots - 1);
                if (kept.getPlain(slot) == null && kept.compareAndSet(slot, null, buffer)) {
                    return;
                }
            }
        }

        private int startingSlot() {
            return spread ? (int) Thread.currentThread().threadId() * TRIES : 0;
        }
    }
}
