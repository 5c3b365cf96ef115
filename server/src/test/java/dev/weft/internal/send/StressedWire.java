package dev.weft.internal.send;

import dev.weft.internal.time.Interrupts;
import dev.weft.internal.transport.PartialTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A network under the control of a test: it takes what it was given room for, in one piece or in parts, and passes it on
 * to the peer at once; or it fails.
 */
final class StressedWire extends PartialTransport {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Consumer<byte[]> peer;
    private final boolean withoutWaiting;
    private final Random random;
    private final AtomicReference<Thread> writer = new AtomicReference<>();

    private long room;
    private boolean inParts;
    private long taken;
    private long failsAt = Long.MAX_VALUE;
    private volatile boolean closed;
    private volatile Throwable failure;

    /**
     * A wire without room.
     *
     * @param peer           gets the bytes; what it throws is kept
     * @param withoutWaiting whether it writes without waiting; if not, an interrupt closes it
     * @param seed           decides which parts it takes
     */
    StressedWire(Consumer<byte[]> peer, boolean withoutWaiting, long seed) {
        this.peer = peer;
        this.withoutWaiting = withoutWaiting;
        this.random = new Random(seed);
    }

    // For the test.

    /** Gives room for this number of bytes more. */
    void give(long bytes) {
        change(() -> room = Math.min(Long.MAX_VALUE / 2, room + bytes));
    }

    /** Takes all room away; from now on takes what there is room for in parts, or not. */
    void stall(boolean parts) {
        change(() -> {
            room = 0;
            inParts = parts;
        });
    }

    /** Takes everything from now on. */
    void open() {
        change(() -> {
            room = Long.MAX_VALUE / 2;
            inParts = false;
        });
    }

    /** Fails after this number of bytes more. */
    void failAfter(long bytes) {
        change(() -> failsAt = taken + bytes);
    }

    private void change(Runnable action) {
        lock.lock();
        try {
            action.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether a thread is within a write. */
    boolean isWriting() {
        return writer.get() != null;
    }

    /** The first thing that was wrong about the writes, or {@code null}. */
    Throwable failure() {
        return failure;
    }

    /** The bytes that were taken. */
    long taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }

    // For the sender.

    @Override
    public void write(ByteBuffer source) throws IOException {
        write(source, NOTHING);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        enter();
        try {
            lock.lock();
            try {
                takeSome(first, second);
                while (first.hasRemaining() || second.hasRemaining()) {
                    if (room == 0) {
                        changed.await();
                    }
                    takeSome(first, second);
                }
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            if (!withoutWaiting) {
                close();
            }
            throw Interrupts.interrupted("by the stress");
        } finally {
            writer.set(null);
        }
    }

    @Override
    public boolean writesWithoutWaiting() {
        return withoutWaiting;
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        writeNow(source, NOTHING);
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        if (!withoutWaiting) {
            return;
        }
        enter();
        lock.lock();
        try {
            takeSome(first, second);
        } finally {
            lock.unlock();
            writer.set(null);
        }
    }

    private void enter() {
        if (!writer.compareAndSet(null, Thread.currentThread())) {
            fail(new AssertionError("two threads write"));
        }
    }

    private void fail(Throwable e) {
        if (failure == null) {
            failure = e;
        }
    }

    private void takeSome(ByteBuffer first, ByteBuffer second) throws IOException {
        if (closed) {
            throw new AsynchronousCloseException();
        }
        if (taken >= failsAt) {
            throw new IOException("the wire is broken by the stress");
        }
        long most = Math.min(Math.min(room, failsAt - taken), first.remaining() + second.remaining());
        int count = inParts && most > 0 ? 1 + random.nextInt((int) most) : (int) most;
        if (count > 0) {
            byte[] bytes = new byte[count];
            int ofFirst = Math.min(count, first.remaining());
            first.get(bytes, 0, ofFirst);
            second.get(bytes, ofFirst, count - ofFirst);
            room -= count;
            taken += count;
            try {
                peer.accept(bytes);
            } catch (Throwable e) {
                fail(e);
            }
        }
    }

    @Override
    public void close() {
        // The flag first, then the thread that waits.
        closed = true;
        change(() -> {});
    }

    @Override
    public void retryWrite() {
        change(() -> {});
    }
}
