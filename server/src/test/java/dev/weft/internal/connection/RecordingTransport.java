package dev.weft.internal.connection;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** The connection's end of a transport: records its writes, splits its reads, shows when it waits, and fails on demand. */
public final class RecordingTransport implements Transport {
    /** One call of a write method: its bytes, and the arrays they lay in. */
    public record Write(int length, byte[] first, byte[] second) {}

    private final Transport inner;
    private final int readLength;
    private final boolean parks;
    private final ByteBuffer ahead = ByteBuffer.allocate(1);
    private boolean ended;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Write> writes = new ArrayList<>();
    private long bytesRead;
    private boolean inRead;
    private boolean inWrite;
    private volatile IOException readFailure;
    private volatile IOException writeFailure;
    private volatile Error error;
    private volatile Error errorAtPlace;
    private final AtomicInteger steps = new AtomicInteger();
    private volatile int failsAt;

    /** A transport that waits as this one; or, if it is to park, outside of reads. */
    RecordingTransport(Transport inner, int readLength, boolean parks) {
        this.inner = inner;
        this.readLength = readLength;
        this.parks = parks;
    }

    /** From now on every read and write fails so; one that waits, too. */
    public void fail(IOException exception) {
        readFailure = exception;
        writeFailure = exception;
        inner.close();
    }

    /** From now on every write fails so. */
    public void failWrites(IOException exception) {
        writeFailure = exception;
    }

    /** From now on no read that does not wait has the memory that it needs. */
    public void runOutOfMemory() {
        error = new OutOfMemoryError("test");
    }

    /** From now on no thread has the memory that it needs just after it has written, or before it borrows a buffer to write. */
    public void runOutOfMemoryWhileSending() {
        errorAtPlace = new OutOfMemoryError("test");
    }

    /** Has one of the steps of this transport fail for lack of memory: the one with this number, if that is not 0. */
    public void runOutOfMemoryAt(int step) {
        steps.set(0);
        failsAt = step;
    }

    /** The number of steps since {@link #runOutOfMemoryAt}: one for each call, but for those that need no memory. */
    public int steps() {
        return steps.get();
    }

    private void step() {
        if (steps.incrementAndGet() == failsAt) {
            throw new OutOfMemoryError("test");
        }
    }

    /** The writes so far. */
    public List<Write> writes() {
        lock.lock();
        try {
            return List.copyOf(writes);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until a read is under way and all the bytes that were sent to it are read. */
    void awaitReading(long sent) throws InterruptedException {
        await(() -> inRead && bytesRead == sent);
    }

    /** Waits until a write is under way. */
    public void awaitWriting() throws InterruptedException {
        await(() -> inWrite);
    }

    private void await(BooleanSupplier condition) throws InterruptedException {
        lock.lock();
        try {
            while (!condition.getAsBoolean()) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void note(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read(ByteBuffer target, TimeLimit time) throws IOException {
        step();
        int limit = target.limit();
        target.limit(target.position() + Math.min(target.remaining(), readLength));
        note(() -> inRead = true);
        int[] count = {0};
        try {
            count[0] = inner.read(target, time);
        } catch (IOException e) {
            throw readFailure != null ? readFailure : e;
        } finally {
            note(() -> {
                inRead = false;
                bytesRead += Math.max(0, count[0]);
            });
            target.limit(limit);
        }
        if (readFailure != null) {
            throw readFailure;
        }
        return count[0];
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        step();
        if (error != null) {
            throw error;
        }
        int limit = target.limit();
        target.limit(target.position() + Math.min(target.remaining(), readLength));
        int[] count = {0};
        try {
            if (parks) {
                count[0] = ahead.flip().remaining();
                target.put(ahead);
                ahead.clear();
            }
            int more = target.hasRemaining() && !ended ? inner.readNow(target) : ended ? -1 : 0;
            count[0] = count[0] == 0 ? more : count[0] + Math.max(0, more);
        } finally {
            note(() -> bytesRead += Math.max(0, count[0]));
            target.limit(limit);
        }
        if (readFailure != null) {
            throw readFailure;
        }
        return count[0];
    }

    /** As a transport that parks its thread; the one byte that it has to read for that is kept. */
    @Override
    public boolean awaitReadable(TimeLimit time) throws IOException {
        step();
        if (!parks || ahead.position() > 0) {
            return parks;
        }
        note(() -> inRead = true);
        try {
            ended = inner.read(ahead, time) < 0;
        } finally {
            note(() -> inRead = false);
        }
        return true;
    }

    @Override
    public int place() {
        if (errorAtPlace != null) {
            throw errorAtPlace;
        }
        return inner.place();
    }

    @Override
    public void onUnread(UnreadListener listener) {
        inner.onUnread(listener);
    }

    @Override
    public void reportUnread() {
        step();
        inner.reportUnread();
    }

    @Override
    public boolean willReportUnread() {
        step();
        return inner.willReportUnread();
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        writing(new Write(source.remaining(), source.array(), null));
        try {
            inner.write(source);
        } finally {
            note(() -> inWrite = false);
        }
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        writing(new Write(first.remaining() + second.remaining(), first.array(), second.array()));
        try {
            inner.write(first, second);
        } finally {
            note(() -> inWrite = false);
        }
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        writeNow(source, null);
    }

    /**
     * Noted as a write of what the network took, unless that is nothing; under the lock, so that a peer that has received the
     * bytes finds the write noted.
     */
    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        step();
        if (writeFailure != null) {
            throw writeFailure;
        }
        lock.lock();
        try {
            int length = remaining(first, second);
            if (second == null) {
                inner.writeNow(first);
            } else {
                inner.writeNow(first, second);
            }
            int written = length - remaining(first, second);
            if (written > 0) {
                writes.add(new Write(written, first.array(), second == null ? null : second.array()));
            }
        } finally {
            lock.unlock();
        }
        step();
    }

    private static int remaining(ByteBuffer first, ByteBuffer second) {
        return first.remaining() + (second == null ? 0 : second.remaining());
    }

    @Override
    public boolean writesWithoutWaiting() {
        step();
        return inner.writesWithoutWaiting();
    }

    @Override
    public byte writeProgress() {
        return inner.writeProgress();
    }

    @Override
    public void retryWrite() {
        inner.retryWrite();
    }

    private void writing(Write write) throws IOException {
        step();
        if (writeFailure != null) {
            throw writeFailure;
        }
        note(() -> {
            inWrite = true;
            writes.add(write);
        });
    }

    @Override
    public void shutdownOutput() throws IOException {
        step();
        inner.shutdownOutput();
    }

    @Override
    public void close() {
        inner.close();
    }

    @Override
    public SocketAddress localAddress() {
        return inner.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return inner.remoteAddress();
    }
}
