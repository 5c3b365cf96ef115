package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends frames, from any thread, one whole frame after another. Frames are built in a borrowed buffer, which is given back
 * when it is written; a large payload is written from where it lies. A frame may be held back in the buffer, to leave with
 * the next ones in one write; {@link FlushGuard} bounds how long.
 */
final class Output {
    /** Up to here copying a payload beside its header is cheaper than handing the network two pieces. */
    private static final int COPIED = 4096;
    /** The most octets of one write, so that the write deadline sees a slow peer make progress. */
    private static final int WRITE_LENGTH = 1 << 16;
    private static final long STREAM_CHECK_MILLIS = 100;
    private static final byte[] NO_PAYLOAD = {};

    /** So many answers to pings wait for the lock; of more, only the newest. */
    private static final int MOST_UNSENT_PONGS = 16;

    private static final VarHandle UNSENT_PONGS;

    static {
        try {
            UNSENT_PONGS = MethodHandles.lookup().findVarHandle(Output.class, "unsentPongs", UnsentPong.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Transport transport;
    private final FrameWriter writer;
    private final boolean masked;
    private final BufferPool pool;
    private final Closing closing;
    private final Deadlines deadlines;
    private final FlushGuard guard;
    private final Extension extension;

    /** Fair, so that no stream of messages keeps a Close frame or a ping waiting. */
    private final ReentrantLock lock = new ReentrantLock(true);
    /** The answers to the newest pings, the newest first, if they came while another thread had the lock. */
    private volatile UnsentPong unsentPongs;
    /** What is held back, up to its position; {@code null} when nothing is. */
    private ByteBuffer buffer;
    /** Whether frames are held back; told apart from a buffer that is being written, for who has not the lock. */
    private volatile boolean holding;
    /** The message that is sent in fragments; other messages wait for its end. */
    private Streaming streaming;

    /** The next in the guard's list, and what the guard compares. */
    Output nextHeld;
    private boolean watched;
    private short flushes;
    private short flushesWhenWatched;

    /** A pong, those before it, and how many they are. */
    private record UnsentPong(byte[] payload, UnsentPong before, int count) {}

    /** Who sends a message in fragments, and what is signalled at its end. */
    private record Streaming(Thread sender, Condition ended) {}

    Output(Transport transport, FrameWriter writer, boolean masked, BufferPool pool, Closing closing,
            Deadlines deadlines, FlushGuard guard, Extension extension) {
        this.transport = transport;
        this.writer = writer;
        this.masked = masked;
        this.pool = pool;
        this.closing = closing;
        this.deadlines = deadlines;
        this.guard = guard;
        this.extension = extension;
    }

    /** Sends a message as one frame; waits for the end of a message that is being sent in fragments. */
    void message(Opcode opcode, byte[] payload, int from, int to, boolean hold) throws IOException {
        lock.lock();
        try {
            awaitStreamEnd();
            requireOpen();
            if (extension != null && extension.transforms(to - from)) {
                transformed(opcode, payload, from, to, hold);
            } else {
                frame(true, 0, opcode, payload, from, to, hold);
            }
        } finally {
            unlock();
        }
    }

    /** Begins a message in fragments; the calling thread must end it. */
    void beginStream() throws IOException {
        lock.lock();
        try {
            awaitStreamEnd();
            requireOpen();
            streaming = new Streaming(Thread.currentThread(), lock.newCondition());
        } finally {
            unlock();
        }
    }

    /** Sends a fragment of the message that was begun. */
    void fragment(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to) throws IOException {
        lock.lock();
        try {
            requireOpen();
            frame(fin, rsv, opcode, payload, from, to, false);
        } finally {
            unlock();
        }
    }

    /** Lets other messages go again. */
    void endStream() {
        lock.lock();
        try {
            Streaming ended = streaming;
            streaming = null;
            ended.ended().signalAll();
        } finally {
            unlock();
        }
    }

    /** Sends a ping or pong that the user asked for, even between the fragments of a message. */
    void control(Opcode opcode, byte[] payload) throws IOException {
        lock.lock();
        try {
            requireOpen();
            frame(true, 0, opcode, payload, 0, payload.length, false);
        } finally {
            unlock();
        }
    }

    /** Sends the sweeper's ping. */
    void keepAlive() throws IOException {
        lock.lock();
        try {
            requireOpen();
            deadlines.pinging();
            frame(true, 0, Opcode.PING, NO_PAYLOAD, 0, 0, false);
        } finally {
            unlock();
        }
    }

    /** Answers a ping, unless our Close frame went. For the connection's own thread. */
    void pong(byte[] payload, int from, int to, boolean hold) throws IOException {
        if (unsentPongs != null || !lock.tryLock()) {
            leaveUnsent(Arrays.copyOfRange(payload, from, to));
            sendUnsentPongs();
            return;
        }
        try {
            if (closing.isOpen()) {
                frame(true, 0, Opcode.PONG, payload, from, to, hold);
            }
        } finally {
            unlock();
        }
    }

    /**
     * Receiving goes on while another thread's frame is on its way. Most are gone at once, so no ping is left without its
     * answer; if one is stuck, the newest ping suffices (§5.5.3).
     */
    private void leaveUnsent(byte[] payload) {
        UnsentPong before;
        UnsentPong pong;
        do {
            before = unsentPongs;
            pong = before == null || before.count == MOST_UNSENT_PONGS
                    ? new UnsentPong(payload, null, 1)
                    : new UnsentPong(payload, before, before.count + 1);
        } while (!UNSENT_PONGS.compareAndSet(this, before, pong));
    }

    /** Whoever lets the lock go sends the pongs that did not wait for it. */
    private void unlock() {
        lock.unlock();
        sendUnsentPongs();
    }

    private void sendUnsentPongs() {
        while (unsentPongs != null && lock.tryLock()) {
            try {
                UnsentPong newest = (UnsentPong) UNSENT_PONGS.getAndSet(this, null);
                if (newest != null && closing.isOpen()) {
                    send(newest, false);
                }
            } catch (IOException e) {
                // It is noted as the connection's end.
            } finally {
                lock.unlock();
            }
        }
    }

    /** Sends the oldest first, and all in one write. */
    private void send(UnsentPong pong, boolean hold) throws IOException {
        if (pong.before != null) {
            send(pong.before, true);
        }
        frame(true, 0, Opcode.PONG, pong.payload, 0, pong.payload.length, hold);
    }

    /** Sends our Close frame, unless it went or the connection is over: true if this call sent it. */
    boolean close(CloseReason reason) throws IOException {
        lock.lock();
        try {
            // Claimed under the lock: no frame may follow (§5.5.1).
            if (!closing.send(reason)) {
                return false;
            }
            deadlines.closing();
            byte[] payload = ClosePayload.encode(reason);
            frame(true, 0, Opcode.CLOSE, payload, 0, payload.length, false);
            return true;
        } catch (IOException e) {
            closing.sendFailed(e);
            throw e;
        } finally {
            unlock();
        }
    }

    /** Notes the peer's Close frame and answers it. */
    void answerClose(CloseReason reason) {
        closing.receive(reason);
        try {
            // §5.5.1: as soon as practical, with the code that came.
            close(new CloseReason(reason.code(), ""));
        } catch (IOException e) {
            // The peer did not stay for the answer: noted, and no reason to withhold what he said.
        }
    }

    /** Sends what is held back; does not wait behind another thread's frame when nothing is. */
    void flush() throws IOException {
        if (!holding) {
            return;
        }
        lock.lock();
        try {
            writeBuffer();
        } finally {
            unlock();
        }
    }

    /** The connection is over and its transport closed. */
    void end() {
        lock.lock();
        try {
            if (extension != null) {
                extension.encoder().close();
            }
        } finally {
            unlock();
        }
    }

    /** The guard's flush: whoever uses the connection next meets the dead wire himself. */
    void flushQuietly() {
        try {
            flush();
        } catch (IOException e) {
            // It is noted as the connection's end.
        }
    }

    /** Asked by the guard, which took this off its list: whether the frames that were held back then still are. */
    boolean isOverdue() {
        if (!lock.tryLock()) {
            guard.watch(this);
            return false;
        }
        try {
            boolean overdue = holding && flushes == flushesWhenWatched;
            watched = false;
            if (holding && !overdue) {
                watch();
            }
            return overdue;
        } finally {
            unlock();
        }
    }

    private void frame(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to, boolean hold)
            throws IOException {
        int length = to - from;
        int frameLength = writer.headerLength(length) + length;
        if (buffer != null && frameLength > buffer.remaining()) {
            writeBuffer();
        }
        if (buffer == null && length <= COPIED) {
            buffer = pool.borrow();
        }
        if (buffer == null || length > COPIED || frameLength > buffer.remaining()) {
            largeFrame(fin, rsv, opcode, payload, from, to);
            return;
        }
        buffer.position(writer.writeFrame(buffer.array(), buffer.position(), fin, rsv, opcode, payload, from, to));
        if (!hold) {
            writeBuffer();
            return;
        }
        holding = true;
        if (!watched) {
            watch();
        }
    }

    private void transformed(Opcode opcode, byte[] payload, int from, int to, boolean hold) throws IOException {
        byte[] encoded = new byte[Math.max(64, to - from)];
        int length = 0;
        try {
            Extension.Transform encoder = extension.encoder();
            encoder.input(payload, from, to, true);
            while (true) {
                length += encoder.output(encoded, length, encoded.length);
                if (length < encoded.length) {
                    break;
                }
                encoded = Arrays.copyOf(encoded, 2 * encoded.length);
            }
        } catch (ProtocolViolationException e) {
            throw new IllegalStateException("an encoder sees no peer's octets", e);
        }
        frame(true, extension.rsv(), opcode, encoded, 0, length, hold);
    }

    /** Writes the header, behind what is held back, and the payload from where it lies. */
    private void largeFrame(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to) throws IOException {
        byte[] header = new byte[FrameHeader.MAX_LENGTH];
        int headerLength = writer.writeHeader(header, 0, fin, rsv, opcode, to - from);
        ByteBuffer head = ByteBuffer.wrap(header, 0, headerLength);
        if (buffer != null && buffer.remaining() >= headerLength) {
            head = buffer.put(head).flip();
        } else {
            writeBuffer();
        }
        try {
            int at = from;
            do {
                int end = at + Math.min(to - at, WRITE_LENGTH);
                write(head, masked ? maskedCopy(payload, at, end) : ByteBuffer.wrap(payload, at, end - at));
                at = end;
            } while (at < to);
        } finally {
            releaseBuffer();
        }
    }

    private ByteBuffer maskedCopy(byte[] payload, int from, int to) {
        byte[] copy = new byte[to - from];
        System.arraycopy(payload, from, copy, 0, copy.length);
        writer.mask(copy, 0, copy.length);
        return ByteBuffer.wrap(copy);
    }

    private void writeBuffer() throws IOException {
        if (buffer == null) {
            return;
        }
        try {
            write(buffer.flip(), null);
        } finally {
            releaseBuffer();
        }
    }

    private void write(ByteBuffer first, ByteBuffer second) throws IOException {
        flushes++;
        if (holding) {
            holding = false;
        }
        deadlines.writing();
        boolean whole = false;
        try {
            if (second == null) {
                transport.write(first);
            } else {
                transport.write(first, second);
            }
            whole = true;
        } catch (IOException e) {
            // Before the transport is closed, whose reader would give a lesser reason.
            closing.breakOff(e);
            throw e;
        } finally {
            deadlines.written();
            if (!whole) {
                // Half a frame went: nothing may follow it, and the thread that reads is to know.
                transport.close();
            }
        }
    }

    private void releaseBuffer() {
        if (buffer != null) {
            pool.giveBack(buffer);
            buffer = null;
        }
    }

    private void watch() {
        watched = true;
        flushesWhenWatched = flushes;
        guard.watch(this);
    }

    private void requireOpen() throws IOException {
        if (!closing.isOpen()) {
            throw closing.exception();
        }
    }

    private void awaitStreamEnd() throws IOException {
        while (streaming != null) {
            if (streaming.sender() == Thread.currentThread()) {
                throw new IllegalStateException("this thread has a streamed message open");
            }
            requireOpen();
            try {
                // Not for ever: an abort takes no lock and so cannot signal.
                streaming.ended().await(STREAM_CHECK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException("interrupted while another thread's message goes out");
            }
        }
    }
}
