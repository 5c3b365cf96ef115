package dev.weft.parser.deflate;

import java.util.concurrent.locks.ReentrantLock;

/**
 * What the pools of compressors and decompressors have in common: a lock, and a count of the codecs on loan. For any
 * thread.
 */
abstract class CodecPool implements AutoCloseable {
    /** Guards all fields of a pool. */
    final ReentrantLock lock = new ReentrantLock();
    int lent;
    boolean closed;

    /** The number of codecs that are available. */
    final int idle() {
        lock.lock();
        try {
            return idleCount();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The number of codecs on loan. For tests: it stays too high after memory was exhausted while a codec was created or given
     * back, and nothing depends on it.
     */
    final int lent() {
        lock.lock();
        try {
            return lent;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the idle codecs now, and those on loan when they are returned. */
    @Override
    public final void close() {
        lock.lock();
        try {
            closed = true;
            endIdle();
        } finally {
            lock.unlock();
        }
    }

    /** The number of idle codecs. The caller holds the lock. */
    abstract int idleCount();

    /** Ends and forgets all idle codecs. The caller holds the lock. */
    abstract void endIdle();
}
