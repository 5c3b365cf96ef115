package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A socket channel that receives and sends by the ring of an {@link IoUringEngine}. Threads that would block park.
 * <p>
 * Threads ask the engine for something by setting a bit; the thread that sets the first bit adds this to the engine's list, so
 * that requests allocate nothing. The engine takes all bits at once.
 * <p>
 * The system holds a socket open while a request for it is in progress. So the engine closes the channel, after it has cancelled
 * what is in progress and all of that has completed. Until then the descriptor's number is not used again, so no request can
 * reach another connection.
 */
final class IoUringTransport extends NonBlockingTransport implements IoUringSocket, IoUringBuffers.Waiter {
    /** What is asked of the engine; the first four are also the kinds of requests to the system. */
    static final int RECEIVE = 1;
    static final int WATCH = 1 << 1;
    static final int SEND = 1 << 2;
    static final int WATCH_ROOM = 1 << 3;
    static final int RETRY = 1 << 4;
    private static final int OPEN = 1 << 5;
    private static final int CLOSE = 1 << 6;

    private static final AtomicIntegerFieldUpdater<IoUringTransport> ASKED = AtomicIntegerFieldUpdater
            .newUpdater(IoUringTransport.class, "asked");

    private final int descriptor;
    /** Schedules the connection's threads; {@code null} if the JDK does. */
    private final ConnectionScheduler scheduler;
    private final IoUringReader reader = new IoUringReader(this);
    private final IoUringWriter writer = new IoUringWriter(this);
    private volatile IoUringEngine engine;
    private volatile int asked;
    /** Whether the reading and the writing side are closed; the engine closes the channel later. */
    private volatile boolean sidesClosed;
    /** Set last: a close for which no stack is left can be repeated. */
    private volatile boolean closeRequested;
    /** The transport that was added to the engine's list before this one. For the list. */
    IoUringTransport next;

    // For the engine's thread.

    /** The slot in the engine's table; -1 if there is none. */
    private int slot = -1;
    /** The number of requests to the system that are in progress. */
    private int inProgress;
    private boolean closing;
    private boolean released;
    /** Where this is to be moved; {@code null} if it is not. */
    private IoUringEngine destination;
    private ConnectionScheduler example;

    IoUringTransport(SocketChannel channel, IoUringEngine engine, ConnectionScheduler scheduler) throws IOException {
        super(channel, scheduler != null);
        this.descriptor = Descriptors.of(channel);
        this.engine = engine;
        this.scheduler = scheduler;
    }

    // The threads of the connection.

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return scheduler == null ? Thread.ofVirtual() : scheduler.threadBuilder();
    }

    @Override
    public int place() {
        return engine.place();
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        reader.await(limit);
        return true;
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        int count;
        while ((count = reader.read(target)) == 0 && !limit.hasPassed()) {
            reader.await(limit);
        }
        return count;
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return reader.read(target);
    }

    /** Reads from the socket. Only if no receive is in progress. */
    int readSocket(ByteBuffer target) throws IOException {
        return receive(target);
    }

    @Override
    public void onUnread(UnreadListener listener) {
        reader.listener(listener);
    }

    @Override
    public boolean willReportUnread() {
        return reader.willReport();
    }

    @Override
    public void reportUnread() {
        reader.report();
    }

    @Override
    public void keepArrived() {
        reader.keepArrived();
    }

    @Override
    public boolean hasUnread() {
        return reader.holdsBytes() || haveArrived();
    }

    private boolean haveArrived() {
        if (!(channel instanceof OwnChannel own)) {
            return super.hasUnread();
        }
        try {
            return own.haveArrived();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        writer.write(source, null);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        writer.write(first, second);
    }

    @Override
    public boolean writesWithoutWaiting() {
        return true;
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        writer.writeSome(source, null);
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        writer.writeSome(first, second);
    }

    /** Writes to the socket what it takes at once. Only if nothing is being sent. */
    void writeSocket(ByteBuffer first, ByteBuffer second) throws IOException {
        if (second == null) {
            send(first);
        } else {
            send(first, second);
        }
    }

    @Override
    public byte writeProgress() {
        return writer.progress();
    }

    @Override
    public void retryWrite() {
        writer.retry();
    }

    @Override
    public void shutdownOutput() throws IOException {
        writer.end();
    }

    /** Shuts the socket's output down. */
    void shutdownSocket() throws IOException {
        super.shutdownOutput();
    }

    @Override
    public void close() {
        if (!closeRequested) {
            writer.close();
            reader.close();
            // The engine cancels what is in progress only after neither side can begin anything.
            sidesClosed = true;
            request(CLOSE);
            closeRequested = true;
        }
    }

    // Any thread.

    /** Asks the engine for what the bits say. Does not wait. */
    void request(int bits) {
        int before;
        do {
            before = asked;
        } while (!ASKED.compareAndSet(this, before, before | bits));
        if (before == 0) {
            IoUringEngine current = engine;
            boolean pushed = false;
            try {
                current.push(this);
                pushed = true;
            } finally {
                if (!pushed) {
                    // No stack was left for it: the next request must try again.
                    asked = 0;
                }
            }
            current.announceAdded();
        }
    }

    /** Makes the engine know this. */
    void open() {
        request(OPEN);
    }

    IoUringEngine engine() {
        return engine;
    }

    /** The buffers of the engine's ring. */
    IoUringBuffers buffers() {
        return engine.buffers();
    }

    // The engine's thread.

    int descriptor() {
        return descriptor;
    }

    /** The user data of a request to the system. */
    long key(int kind) {
        return IoUringSockets.key(slot, kind);
    }

    /** Counts a request to the system. */
    void began() {
        inProgress++;
    }

    /** Does what was asked. */
    void serve(Ring ring) throws IOException {
        int bits = ASKED.getAndSet(this, 0);
        if (slot < 0 && !released) {
            slot = engine.addSocket(this);
            engine.watchLater(this);
        }
        if (sidesClosed) {
            proceedToClose(ring);
            return;
        }
        if ((bits & SEND) != 0) {
            writer.send(ring);
        }
        if ((bits & RECEIVE) != 0) {
            reader.receive(ring);
        }
        if ((bits & WATCH) != 0) {
            reader.watch(ring);
        }
        if ((bits & WATCH_ROOM) != 0) {
            writer.watchRoom(ring);
        }
        if ((bits & RETRY) != 0) {
            writer.sendAgain(ring);
        }
    }

    @Override
    public void completed(Ring ring, int kind, int result) throws IOException {
        inProgress--;
        switch (kind) {
            case RECEIVE -> received(ring, result);
            case WATCH -> reader.watched(ring, result);
            case SEND -> writer.sent(ring, result);
            default -> writer.room(ring, result);
        }
        goOn(ring);
    }

    private void received(Ring ring, int result) throws IOException {
        if (result > 0) {
            // The bytes are in a buffer of this engine, where the reader will look for them: so this stays.
            destination = null;
            example = null;
        }
        reader.received(ring, result);
    }

    /** The engine knows that all bytes of this send at once are sent, unless it has completed. */
    void sent(Ring ring, int request) throws IOException {
        if (writer.isSending(request)) {
            inProgress--;
            writer.sentAll(ring);
            goOn(ring);
        }
    }

    /** Goes on with the close, or with the move. */
    private void goOn(Ring ring) throws IOException {
        if (sidesClosed) {
            proceedToClose(ring);
        } else if (destination != null && reader.isIdle()) {
            if (inProgress == 0) {
                move();
            } else {
                stay(ring);
            }
        }
    }

    /** Watches for bytes if no thread waits for them, and this was not moved. */
    void watch(IoUringEngine by) throws IOException {
        if (!sidesClosed && slot >= 0 && engine == by && destination == null) {
            reader.watch(by.ring());
        }
    }

    @Override
    public void receiveAgain() {
        request(RECEIVE);
    }

    private void proceedToClose(Ring ring) throws IOException {
        if (!closing) {
            writer.finish(ring);
            reader.cancel(ring);
            closing = true;
        }
        if (inProgress == 0 && !released) {
            released = true;
            engine.removeSocket(slot);
            closeChannel();
        }
    }

    /** Closes this; if it is being closed, tries again. */
    @Override
    public void fail() {
        if (sidesClosed) {
            request(CLOSE);
        } else {
            close();
        }
    }

    /** Ends this although requests may be in progress, because the engine has ended. */
    void abandon() {
        writer.close();
        reader.close();
        sidesClosed = true;
        closeChannel();
    }

    // Moving.

    /** Whether this engine must serve this; it may have been moved to another one. */
    boolean isAt(IoUringEngine other) {
        return engine == other;
    }

    /**
     * Begins to move this to another engine, if a reader waits and nothing is being sent: cancels what is in progress, and moves
     * when that has completed, unless bytes arrive first, or a send begins.
     *
     * @return whether it was begun
     */
    boolean moveTo(Ring ring, IoUringEngine other, ConnectionScheduler with) throws IOException {
        if (sidesClosed || destination != null || slot < 0 || !reader.mayMove() || !writer.isIdle()) {
            return false;
        }
        destination = other;
        example = with;
        reader.cancel(ring);
        return true;
    }

    /** Whether a cancelled receive must not be repeated here. */
    boolean isMoving() {
        return destination != null;
    }

    /** Something else has begun meanwhile, such as a send, and may take as long as the peer likes. */
    private void stay(Ring ring) throws IOException {
        destination = null;
        example = null;
        if (reader.isReceiving()) {
            reader.receive(ring);
        } else {
            engine.watchLater(this);
        }
    }

    private void move() {
        IoUringEngine other = destination;
        destination = null;
        engine.removeSocket(slot);
        slot = -1;
        scheduler.joinLoopOf(example);
        example = null;
        engine = other;
        other.adopt();
        request(reader.isReceiving() ? OPEN | RECEIVE : OPEN);
    }
}
