package dev.weft.parser.deflate;

import java.util.concurrent.locks.ReentrantLock;

/** What the pools of compressors and decompressors have in common: a lock, and a count of what is lent. For any thread. */
abstract class CodecPool implements AutoCloseable {
    /** Guards all fields of a pool. */
    final ReentrantLock lock = new ReentrantLock();
    int lent;
    boolean closed;

    /** The number of codecs that wait to be lent. */
    final int idle() {
        lock.lock();
        try {
            return idleCount();
        } finally {
            lock.unlock();
        }
    }

    /** The number of codecs that are lent. */
    final int lent() {
        lock.lock();
        try {
            return lent;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the idle ones now, and the lent ones when they are returned. */
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

    /** With the lock. */
    abstract int idleCount();

    /** Ends and forgets all that are idle. With the lock. */
    abstract void endIdle();
}
