package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LayeredTransport;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A transport whose reads and writes wait for rates, and which is counted for its address until it is closed. A wait takes
 * tokens, and lasts until they have accrued, so that all who wait for one rate are served in turn. The sweeper's clock continues
 * the waits: {@link #tick}.
 * <p>
 * What is known only afterwards (pings, messages sent, decompressed bytes) makes the next read or write wait. Reading ahead does
 * not wait: it finds nothing until the rates allow it, and is then notified.
 */
public final class LimitedTransport implements LayeredTransport {
    private static final AtomicReferenceFieldUpdater<LimitedTransport, Thread> READER = AtomicReferenceFieldUpdater
            .newUpdater(LimitedTransport.class, Thread.class, "reader");
    private final Transport below;
    private final ConnectionRates rates;
    private volatile boolean delayed;

    // Reading: for the thread that reads, or waits to.
    private final Turn bytesToRead = new Turn(Kind.RECEIVED_BYTES);
    private final Turn messages = new Turn(Kind.RECEIVED_MESSAGES);
    /** The bytes that the current turn allows; 0 if there is no turn. */
    private int readable;
    private volatile Thread reader;
    /** Whether bytes must be reported when the rates allow them to be read ahead. */
    private volatile boolean reportLater;
    private volatile UnreadListener listener;

    // Writing: for the thread that writes.
    private final Turn bytesToWrite = new Turn(Kind.SENT_BYTES);
    private volatile Thread writer;
    /** Changes at each look at a write that waits for a rate: the peer is not slow. */
    private byte looks;

    /**
     * A transport that is not counted yet.
     *
     * @param below owned by this transport from now on
     */
    LimitedTransport(Transport below, ServerRates shared) {
        this.below = below;
        this.rates = new ConnectionRates(shared);
    }

    @Override
    public Transport below() {
        return below;
    }

    @Override
    public void handshake() throws IOException {
        below.handshake();
    }

    @Override
    public void closeAfterFailedHandshake() {
        below.closeAfterFailedHandshake();
    }

    @Override
    public Transport unencrypted() {
        return below.unencrypted();
    }

    /** The rates, and the address for which this is counted. */
    public ConnectionRates rates() {
        return rates;
    }

    @Override
    public void close() {
        try {
            below.close();
        } finally {
            rates.end();
            LockSupport.unpark(reader);
            LockSupport.unpark(writer);
        }
    }

    // Waiting.

    @Override
    public boolean hasRates() {
        return true;
    }

    private boolean mayRead() {
        return rates.isPaid(Kind.PINGS) && rates.isPaid(Kind.INFLATED_BYTES);
    }

    private boolean mayContinue(Turn turn) {
        return mayRead() && rates.isDue(turn);
    }

    private Kind kindOf(Turn turn) {
        return !rates.isPaid(Kind.PINGS) ? Kind.PINGS : rates.isDue(turn) ? Kind.INFLATED_BYTES : turn.kind();
    }

    /** Waits in the place of a read. Returns false if the limit has passed. */
    private boolean awaitReader(Turn turn, TimeLimit limit) throws IOException {
        if (mayContinue(turn)) {
            return true;
        }
        rates.throttled(kindOf(turn));
        delayed = true;
        if (!READER.compareAndSet(this, null, Thread.currentThread())) {
            throw new IllegalStateException("another thread receives: " + reader);
        }
        try {
            while (!mayContinue(turn)) {
                requireOpen();
                if (limit.hasPassed()) {
                    return false;
                }
                limit.park(this);
                requireNoInterrupt();
            }
            return true;
        } finally {
            reader = null;
        }
    }

    private void requireOpen() throws AsynchronousCloseException {
        if (rates.isOver()) {
            throw new AsynchronousCloseException();
        }
    }

    private static void requireNoInterrupt() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw Interrupts.interrupted("while a rate was exceeded");
        }
    }

    @Override
    public void tick() {
        Thread reads = reader;
        if (reads != null) {
            LockSupport.unpark(reads);
        }
        Thread writes = writer;
        if (writes != null) {
            LockSupport.unpark(writes);
        }
        UnreadListener told = listener;
        if (reportLater && told != null && mayReadAhead()) {
            reportLater = false;
            told.unread();
        }
    }

    @Override
    public boolean delayedPeer() {
        boolean was = delayed;
        delayed = reader != null || writer != null || reportLater;
        return was || delayed;
    }

    @Override
    public void liftRates() {
        if (rates.lift()) {
            tick();
        }
    }

    // Reading.

    @Override
    public boolean awaitMessage(TimeLimit limit) throws IOException {
        rates.take(messages, 1);
        boolean due = false;
        try {
            due = awaitReader(messages, limit);
            return due;
        } catch (AsynchronousCloseException e) {
            // The receive that follows finds out why.
            return true;
        } finally {
            if (!due) {
                messages.use(0);
            }
        }
    }

    @Override
    public void noMessage() {
        messages.use(0);
    }

    @Override
    public void countPing() {
        rates.pay(Kind.PINGS, 1);
    }

    @Override
    public void countInflated(int bytes) {
        rates.pay(Kind.INFLATED_BYTES, bytes);
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        if (!below.awaitReadable(limit)) {
            return false;
        }
        awaitTurn(limit);
        return true;
    }

    /** Waits for a turn to read. */
    private boolean awaitTurn(TimeLimit limit) throws IOException {
        if (readable == 0) {
            readable = rates.step(Kind.RECEIVED_BYTES);
            rates.take(bytesToRead, readable);
        }
        boolean due = false;
        try {
            due = awaitReader(bytesToRead, limit);
            return due;
        } finally {
            if (!due) {
                endTurn(0);
            }
        }
    }

    private void endTurn(int count) {
        bytesToRead.use(Math.max(0, count));
        readable = 0;
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        while (below.awaitReadable(limit)) {
            if (!awaitTurn(limit)) {
                return 0;
            }
            int count = readNow(target);
            if (count != 0 || limit.hasPassed()) {
                return count;
            }
        }
        // This transport can wait only inside a read.
        if (!awaitTurn(limit)) {
            return 0;
        }
        int count = 0;
        int end = clip(target, rates.most(readable, target.remaining()));
        try {
            count = below.read(target, limit);
            return count;
        } finally {
            target.limit(end);
            endTurn(count);
        }
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        if (readable == 0) {
            // Without a wait before it: for the rest of what a read has found.
            return mayReadAhead() ? paid(below.readNow(target)) : 0;
        }
        int count = 0;
        int end = clip(target, rates.most(readable, target.remaining()));
        try {
            count = below.readNow(target);
            return count;
        } finally {
            target.limit(end);
            endTurn(count);
        }
    }

    @Override
    public int poll(ByteBuffer target) throws IOException {
        return mayReadAhead() ? paid(below.poll(target)) : 0;
    }

    private int paid(int count) {
        if (count > 0) {
            rates.pay(Kind.RECEIVED_BYTES, count);
        }
        return count;
    }

    private boolean mayReadAhead() {
        return mayRead() && rates.isPaid(Kind.RECEIVED_BYTES);
    }

    private static int clip(ByteBuffer buffer, int most) {
        int end = buffer.limit();
        buffer.limit(buffer.position() + Math.min(buffer.remaining(), most));
        return end;
    }

    @Override
    public void onUnread(UnreadListener current) {
        listener = current;
        below.onUnread(current);
    }

    @Override
    public void reportUnread() {
        if (mayReadAhead()) {
            below.reportUnread();
        } else {
            delayed = true;
            reportLater = true;
        }
    }

    @Override
    public boolean hasUnread() {
        return reader != null || reportLater || below.hasUnread();
    }

    // Writing.

    @Override
    public void countSent(int count) {
        rates.pay(Kind.SENT_MESSAGES, count);
    }

    private boolean mayWrite() {
        return rates.isPaid(Kind.SENT_BYTES) && rates.isPaid(Kind.SENT_MESSAGES);
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        if (mayWrite()) {
            int from = source.position();
            int end = clip(source, rates.most(rates.step(Kind.SENT_BYTES), source.remaining()));
            try {
                below.writeNow(source);
            } finally {
                source.limit(end);
                rates.pay(Kind.SENT_BYTES, source.position() - from);
            }
        }
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        if (mayWrite() && first.remaining() + second.remaining() <= rates.step(Kind.SENT_BYTES)) {
            int before = first.remaining() + second.remaining();
            try {
                below.writeNow(first, second);
            } finally {
                rates.pay(Kind.SENT_BYTES, before - first.remaining() - second.remaining());
            }
        } else {
            writeNow(first);
            if (!first.hasRemaining()) {
                writeNow(second);
            }
        }
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        write(first);
        write(second);
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            int most = rates.most(rates.step(Kind.SENT_BYTES), source.remaining());
            rates.take(bytesToWrite, most);
            int from = source.position();
            int end = clip(source, most);
            try {
                awaitWriter();
                below.write(source);
            } finally {
                source.limit(end);
                bytesToWrite.use(source.position() - from);
            }
        }
    }

    private boolean isWriterDue() {
        return rates.isPaid(Kind.SENT_MESSAGES) && rates.isDue(bytesToWrite);
    }

    private void awaitWriter() throws IOException {
        if (isWriterDue()) {
            return;
        }
        rates.throttled(rates.isPaid(Kind.SENT_MESSAGES) ? Kind.SENT_BYTES : Kind.SENT_MESSAGES);
        delayed = true;
        writer = Thread.currentThread();
        try {
            while (!isWriterDue()) {
                requireOpen();
                LockSupport.park(this);
                requireNoInterrupt();
            }
        } finally {
            writer = null;
        }
    }

    /** A peer is not slow while this end waits for a rate. */
    @Override
    public byte writeProgress() {
        if (writer != null) {
            looks++;
        }
        return (byte) (below.writeProgress() + looks);
    }
}
