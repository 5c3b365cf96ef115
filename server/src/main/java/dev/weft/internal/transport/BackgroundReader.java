package dev.weft.internal.transport;

import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport.UnreadListener;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Detects bytes on a blocking channel while no thread receives: a virtual thread waits in a read, keeps what it read, and calls
 * the listener. Another thread that reads meanwhile waits for this thread, and gets its bytes first.
 */
final class BackgroundReader {
    private static final int SMALL = 128;

    private final ReadableByteChannel channel;
    private volatile UnreadListener listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition finished = lock.newCondition();

    /** Whether the thread is reading. Guarded by the lock, as are the other fields. */
    private volatile boolean reading;
    /** The bytes that the thread has read, up to its limit; {@code null} if there are none. */
    private ByteBuffer found;
    private boolean ended;
    private IOException failure;

    BackgroundReader(ReadableByteChannel channel, UnreadListener listener) {
        this.channel = channel;
        this.listener = listener;
    }

    /** Replaces the listener; calls it at once if there are bytes that were not taken, or the end. Does not wait. */
    void listener(UnreadListener next) {
        boolean unread;
        lock.lock();
        try {
            listener = next;
            unread = !reading && (found != null || ended || failure != null);
        } finally {
            lock.unlock();
        }
        if (unread) {
            next.unread();
        }
    }

    /** Starts the thread, unless it is already reading, or bytes that it read have not been taken. Does not wait. */
    void start() {
        lock.lock();
        try {
            if (!reading && found == null && !ended && failure == null) {
                ByteBuffer target = ByteBuffer.allocate(SMALL);
                reading = true;
                Thread.ofVirtual().name("weft-background-reader").start(() -> run(target));
            }
        } catch (Throwable e) {
            reading = false;
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the thread is reading. */
    boolean isReading() {
        return reading;
    }

    /** Ends the read whatever happens, even if memory is exhausted: a thread that receives waits for it. */
    private void run(ByteBuffer target) {
        int count = 0;
        IOException thrown = null;
        try {
            count = channel.read(target);
        } catch (IOException e) {
            thrown = e;
        } finally {
            finish(target, count, thrown);
            listener.unread();
        }
    }

    private void finish(ByteBuffer target, int count, IOException thrown) {
        lock.lock();
        try {
            found = count > 0 ? target.flip() : null;
            ended = count < 0;
            failure = thrown;
            reading = false;
            finished.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the bytes that the thread has read.
     *
     * @param limit how long to wait for the thread if it is reading; {@code null} not to wait
     * @return the number of bytes, 0 if there are none, -1 if it found the end
     * @throws InterruptedIOException if the thread was interrupted while it waited; nothing is lost
     */
    int read(ByteBuffer target, TimeLimit limit) throws IOException {
        lock.lock();
        try {
            while (reading && limit != null && !limit.hasPassed()) {
                if (limit == TimeLimit.NONE) {
                    finished.await();
                } else {
                    finished.awaitNanos(limit.left());
                }
            }
            if (failure != null) {
                throw failure;
            }
            return ended ? -1 : take(target);
        } catch (InterruptedException e) {
            throw Interrupts.interrupted("while waiting for bytes");
        } finally {
            lock.unlock();
        }
    }

    private int take(ByteBuffer target) {
        if (found == null) {
            return 0;
        }
        int count = Math.min(found.remaining(), target.remaining());
        target.put(target.position(), found, found.position(), count).position(target.position() + count);
        found.position(found.position() + count);
        if (!found.hasRemaining()) {
            found = null;
        }
        return count;
    }
}
