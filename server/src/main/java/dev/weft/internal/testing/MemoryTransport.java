package dev.weft.internal.testing;

import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One end of a connection within the process, which behaves like a socket: bounded buffers in both directions, half-close, and
 * a reset of the peer if one end closes with unread bytes.
 */
public final class MemoryTransport implements Transport {
    /** An address that is only a name. */
    private static final class MemoryAddress extends SocketAddress {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return "memory";
        }
    }

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Pipe in;
    private final Pipe out;
    private final SocketAddress local;
    private volatile SocketAddress remote;

    private MemoryTransport(Pipe in, Pipe out, SocketAddress local, SocketAddress remote) {
        this.in = in;
        this.out = out;
        this.local = local;
        this.remote = remote;
    }

    /**
     * Two ends of one connection.
     *
     * @param capacity bytes that each direction holds before writes wait
     */
    public static MemoryTransport[] pair(int capacity) {
        return pair(capacity, new MemoryAddress(), new MemoryAddress());
    }

    /** Two ends, with the addresses that they report. */
    public static MemoryTransport[] pair(int capacity, SocketAddress left, SocketAddress right) {
        Pipe there = new Pipe(capacity);
        Pipe back = new Pipe(capacity);
        return new MemoryTransport[]{new MemoryTransport(back, there, left, right),
                new MemoryTransport(there, back, right, left)};
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        return in.read(target, limit);
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return in.canRead() ? in.read(target, TimeLimit.NONE) : 0;
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) {
        return false;
    }

    @Override
    public void onUnread(UnreadListener listener) {
        in.onUnread(listener);
    }

    @Override
    public void reportUnread() {
        // Nothing to do: unread bytes are always reported.
    }

    @Override
    public boolean willReportUnread() {
        // The listener was called when these bytes arrived; a read may have left some of them.
        return !in.canRead();
    }

    @Override
    public boolean hasUnread() {
        return in.hasUnread();
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        out.write(source);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        out.write(first);
        out.write(second);
    }

    @Override
    public boolean writesWithoutWaiting() {
        return true;
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        out.writeNow(source, NOTHING);
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        out.writeNow(first, second);
    }

    @Override
    public byte writeProgress() {
        return out.progress;
    }

    @Override
    public void retryWrite() {
        // Nothing to do: a waiting write is woken as soon as there is room.
    }

    @Override
    public void shutdownOutput() {
        out.shutdownWrite();
    }

    @Override
    public void close() {
        boolean unread = in.closeReader();
        out.closeWriter(unread);
    }

    /** Closes like a broken connection: the other end loses the bytes that it has not read. From any thread; does not wait. */
    public void reset() {
        in.closeReader();
        out.closeWriter(true);
    }

    /** Waits until the other end has read everything or can no longer read, but no longer than the limit. */
    public void awaitTaken(TimeLimit limit) throws IOException {
        out.awaitTaken(limit);
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    @Override
    public void remoteAddress(SocketAddress client) {
        remote = client;
    }

    /** One direction. The array exists only while it holds bytes. */
    private static final class Pipe {
        private final int capacity;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();
        private byte[] ring;
        private int first;
        private int count;
        private boolean ended;
        private volatile boolean readerClosed;
        private boolean writerClosed;
        private boolean reset;
        private volatile boolean readerWaits;
        private volatile UnreadListener listener;
        /** Changed with the lock held. */
        private volatile byte progress;

        Pipe(int capacity) {
            this.capacity = capacity;
        }

        int read(ByteBuffer target, TimeLimit limit) throws IOException {
            lock.lock();
            try {
                while (true) {
                    if (readerClosed) {
                        throw new AsynchronousCloseException();
                    }
                    if (reset) {
                        throw new IOException("Connection reset");
                    }
                    if (count == 0 && ended) {
                        return -1;
                    }
                    if (count > 0) {
                        return take(target);
                    }
                    if (limit.hasPassed()) {
                        return 0;
                    }
                    readerWaits = true;
                    await(limit);
                }
            } finally {
                readerWaits = false;
                lock.unlock();
            }
        }

        private int take(ByteBuffer target) {
            int total = Math.min(count, target.remaining());
            int run = Math.min(total, capacity - first);
            target.put(ring, first, run).put(ring, 0, total - run);
            first = (first + total) % capacity;
            count -= total;
            if (count == 0) {
                ring = null;
                first = 0;
            }
            changed.signalAll();
            return total;
        }

        boolean canRead() {
            lock.lock();
            try {
                return count > 0 || ended || reset || readerClosed;
            } finally {
                lock.unlock();
            }
        }

        boolean hasUnread() {
            return !readerClosed && canRead();
        }

        void onUnread(UnreadListener current) {
            listener = current;
            if (canRead()) {
                current.unread();
            }
        }

        /** Call this after bytes have arrived, without holding the lock: a listener may take its own locks. */
        private void reportUnread() {
            UnreadListener current = listener;
            if (current != null && !readerWaits) {
                current.unread();
            }
        }

        void write(ByteBuffer source) throws IOException {
            boolean waited = false;
            lock.lock();
            try {
                while (source.hasRemaining()) {
                    requireWritable();
                    if (count < capacity) {
                        put(source);
                        if (waited) {
                            progress++;
                        }
                    } else {
                        await(TimeLimit.NONE);
                        waited = true;
                    }
                }
            } finally {
                lock.unlock();
            }
            reportUnread();
        }

        /** Both at once: if the other end could read in between, bytes of the next buffer would overtake the rest of this one. */
        void writeNow(ByteBuffer source, ByteBuffer next) throws IOException {
            lock.lock();
            try {
                requireWritable();
                put(source);
                put(next);
            } finally {
                lock.unlock();
            }
            reportUnread();
        }

        private void requireWritable() throws IOException {
            if (writerClosed) {
                throw new AsynchronousCloseException();
            }
            if (ended) {
                throw new ClosedChannelException();
            }
            if (readerClosed) {
                throw new IOException("Broken pipe");
            }
        }

        private void put(ByteBuffer source) {
            if (ring == null) {
                ring = new byte[capacity];
            }
            int total = Math.min(capacity - count, source.remaining());
            int at = (first + count) % capacity;
            int run = Math.min(total, capacity - at);
            source.get(ring, at, run).get(ring, 0, total - run);
            count += total;
            changed.signalAll();
        }

        private void await(TimeLimit limit) throws IOException {
            try {
                if (limit == TimeLimit.NONE) {
                    changed.await();
                } else {
                    changed.awaitNanos(limit.left());
                }
            } catch (InterruptedException e) {
                throw Interrupts.interrupted("while a pipe was full or empty");
            }
        }

        void awaitTaken(TimeLimit limit) throws IOException {
            lock.lock();
            try {
                while (count > 0 && !readerClosed && !limit.hasPassed()) {
                    await(limit);
                }
            } finally {
                lock.unlock();
            }
        }

        void shutdownWrite() {
            change(() -> ended = true);
        }

        /** Whether bytes were left unread. */
        boolean closeReader() {
            boolean[] unread = {false};
            change(() -> {
                unread[0] = count > 0 && !readerClosed;
                readerClosed = true;
                ring = null;
                count = 0;
            });
            return unread[0];
        }

        void closeWriter(boolean withReset) {
            change(() -> {
                ended = true;
                writerClosed = true;
                reset |= withReset;
            });
        }

        private void change(Runnable action) {
            lock.lock();
            try {
                action.run();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            reportUnread();
        }
    }
}
