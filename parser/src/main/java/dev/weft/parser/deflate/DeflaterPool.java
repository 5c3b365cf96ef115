package dev.weft.parser.deflate;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.zip.Deflater;

/**
 * Lends compressors for the duration of a message. For any thread. A returned compressor becomes blank, or it is kept with the
 * context of its last message, for a borrower that is likely to return soon. That borrower then finds its context unchanged,
 * unless another borrower needed the compressor in the meantime.
 *
 * <pre>
 *            borrow                        giveBack
 * blank ──────────────▶ lent ──────────────────────────────▶ blank ──▶ ended, beyond the maximum
 *   ▲                   ▲ ▲ └──────────────────────────────▶ kept
 *   │                   │ └── reclaim, by its last borrower ───┤
 *   │                   └──── borrow, when none is blank ──────┤
 *   └──────────────────────── disown, or more than may be kept ┘
 * </pre>
 */
final class DeflaterPool extends CodecPool {
    private static final byte[] NONE = {};

    /** A compressor and a buffer for its output. */
    static final class Pooled {
        private static final int OUTPUT_LENGTH = 4096;

        final Deflater deflater;
        final byte[] output = new byte[OUTPUT_LENGTH];
        /** The number of its current or last loan. */
        private long loan;

        private Pooled(int level) {
            deflater = new Deflater(level, true);
        }

        long loan() {
            return loan;
        }
    }

    private final int level;
    private final int maxIdle;
    private final int maxKept;
    /** Last in, first out: the most recently used one is still in the processor's caches. */
    private final ArrayDeque<Pooled> blank = new ArrayDeque<>();
    /** In order of use, the least recently used first. */
    private final LinkedHashSet<Pooled> kept = new LinkedHashSet<>();
    private long loans;

    DeflaterPool(int level, int maxIdle) {
        this.level = level;
        this.maxIdle = maxIdle;
        // Leaves some for borrowers that rarely return.
        this.maxKept = Math.max(1, maxIdle - maxIdle / 4);
    }

    /**
     * Lends a compressor that must be reset; creates one if necessary. When many connections send at the same moment, more
     * compressors are on loan than the pool keeps afterwards.
     */
    Pooled borrow() {
        lock.lock();
        try {
            Pooled found = blank.pollFirst();
            if (found == null && kept.size() >= maxKept) {
                found = kept.removeFirst();
            }
            if (found != null) {
                return lend(found);
            }
        } finally {
            lock.unlock();
        }
        Pooled created = new Pooled(level);
        lock.lock();
        try {
            return lend(created);
        } finally {
            lock.unlock();
        }
    }

    /** Lends the compressor that was kept after that loan, unless another borrower has had it since. */
    boolean reclaim(Pooled pooled, long loan) {
        lock.lock();
        try {
            if (pooled.loan != loan || !kept.remove(pooled)) {
                return false;
            }
            lend(pooled);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private Pooled lend(Pooled pooled) {
        pooled.loan = ++loans;
        lent++;
        return pooled;
    }

    /** Whether a compressor kept since the earlier loan would probably still be there at the later one. */
    boolean isSoon(long loan, long later) {
        return loan > 0 && later - loan <= maxKept;
    }

    /**
     * Takes a compressor back.
     *
     * @param keep whether its context is worth keeping
     */
    void giveBack(Pooled pooled, boolean keep) {
        // Otherwise it would keep the caller's array reachable.
        pooled.deflater.setInput(NONE);
        lock.lock();
        try {
            lent--;
            if (!keep || closed) {
                toBlank(pooled);
                return;
            }
            kept.add(pooled);
            if (kept.size() > maxKept) {
                toBlank(kept.removeFirst());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives up the context that was kept after that loan. */
    void disown(Pooled pooled, long loan) {
        lock.lock();
        try {
            if (pooled.loan == loan && kept.remove(pooled)) {
                toBlank(pooled);
            }
        } finally {
            lock.unlock();
        }
    }

    private void toBlank(Pooled pooled) {
        if (closed || blank.size() + kept.size() >= maxIdle) {
            pooled.deflater.end();
        } else {
            blank.addFirst(pooled);
        }
    }

    @Override
    int idleCount() {
        return blank.size() + kept.size();
    }

    @Override
    void endIdle() {
        blank.forEach(pooled -> pooled.deflater.end());
        blank.clear();
        kept.forEach(pooled -> pooled.deflater.end());
        kept.clear();
    }
}
