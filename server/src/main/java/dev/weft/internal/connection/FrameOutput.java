package dev.weft.internal.connection;

import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Builds frames in a borrowed buffer, which is given back when it is written; a large payload is written from where it
 * lies. All of it belongs to whoever has the lock of {@link SharedOutput}. With that and {@link Output} it is one object,
 * for the sake of the octets that each further one costs a connection.
 */
abstract class FrameOutput {
    /** Up to here copying a payload beside its header is cheaper than handing the network two pieces. */
    static final int COPIED = 4096;
    /** The most octets of one write, so that the write deadline sees a slow peer make progress. */
    private static final int WRITE_LENGTH = 1 << 16;
    private static final int ENCODING_OVERHEAD = 64;

    final ConnectionServices services;
    final Closing closing;
    final Deadlines deadlines;
    final Extension extension;
    private final Transport transport;
    private final FrameWriter writer;
    private final boolean masked;

    /** The frames that are built and not yet written, up to its position; {@code null} when there are none. */
    private ByteBuffer buffer;
    /** Whether frames are left in the buffer for a later write; volatile for who has not the lock. */
    volatile boolean holding;
    /** How many writes there were; wraps around. */
    short writes;

    FrameOutput(Transport transport, FrameWriter writer, boolean masked, ConnectionServices services, Closing closing,
            Deadlines deadlines, Extension extension) {
        this.transport = transport;
        this.writer = writer;
        this.masked = masked;
        this.services = services;
        this.closing = closing;
        this.deadlines = deadlines;
        this.extension = extension;
    }

    /** Whether frames are built and not yet written. */
    final boolean isBuilt() {
        return buffer != null;
    }

    /** Whether so many octets can be built without a write. */
    final boolean hasRoom(int octets) {
        if (buffer == null && octets <= services.pool().bufferSize()) {
            buffer = services.pool().borrow();
        }
        return buffer != null && octets <= buffer.remaining();
    }

    /** The most octets that messages become: what an extension cannot make shorter it makes longer, by an eighth at most. */
    final long mostBuilt(long octets) {
        return extension == null ? octets : octets + octets / 8;
    }

    /** Builds a whole message, transformed by the extension if that is to its liking, behind the frames that are built. */
    final void putMessage(Opcode opcode, byte[] payload, int from, int to) throws IOException {
        if (extension != null && extension.transforms(to - from)) {
            putTransformed(opcode, payload, from, to);
        } else {
            put(true, 0, opcode, payload, from, to);
        }
    }

    private void putTransformed(Opcode opcode, byte[] payload, int from, int to) throws IOException {
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
        put(true, extension.rsv(), opcode, encoded, 0, length);
    }

    /**
     * Builds a piece of a message in fragments, transformed: as one frame or several, or as none if there is no more to
     * say for now.
     *
     * @return the opcode of the next fragment
     */
    final Opcode putTransformedPiece(boolean fin, Opcode opcode, byte[] payload, int from, int to) throws IOException {
        // With room for octets that do not compress, so that one output empties the encoder.
        byte[] encoded = new byte[(to - from) + (to - from) / 8 + ENCODING_OVERHEAD];
        Opcode next = opcode;
        try {
            Extension.Transform encoder = extension.encoder();
            encoder.input(payload, from, to, fin);
            int count;
            do {
                count = encoder.output(encoded, 0, encoded.length);
                boolean last = count < encoded.length;
                if (count > 0 || fin && last) {
                    // RSV bits stand on the first fragment only (RFC 7692 §6).
                    put(fin && last, next == Opcode.CONTINUATION ? 0 : extension.rsv(), next, encoded, 0, count);
                    next = Opcode.CONTINUATION;
                }
            } while (count == encoded.length);
        } catch (ProtocolViolationException e) {
            throw new IllegalStateException("an encoder sees no peer's octets", e);
        }
        return next;
    }

    /** Builds a frame behind those that are built; writes these if there is no room, and the frame if it is a large one. */
    final void put(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to) throws IOException {
        int length = to - from;
        int frameLength = writer.headerLength(length) + length;
        if (buffer != null && frameLength > buffer.remaining()) {
            writeBuffer();
        }
        if (buffer == null && length <= COPIED) {
            buffer = services.pool().borrow();
        }
        if (buffer == null || length > COPIED || frameLength > buffer.remaining()) {
            writeLarge(fin, rsv, opcode, payload, from, to);
            return;
        }
        buffer.position(writer.writeFrame(buffer.array(), buffer.position(), fin, rsv, opcode, payload, from, to));
    }

    /** Writes the header, behind the frames that are built, and the payload from where it lies. */
    private void writeLarge(boolean fin, int rsv, Opcode opcode, byte[] payload, int from, int to) throws IOException {
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

    /** Writes the frames that are built. Blocks while the peer does not read. */
    final void writeBuffer() throws IOException {
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
        beginWrite();
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

    /** Writes what the network takes at once of the frames that are built; the rest is left. Does not block. */
    final void writeBufferNow() throws IOException {
        beginWrite();
        boolean well = false;
        try {
            transport.writeNow(buffer.flip());
            well = true;
        } catch (IOException e) {
            closing.breakOff(e);
            throw e;
        } finally {
            if (!well) {
                transport.close();
            }
            if (well && buffer.hasRemaining()) {
                buffer.compact();
                holding = true;
            } else {
                releaseBuffer();
            }
        }
    }

    /** Ends the connection, unless it is over. */
    final void breakOff(IOException cause) {
        closing.breakOff(cause);
        transport.close();
    }

    private void beginWrite() {
        writes++;
        if (holding) {
            holding = false;
        }
    }

    /** Drops the frames that are built and gives the buffer back. */
    final void releaseBuffer() {
        if (buffer != null) {
            services.pool().giveBack(buffer);
            buffer = null;
        }
    }
}
