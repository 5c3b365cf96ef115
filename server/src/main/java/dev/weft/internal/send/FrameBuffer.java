package dev.weft.internal.send;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * Builds frames in a borrowed buffer and writes them; a large payload is written from the caller's array. Every method is for
 * the thread that holds the lock of {@link FrameSender}, except {@link #waitingBytes()} and {@link #isStuck}.
 * <p>
 * A parameter of each method that may write says whether it may wait for the network. If it may not, or its thread is
 * interrupted while it waits, the bytes that the network did not take are kept: then this buffer is <i>behind</i>, and these
 * bytes are counted in the budget until they are written. Bytes that the network takes at once are never counted.
 */
final class FrameBuffer {
    /** Up to this length, copying a payload next to its header is cheaper than writing two pieces. */
    static final int COPIED = 4096;
    /** The maximum number of bytes of one write: the JDK first copies them to memory outside the heap. */
    private static final int WRITE_LENGTH = 1 << 16;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Transport transport;
    private final FrameWriter writer;
    private final Extension extension;
    private final BufferPool pool;
    private final ClosingHandshake closing;
    private final Deadlines deadlines;
    private final SendLock lock;

    /** The frames that are built and not yet written, up to its position; {@code null} when there are none. */
    private ByteBuffer buffer;
    /** Frames that follow those in the buffer and did not fit in it, from its position; {@code null} when there are none. */
    private ByteBuffer rest;
    /** Messages that follow those and whose frames are not built yet; {@code null} when there are none. */
    private HeldMessages held;
    /** The number of bytes counted in the budget; not 0 while this buffer is behind. */
    private volatile int counted;
    /** When this buffer fell behind, or last made progress; 0 while it is not behind. */
    private volatile int behindSince;
    private boolean closeBuilt;
    /** Set when a frame or an accepted message was lost: nothing may follow it, even if the transport could not be closed. */
    private volatile boolean broken;
    /** The number of messages that end in frames built since the last write. */
    private byte messages;
    /** The numbers of writes, and of whole messages that were added; they wrap around. */
    private short writes;
    private short additions;

    FrameBuffer(Transport transport, FrameWriter writer, Extension extension, BufferPool pool, ClosingHandshake closing,
            Deadlines deadlines, SendLock lock) {
        this.transport = transport;
        this.writer = writer;
        this.extension = extension;
        this.pool = pool;
        this.closing = closing;
        this.deadlines = deadlines;
        this.lock = lock;
    }

    /** The transport that frames are written to. */
    Transport transport() {
        return transport;
    }

    /** The connection's deadlines. */
    Deadlines deadlines() {
        return deadlines;
    }

    /** Whether everything that was passed to this buffer is written. */
    boolean isEmpty() {
        return buffer == null && rest == null && held == null;
    }

    /** Whether the network has not yet taken everything that was written to it. */
    boolean isBehind() {
        return counted != 0;
    }

    /** Bytes that wait for the network. For any thread. */
    int waitingBytes() {
        return counted;
    }

    /** Whether bytes have waited for this long without the network taking any of them. For any thread. */
    boolean isStuck(Duration atLeast) {
        int since = behindSince;
        return since != 0 && millis() - since >= atLeast.toMillis()
                && deadlines.isWithoutProgress(transport.writeProgress());
    }

    /** The number of writes; wraps around. A thread without the lock may see an older one. */
    short writes() {
        return writes;
    }

    /** The number of whole messages that were built or held back; as {@link #writes()}. */
    short additions() {
        return additions;
    }

    /** See {@link dev.weft.internal.Prefetch}. */
    int prefetch() {
        return counted + transport.place() + (extension == null ? 0 : extension.prefetch());
    }

    /** Builds our Close frame, which is the last frame. */
    void close(byte[] payload, boolean wait) throws IOException {
        frame(true, 0, Opcode.CLOSE, payload, 0, payload.length, wait);
        // Set only now: building the frame may have written earlier frames first, to make room.
        closeBuilt = true;
        noteWrittenClose();
    }

    /** Whether our Close frame is built: nothing may follow it. */
    boolean isClosed() {
        return closeBuilt;
    }

    /** Whether the extension transforms a message of this length, or of unknown length: -1. */
    boolean transforms(int length) {
        return extension != null && extension.transforms(length);
    }

    /**
     * Builds a whole message as one frame, transformed by the extension if the extension applies to this message.
     *
     * @param shared whose bytes these are, or {@code null} if they are of this connection alone
     * @param hold   whether it is held back: then the frame of a shared message is built later
     */
    void message(Opcode opcode, byte[] payload, int from, int to, SharedMessage shared, boolean hold, boolean wait)
            throws IOException {
        additions++;
        if (hold && shared != null && holdUnbuilt(opcode, shared)) {
            return;
        }
        buildHeld(wait);
        if (!transforms(to - from)) {
            frame(true, 0, opcode, payload, from, to, wait);
        } else if (shared == null) {
            transformed().message(opcode, payload, from, to, wait);
        } else {
            transformed().message(opcode, shared, wait);
        }
    }

    /** Holds back a message if its frame fits in the buffer after those that are held back already. */
    private boolean holdUnbuilt(Opcode opcode, SharedMessage message) {
        int length = message.bytes().length;
        int frameLength = writer.headerLength(length) + length;
        int before = held == null ? 0 : held.bytes();
        if (length > COPIED || frameLength + before > pool.bufferSize() || !hasRoom(frameLength + before)
                || held != null && held.isFull()) {
            return false;
        }
        if (held == null) {
            held = new HeldMessages();
        }
        held.add(opcode, message, frameLength);
        return true;
    }

    /** Builds the frames of the messages that are held back, before anything that follows them. */
    private void buildHeld(boolean wait) throws IOException {
        HeldMessages all = held;
        if (all != null) {
            held = null;
            all.buildIn(this, wait);
        }
    }

    /**
     * Builds a piece of a message: as one fragment, or, if the extension transforms the message, as any number of fragments.
     *
     * @return the opcode of the next fragment
     */
    Opcode fragment(boolean fin, boolean transformed, Opcode opcode, byte[] payload, int from, int to, boolean wait)
            throws IOException {
        buildHeld(wait);
        if (transformed) {
            return transformed().piece(fin, opcode, payload, from, to, wait);
        }
        frame(fin, 0, opcode, payload, from, to, wait);
        return Opcode.CONTINUATION;
    }

    private TransformedFrames transformed() {
        return new TransformedFrames(this, extension, lock, pool.traffic());
    }

    /**
     * Ends the connection, which cannot continue: nothing more is sent or received. That needs no memory; only the exception
     * does, which is the reason and is returned. For any thread.
     */
    IOException breakOff(String why, Throwable cause) {
        broken = true;
        IOException reason = null;
        try {
            reason = new IOException(why, cause);
        } finally {
            try {
                closing.breakOff(reason);
            } finally {
                transport.close();
            }
        }
        return reason;
    }

    /** Ends the connection after a part of a frame may have been written, or frames of accepted messages were lost. */
    private void fail() {
        try {
            breakOff("a frame could not be written", null);
        } finally {
            release();
        }
    }

    /** Builds a frame after those already built. If there is no room, writes those first. A large frame is written at once. */
    void frame(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to, boolean wait) throws IOException {
        buildHeld(wait);
        if (fin && !opcode.isControl() && ++messages == Byte.MAX_VALUE) {
            countSent(0);
        }
        int length = to - from;
        int frameLength = writer.headerLength(length) + length;
        if (length > COPIED || frameLength > pool.bufferSize()) {
            largeFrame(fin, rsv, opcode, payload, from, to, wait);
            return;
        }
        if (!hasRoom(frameLength)) {
            flush(wait);
        }
        if (!hasRoom(frameLength)) {
            keep(fin, rsv, opcode, payload, from, to);
            return;
        }
        if (buffer == null) {
            buffer = pool.lend(transport.place());
        }
        buffer.position(writer.writeFrame(buffer.array(), buffer.position(), fin, rsv, opcode, payload, from, to));
    }

    private boolean hasRoom(int bytes) {
        return rest == null && (buffer == null || bytes <= buffer.remaining());
    }

    /** Writes the header, after the frames that are built, and the payload from its own array. */
    private void largeFrame(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to, boolean wait)
            throws IOException {
        if (!hasRoom(FrameHeader.MAX_LENGTH)) {
            flush(wait);
        }
        if (!hasRoom(FrameHeader.MAX_LENGTH)) {
            keep(fin, rsv, opcode, payload, from, to);
            return;
        }
        ByteBuffer head = buffer == null ? ByteBuffer.allocate(FrameHeader.MAX_LENGTH) : buffer;
        head.position(writer.writeHeader(head.array(), head.position(), fin, rsv, opcode, to - from));
        head.flip();
        boolean written = false;
        try {
            int at = from;
            ByteBuffer piece;
            do {
                int end = at + Math.min(to - at, WRITE_LENGTH);
                piece = PayloadCopies.piece(writer, payload, at, end);
                write(head, piece, wait);
                lock.spend(end - at, wait);
                at = end;
            } while (at < to && !head.hasRemaining() && !piece.hasRemaining());
            keepWhatIsLeft(head, piece, payload, at, to);
            written = true;
        } finally {
            if (!written) {
                fail();
            }
        }
    }

    /** Copies the part of the payload that the network did not take, because the array belongs to the caller. */
    private void keepWhatIsLeft(ByteBuffer head, ByteBuffer piece, byte[] payload, int from, int to) {
        rest = PayloadCopies.rest(head == buffer ? NOTHING : head, piece, writer, payload, from, to);
        settle();
    }

    /** Appends the frame to the bytes that are kept, because the network has not taken everything and there is no room. */
    private void keep(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to) {
        int before = rest == null ? 0 : rest.remaining();
        ByteBuffer kept = ByteBuffer.allocate(before + writer.headerLength(to - from) + to - from);
        if (rest != null) {
            kept.put(rest);
        }
        rest = kept.position(writer.writeFrame(kept.array(), before, fin, rsv, opcode, payload, from, to)).flip();
        countAs(bufferedBytes());
    }

    /** Writes the frames that are built, as far as the network takes them. */
    void flush(boolean wait) throws IOException {
        if (isEmpty()) {
            return;
        }
        boolean written = false;
        try {
            buildHeld(wait);
            write(buffer == null ? NOTHING : buffer.flip(), rest, wait);
            settle();
            written = true;
        } finally {
            if (!written) {
                fail();
            }
        }
    }

    /** After a write: returns empty buffers to the pool, and counts the others. */
    private void settle() {
        if (buffer != null) {
            if (buffer.hasRemaining()) {
                buffer.compact();
            } else {
                pool.takeBack(buffer, transport.place());
                buffer = null;
            }
        }
        if (rest != null && !rest.hasRemaining()) {
            rest = null;
        }
        countAs(bufferedBytes());
        noteWrittenClose();
    }

    private void noteWrittenClose() {
        if (closeBuilt && isEmpty()) {
            closing.written();
        }
    }

    private int bufferedBytes() {
        return (buffer == null ? 0 : buffer.capacity()) + (rest == null ? 0 : rest.capacity());
    }

    private void countAs(int now) {
        int before = counted;
        if (now != before) {
            if (now > before) {
                pool.budget().takeRegardless(now - before);
            } else {
                pool.budget().giveBack(before - now);
            }
            counted = now;
        }
        if (now == 0) {
            if (behindSince != 0) {
                behindSince = 0;
            }
        } else {
            behindSince = millis();
        }
    }

    /** A time for {@link #behindSince}; never 0. */
    private static int millis() {
        return (int) (System.nanoTime() / 1_000_000) | 1;
    }

    private void write(ByteBuffer first, ByteBuffer second, boolean wait) throws IOException {
        writes++;
        int bytes = remaining(first, second);
        boolean well = false;
        try {
            if (broken) {
                throw new IOException("frames before this one were lost");
            }
            if (transport.writesWithoutWaiting()) {
                writeNow(first, second);
            }
            if (wait && remaining(first, second) > 0) {
                await(first, second);
            }
            well = true;
        } catch (IOException e) {
            // Before the transport is closed: otherwise its reader would report a less precise reason.
            closing.breakOff(e);
            throw e;
        } finally {
            broken |= !well;
            countSent(bytes - remaining(first, second));
            if (!well) {
                // Part of a frame may have been written: nothing may follow it, and the reading thread must notice.
                transport.close();
            }
        }
    }

    private void countSent(int bytes) {
        pool.traffic().sent(transport.place(), messages, bytes);
        if (messages > 0) {
            transport.countSent(messages);
            messages = 0;
        }
    }

    private static int remaining(ByteBuffer first, ByteBuffer second) {
        return first.remaining() + (second == null ? 0 : second.remaining());
    }

    private void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        if (second == null) {
            transport.writeNow(first);
        } else {
            transport.writeNow(first, second);
        }
    }

    private void await(ByteBuffer first, ByteBuffer second) throws IOException {
        // Everything that waits is counted, except the caller's own array.
        countAs(Math.max(1, bufferedBytes()));
        Object recorded = NetworkWait.begin(deadlines);
        try {
            if (second == null) {
                transport.write(first);
            } else {
                transport.write(first, second);
            }
        } catch (InterruptedIOException e) {
            if (!transport.writesWithoutWaiting()) {
                throw e;
            }
        } finally {
            NetworkWait.end(recorded, deadlines, transport);
            lock.turnIsOver();
        }
    }

    /** Drops the frames that are built, and ends the extension's encoder. Called when the connection has ended. */
    void end() {
        release();
        if (extension != null) {
            extension.encoder().close();
        }
    }

    /** Drops the frames that are built and returns the buffer to the pool. */
    void release() {
        if (buffer != null) {
            pool.takeBack(buffer, transport.place());
            buffer = null;
        }
        rest = null;
        held = null;
        countAs(0);
    }
}
