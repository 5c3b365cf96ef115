package dev.weft.internal.receive;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.PartialTransport;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A network whose reading side behaves as that of a transport over a selector: an engine looks at it as long as there is
 * something to read, wakes the thread that waits, and, after some looks in vain, stops looking and tells the listener, once,
 * until it is asked to look again. Notes two threads that read at once.
 */
final class StressedInput extends PartialTransport {
    private enum State {
        RUNNING, WAITING, DISARMED, CLOSED
    }

    private static final int LONGEST_LOOK_NANOS = 60_000;
    private static final int MOST_IN_VAIN = 8;
    private static final int SLOW_ONE_IN = 16;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final AtomicReference<Thread> reader = new AtomicReference<>();
    private final Random random;
    private final byte[] bytes;
    private final int patience;
    private final boolean parks;

    /** Under the lock. */
    private int arrived;
    private int taken;
    private boolean ended;
    private boolean reset;
    private State state = State.RUNNING;
    private int inVain;
    private boolean over;

    private volatile UnreadListener listener;
    private volatile Throwable failure;

    /**
     * A network on which nothing has arrived.
     *
     * @param seed  decides how long the engine looks in vain
     * @param bytes all that will arrive
     * @param from  where what arrives begins
     * @param parks whether it can wait outside of reads
     */
    StressedInput(long seed, byte[] bytes, int from, boolean parks) {
        this.random = new Random(seed);
        this.bytes = bytes;
        this.arrived = from;
        this.taken = from;
        this.parks = parks;
        this.patience = 1 + random.nextInt(MOST_IN_VAIN);
    }

    // For the test.

    /** This number of bytes more have arrived. */
    void arrive(int count) {
        change(() -> arrived += count);
    }

    /** No more will arrive. */
    void end() {
        change(() -> ended = true);
    }

    /** No more will be read. */
    void reset() {
        change(() -> reset = true);
    }

    /** The engine's thread; ends with the test's life. */
    void runEngine() {
        boolean continues = true;
        while (continues) {
            boolean tell = false;
            lock.lock();
            try {
                while (!over && (!isReadable() || state == State.DISARMED || state == State.CLOSED)) {
                    changed.awaitUninterruptibly();
                }
                continues = !over;
                if (state == State.WAITING) {
                    inVain = 0;
                    state = State.RUNNING;
                    changed.signalAll();
                } else if (state == State.RUNNING && ++inVain >= patience) {
                    state = State.DISARMED;
                    tell = true;
                }
            } finally {
                lock.unlock();
            }
            UnreadListener told = listener;
            if (tell && told != null) {
                told.unread();
            }
            LockSupport.parkNanos(random.nextInt(LONGEST_LOOK_NANOS));
        }
    }

    /** Ends the engine's thread. */
    void stopEngine() {
        change(() -> over = true);
    }

    /** The first thing that was wrong about the reads, or {@code null}. */
    Throwable failure() {
        return failure;
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

    private boolean isReadable() {
        return taken < arrived || ended || reset;
    }

    // For who reads.

    private void enter() {
        if (!reader.compareAndSet(null, Thread.currentThread()) && failure == null) {
            failure = new AssertionError("two threads read: " + reader.get() + " and " + Thread.currentThread());
        }
        if (ThreadLocalRandom.current().nextInt(SLOW_ONE_IN) == 0) {
            LockSupport.parkNanos(LONGEST_LOOK_NANOS);
        }
        lock.lock();
    }

    private void leave() {
        lock.unlock();
        reader.set(null);
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        if (!parks) {
            return false;
        }
        enter();
        try {
            await(limit);
            return true;
        } finally {
            leave();
        }
    }

    private void await(TimeLimit limit) throws IOException {

        if (state == State.CLOSED) {
            throw new AsynchronousCloseException();
        }
        state = State.WAITING;
        changed.signalAll();
        try {
            while (state == State.WAITING) {
                if (limit == TimeLimit.NONE) {
                    changed.await();
                } else if (changed.awaitNanos(limit.left()) <= 0 && state == State.WAITING) {
                    state = State.RUNNING;
                }
            }
        } catch (InterruptedException e) {
            if (state == State.WAITING) {
                state = State.RUNNING;
            }
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted by the stress");
        }
        if (state == State.CLOSED) {
            throw new AsynchronousCloseException();
        }
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        enter();
        try {
            int count;
            while ((count = take(target)) == 0 && !limit.hasPassed()) {
                await(limit);
            }
            return count;
        } finally {
            leave();
        }
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        enter();
        try {
            return take(target);
        } finally {
            leave();
        }
    }

    private int take(ByteBuffer target) throws IOException {
        if (state == State.CLOSED) {
            throw new AsynchronousCloseException();
        }
        if (reset) {
            throw new IOException("Connection reset");
        }
        int count = Math.min(arrived - taken, target.remaining());
        if (count == 0) {
            return ended ? -1 : 0;
        }
        target.put(bytes, taken, count);
        taken += count;
        return count;
    }

    @Override
    public void onUnread(UnreadListener other) {
        listener = other;
        boolean tell;
        lock.lock();
        try {
            tell = state == State.DISARMED;
        } finally {
            lock.unlock();
        }
        if (tell) {
            other.unread();
        }
    }

    @Override
    public void reportUnread() {
        change(() -> {
            if (state == State.DISARMED) {
                state = State.RUNNING;
                inVain = 0;
            }
        });
    }

    @Override
    public boolean willReportUnread() {
        lock.lock();
        try {
            return state != State.DISARMED;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        change(() -> state = State.CLOSED);
    }

    @Override
    public void shutdownOutput() {
        // Nobody looks at what is written.
    }

    @Override
    public boolean writesWithoutWaiting() {
        return true;
    }

    @Override
    public String toString() {
        return taken + " of " + arrived + " taken, " + state + (ended ? ", ended" : "") + (reset ? ", reset" : "")
                + ", read by " + reader.get();
    }
}
