package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LayeredTransport;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
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
 * not wait: it finds nothing until the rates allow it, and is then told that there is something.
 */
public final class LimitedTransport implements LayeredTransport {
    /** The maximum number of bytes that one read or write takes from a rate. */
    private static final int MOST_BYTES = 1 << 17;
    /** A rate is used in parts of a second that are no longer than one in this number. */
    private static final int PARTS = 4;

    private static final AtomicReferenceFieldUpdater<LimitedTransport, Thread> READER = AtomicReferenceFieldUpdater
            .newUpdater(LimitedTransport.class, Thread.class, "reader");
    private static final AtomicReferenceFieldUpdater<LimitedTransport, Object> COUNTED = AtomicReferenceFieldUpdater
            .newUpdater(LimitedTransport.class, Object.class, "counted");
    /** Replaces the entry of a closed transport. */
    private static final Object CLOSED = new Object();

    private final Transport below;
    private final ServerRates shared;
    /** {@code null} if this connection has no rates of its own. */
    private final Rates own;

    /** The {@link AddressTable.Entry} for which this is counted, {@code null}, or {@link #CLOSED}. */
    private volatile Object counted;
    /** For the session's thread: the address of the entry. */
    private InetAddress countedAddress;
    /** Whether the rates of the server apply: not to trusted networks. */
    private volatile boolean exempt;
    private volatile boolean lifted;
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
        this.shared = shared;
        this.own = shared.newConnection();
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

    // Who is counted.

    /** Whether this is counted for that address. For the session's thread. */
    public boolean isCountedFor(InetAddress address) {
        return address.equals(countedAddress);
    }

    /** Counts this for an entry from now on, instead of another one, until it is closed. For the session's thread. */
    public void countFor(AddressTable.Entry entry, InetAddress address) {
        exempt = false;
        change(entry, address);
    }

    /** From now on, this is not counted, and the rates of addresses and of the server do not apply. */
    public void exempt() {
        exempt = true;
        change(null, null);
    }

    private void change(AddressTable.Entry entry, InetAddress address) {
        Object before = counted;
        if (before != CLOSED && COUNTED.compareAndSet(this, before, entry)) {
            countedAddress = address;
            leave(before);
        } else {
            leave(entry);
        }
    }

    private void leave(Object entry) {
        if (entry instanceof AddressTable.Entry left) {
            shared.addresses().leave(left);
        }
    }

    @Override
    public void close() {
        try {
            below.close();
        } finally {
            leave(COUNTED.getAndSet(this, CLOSED));
            LockSupport.unpark(reader);
            LockSupport.unpark(writer);
        }
    }

    private Rates address() {
        return counted instanceof AddressTable.Entry entry ? entry.rates() : null;
    }

    private Rates total() {
        return exempt ? null : shared.total();
    }

    // Waiting.

    @Override
    public boolean hasRates() {
        return true;
    }

    private void take(Turn turn, long tokens) {
        turn.take(tokens, shared.now(), own, address(), total());
    }

    /** Whether nothing is owed: rates of which tokens are taken afterwards. */
    private boolean isPaid(Kind kind) {
        long now = shared.now();
        return lifted || isPaid(own, kind, now) && isPaid(address(), kind, now) && isPaid(total(), kind, now);
    }

    private static boolean isPaid(Rates rates, Kind kind, long now) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        return bucket == null || bucket.isPaid(now);
    }

    /** Takes tokens for what has happened. */
    private void pay(Kind kind, int tokens) {
        long now = shared.now();
        pay(own, kind, tokens, now);
        pay(address(), kind, tokens, now);
        pay(total(), kind, tokens, now);
    }

    private static void pay(Rates rates, Kind kind, int tokens, long now) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        if (bucket != null) {
            bucket.take(tokens, now);
        }
    }

    /** The number of bytes that one step takes: a part of a second's, so that no rate is exceeded for long. */
    private int step(Kind kind) {
        return (int) Math.min(step(own, kind), Math.min(step(address(), kind), step(total(), kind)));
    }

    private static long step(Rates rates, Kind kind) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        return bucket == null ? MOST_BYTES : Math.clamp(bucket.perSecond() / PARTS, 1, MOST_BYTES);
    }

    private boolean isDue(Turn turn) {
        return lifted || turn.isDue(shared.now());
    }

    private boolean mayRead() {
        return isPaid(Kind.PINGS) && isPaid(Kind.INFLATED_BYTES);
    }

    private boolean mayContinue(Turn turn) {
        return mayRead() && isDue(turn);
    }

    private Kind kindOf(Turn turn) {
        return !isPaid(Kind.PINGS) ? Kind.PINGS : isDue(turn) ? Kind.INFLATED_BYTES : turn.kind();
    }

    /** Waits in the place of a read. Returns false if the limit has passed. */
    private boolean awaitReader(Turn turn, TimeLimit limit) throws IOException {
        if (mayContinue(turn)) {
            return true;
        }
        shared.throttles().count(kindOf(turn));
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
        if (counted == CLOSED) {
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
        if (!lifted) {
            lifted = true;
            tick();
        }
    }

    // Reading.

    @Override
    public boolean awaitMessage(TimeLimit limit) throws IOException {
        take(messages, 1);
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
        pay(Kind.PINGS, 1);
    }

    @Override
    public void countInflated(int bytes) {
        pay(Kind.INFLATED_BYTES, bytes);
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
            readable = step(Kind.RECEIVED_BYTES);
            take(bytesToRead, readable);
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
        int end = clip(target, lifted ? MOST_BYTES : readable);
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
        int end = clip(target, lifted ? MOST_BYTES : readable);
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
            pay(Kind.RECEIVED_BYTES, count);
        }
        return count;
    }

    private boolean mayReadAhead() {
        return mayRead() && isPaid(Kind.RECEIVED_BYTES);
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
        pay(Kind.SENT_MESSAGES, count);
    }

    private boolean mayWrite() {
        return isPaid(Kind.SENT_BYTES) && isPaid(Kind.SENT_MESSAGES);
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        if (mayWrite()) {
            int from = source.position();
            int end = clip(source, lifted ? source.remaining() : step(Kind.SENT_BYTES));
            try {
                below.writeNow(source);
            } finally {
                source.limit(end);
                pay(Kind.SENT_BYTES, source.position() - from);
            }
        }
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        if (mayWrite() && first.remaining() + second.remaining() <= step(Kind.SENT_BYTES)) {
            int before = first.remaining() + second.remaining();
            try {
                below.writeNow(first, second);
            } finally {
                pay(Kind.SENT_BYTES, before - first.remaining() - second.remaining());
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
            int most = lifted ? source.remaining() : Math.min(source.remaining(), step(Kind.SENT_BYTES));
            take(bytesToWrite, most);
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
        return isPaid(Kind.SENT_MESSAGES) && isDue(bytesToWrite);
    }

    private void awaitWriter() throws IOException {
        if (isWriterDue()) {
            return;
        }
        shared.throttles().count(isPaid(Kind.SENT_MESSAGES) ? Kind.SENT_BYTES : Kind.SENT_MESSAGES);
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
