package dev.weft.internal.transport;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * A non-blocking socket channel that parks the thread that would block, until its {@link Poller} sees the socket ready.
 * <p>
 * The reading side's states; the writing side has RUNNING, WAITING and CLOSED of them:
 * <pre>
 *              reader: has done its work                    poller: readable
 *   RUNNING ──────────────────────────────▶ WAITING ───────────────────────────▶ RUNNING
 *      │                                       ▲
 *      │ poller: readable, PATIENCE times      │ poller: watches the socket again
 *      │ in a row, and stops watching it       │
 *      ▼           reader: has done its work   │
 *   DISARMED ──────────────────────────────▶ REARMING
 *
 *   any ── close ──▶ CLOSED
 * </pre>
 * No wake-up is lost. The poller watches the socket in RUNNING and WAITING, and readiness is level-triggered: what it sees
 * while the reader runs, it sees again on its next look, and it looks again without blocking as long as anything is ready.
 * In DISARMED it does not watch; the reader then never goes to WAITING by itself, but asks the poller for it, whose thread
 * alone changes what is watched. A transition is one compare-and-set, so of two that race one finds its state gone and
 * looks again. A reader that is unparked for octets that it has read already finds none, and waits anew.
 */
final class ParkingTransport implements Transport {
    private static final int RUNNING = 0;
    private static final int WAITING = 1;
    private static final int DISARMED = 2;
    private static final int REARMING = 3;
    private static final int CLOSED = 4;

    /** So often a busy connection's socket is seen ready before it is no longer watched: changing that costs a system call. */
    private static final int PATIENCE = 8;

    private static final VarHandle READING;
    private static final VarHandle WRITING;

    static {
        try {
            READING = MethodHandles.lookup().findVarHandle(ParkingTransport.class, "reading", int.class);
            WRITING = MethodHandles.lookup().findVarHandle(ParkingTransport.class, "writing", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SocketChannel channel;
    private final Poller poller;
    private final SocketAddress local;
    private final SocketAddress remote;
    private volatile SelectionKey key;

    private volatile int reading = RUNNING;
    private volatile int writing = RUNNING;
    /** Who waits; written before the state says so. */
    private Thread reader;
    private Thread writer;

    /** The poller's own: whether the socket is watched for reading, and how often it was ready in vain. */
    private boolean armed = true;
    private int inVain;

    ParkingTransport(SocketChannel channel, Poller poller) throws IOException {
        this.channel = channel;
        this.poller = poller;
        this.local = channel.getLocalAddress();
        this.remote = channel.getRemoteAddress();
    }

    void registered(SelectionKey registration) {
        key = registration;
    }

    // The threads of the connection.

    @Override
    public boolean awaitReadable() throws IOException {
        reader = Thread.currentThread();
        if (!READING.compareAndSet(this, RUNNING, WAITING)) {
            if (!READING.compareAndSet(this, DISARMED, REARMING)) {
                throw new AsynchronousCloseException();
            }
            poller.request(this);
        }
        while (reading == WAITING || reading == REARMING) {
            park();
        }
        requireNotClosed(reading);
        return true;
    }

    private void awaitWritable() throws IOException {
        writer = Thread.currentThread();
        if (!WRITING.compareAndSet(this, RUNNING, WAITING)) {
            throw new AsynchronousCloseException();
        }
        poller.request(this);
        while (writing == WAITING) {
            park();
        }
        requireNotClosed(writing);
    }

    private void park() throws IOException {
        LockSupport.park(this);
        if (Thread.currentThread().isInterrupted()) {
            close();
            throw new ClosedByInterruptException();
        }
    }

    private static void requireNotClosed(int state) throws IOException {
        if (state == CLOSED) {
            throw new AsynchronousCloseException();
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int count;
        while ((count = channel.read(target)) == 0) {
            awaitReadable();
        }
        return count;
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return channel.read(target);
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        channel.write(source);
        while (source.hasRemaining()) {
            awaitWritable();
            channel.write(source);
        }
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        ByteBuffer[] both = {first, second};
        channel.write(both);
        while (first.hasRemaining() || second.hasRemaining()) {
            awaitWritable();
            channel.write(both);
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close() {
        if ((int) READING.getAndSet(this, CLOSED) == CLOSED) {
            return;
        }
        writing = CLOSED;
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is gone either way, and there is nobody left to tell.
        }
        // The selector lets go of the descriptor on its next look.
        poller.wakeUp();
        LockSupport.unpark(reader);
        LockSupport.unpark(writer);
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    // The poller's thread.

    /** The socket has octets, or their end. */
    void readable() {
        if (READING.compareAndSet(this, WAITING, RUNNING)) {
            inVain = 0;
            LockSupport.unpark(reader);
        } else if (++inVain >= PATIENCE && READING.compareAndSet(this, RUNNING, DISARMED)) {
            armed = false;
            updateInterest();
        }
    }

    /** The socket takes octets again. */
    void writable() {
        if (WRITING.compareAndSet(this, WAITING, RUNNING)) {
            LockSupport.unpark(writer);
        }
        updateInterest();
    }

    /** A reader or a writer waits for what was not watched. */
    void serveRequest() {
        if (READING.compareAndSet(this, REARMING, WAITING)) {
            armed = true;
            inVain = 0;
        }
        updateInterest();
    }

    private void updateInterest() {
        int interest = (armed ? SelectionKey.OP_READ : 0) | (writing == WAITING ? SelectionKey.OP_WRITE : 0);
        try {
            key.interestOps(interest);
        } catch (CancelledKeyException e) {
            // Closed meanwhile, which freed whoever waited.
        }
    }
}
