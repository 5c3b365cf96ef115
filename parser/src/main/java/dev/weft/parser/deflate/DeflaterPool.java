package dev.weft.parser.deflate;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.zip.Deflater;

/**
 * Lends compressors for the duration of a message. For any thread. A compressor is returned blank, or kept: with the context of
 * its last message, for a borrower that is likely to return soon. It then finds its context unchanged, unless another borrower
 * needed the compressor meanwhile.
 *
 * <pre>
 *            borrow                        giveBack
 * blank ──────────────▶ lent ──────────────────────────────▶ blank ──▶ ended, beyond the maximum
 *   ▲                   ▲ ▲ └──────────────────────────────▶ kept
 *   │                   │ └── reclaim, by the one who left it ─┤
 *   │                   └──── borrow, when none is blank ──────┤
 *   └──────────────────────── disown, or more than may be kept ┘
 * </pre>
 */
final class DeflaterPool extends CodecPool {
    private static final byte[] NONE = {};

    /** A compressor and a place for its output. */
    static final class Pooled {
        private static final int OUTPUT_LENGTH = 4096;

        final Deflater deflater;
        final byte[] output = new byte[OUTPUT_LENGTH];
        /** The number of the loan that it is, or was, lent by. */
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
    /** The last one used is the next one to be used: it is in the processor's caches. */
    private final ArrayDeque<Pooled> blank = new ArrayDeque<>();
    /** The least recently used first. */
    private final LinkedHashSet<Pooled> kept = new LinkedHashSet<>();
    private long loans;

    DeflaterPool(int level, int maxIdle) {
        this.level = level;
        this.maxIdle = maxIdle;
        // Some are always left for those that come rarely.
        this.maxKept = Math.max(1, maxIdle - maxIdle / 4);
    }

    /**
     * Lends a compressor that must be reset; creates one if need be. When many connections send at the same moment,
     * more are lent than stay in the pool.
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

    /** Lends what was given back to be kept after that loan, if no one else had it since. */
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

    /** Whether one kept since that loan would probably still be there at this one. */
    boolean isSoon(long loan, long later) {
        return loan > 0 && later - loan <= maxKept;
    }

    /**
     * Takes a compressor back.
     *
     * @param keep whether its context is worth keeping
     */
    void giveBack(Pooled pooled, boolean keep) {
        // It would keep the caller's array from being collected.
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

    /** The context that was left at that loan is no longer wanted. */
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
