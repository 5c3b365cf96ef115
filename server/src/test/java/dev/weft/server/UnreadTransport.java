package dev.weft.server;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/**
 * A transport to a peer that sends these bytes but no end of the stream, and reads nothing. There is no socket buffer that
 * could accept what is written.
 */
final class UnreadTransport implements Transport {
    private static final SocketAddress NOWHERE = InetSocketAddress.createUnresolved("nowhere.example", 1);

    private final ByteBuffer sent;
    private final CountDownLatch reading = new CountDownLatch(1);
    private final CountDownLatch writing = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean unread;

    UnreadTransport(String sent) {
        this.sent = ByteBuffer.wrap(sent.getBytes(StandardCharsets.US_ASCII));
    }

    /** Waits until a read waits for more than the peer sends. */
    void awaitReading() throws InterruptedException {
        reading.await();
    }

    /** Waits until a write is under way. */
    void awaitWriting() throws InterruptedException {
        writing.await();
    }

    /** What it says from now on. */
    void hasUnread(boolean value) {
        unread = value;
    }

    @Override
    public boolean hasUnread() {
        return unread;
    }

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        if (sent.hasRemaining()) {
            return readNow(target);
        }
        reading.countDown();
        return awaitClose();
    }

    @Override
    public int readNow(ByteBuffer target) {
        int count = Math.min(sent.remaining(), target.remaining());
        target.put(sent.slice(sent.position(), count));
        sent.position(sent.position() + count);
        return count;
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) {
        return false;
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        writing.countDown();
        awaitClose();
    }

    @Override
    public boolean writesWithoutWaiting() {
        return false;
    }

    @Override
    public void writeNow(ByteBuffer source) {}

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) {}

    @Override
    public byte writeProgress() {
        return 0;
    }

    @Override
    public void retryWrite() {}

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        write(first);
    }

    private int awaitClose() throws IOException {
        try {
            closed.await();
        } catch (InterruptedException e) {
            throw new ClosedByInterruptException();
        }
        throw new AsynchronousCloseException();
    }

    @Override
    public void shutdownOutput() {}

    @Override
    public void close() {
        closed.countDown();
    }

    @Override
    public SocketAddress localAddress() {
        return NOWHERE;
    }

    @Override
    public SocketAddress remoteAddress() {
        return NOWHERE;
    }
}
