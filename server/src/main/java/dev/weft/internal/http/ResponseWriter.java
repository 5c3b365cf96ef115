package dev.weft.internal.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.time.TurnQuota;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Writes one response. A streamed body is sent in pieces: each time a buffer is full, or on a flush. If the length is not
 * known, each piece is one chunk. No buffer is held between two pieces. For the session's thread.
 */
public final class ResponseWriter {
    /** The session's part in streaming a body: called around the writes. */
    public interface Pace {
        /** Called before a write, which waits for the client. */
        void writes();

        /** Called after a write, when the application continues. */
        void produces();
    }

    /** The application failed to write the body. */
    public static final class BodyFailedException extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean begun;

        private BodyFailedException(Throwable cause, boolean begun) {
            super(cause);
            this.begun = begun;
        }

        /**
         * Whether something has been sent: after that, the only way to report a failure to the client is to cut off the
         * response.
         */
        public boolean isBegun() {
            return begun;
        }
    }

    /** Room for the hexadecimal digits of an int and a line end. */
    private static final int SIZE_ROOM = 10;
    /** Room for the line end after a chunk, and for the last chunk. */
    private static final int END_ROOM = 7;
    /** The size of the buffer that is used when the budget is spent. */
    private static final int SMALL = 1024;
    private static final byte[] NOTHING = {};
    private static final byte[] LINE_END = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(US_ASCII);

    private final Transport transport;
    private final BufferPool pool;
    private final Pace pace;
    private long written;

    /** A writer to this transport. */
    public ResponseWriter(Transport transport, BufferPool pool, Pace pace) {
        this.transport = transport;
        this.pool = pool;
        this.pace = pace;
    }

    /**
     * Writes a response. Waits as long as the client does not read.
     *
     * @param head     the encoded head
     * @param headOnly whether the request was a HEAD, so that the body is not sent (RFC 9110 §9.3.2)
     * @param chunked  whether a body of unknown length is sent in chunks, and not up to the end of the connection
     * @throws IOException         if the wire is dead
     * @throws BodyFailedException if the application failed to write the body
     */
    public void write(HttpResponse response, byte[] head, boolean headOnly, boolean chunked)
            throws IOException, BodyFailedException {
        if (response.writer().isEmpty() || headOnly) {
            write(head, headOnly ? NOTHING : response.body());
            return;
        }
        Body body = new Body(head, response.length().orElse(-1), chunked && response.length().isEmpty());
        pace.produces();
        try {
            response.writer().get().writeTo(body);
            body.end();
        } catch (Throwable e) {
            if (body.wireFailure != null) {
                throw body.wireFailure;
            }
            throw new BodyFailedException(e, body.hasSent);
        } finally {
            body.ended = true;
            body.release();
        }
    }

    /** The number of bytes written so far, with the head. */
    public long written() {
        return written;
    }

    /** Writes in pieces, so that each piece restarts the write deadline, and other threads get a turn. */
    private void write(byte[] head, byte[] body) throws IOException {
        int end = Math.min(body.length, TurnQuota.PIECE);
        pace.writes();
        if (end == 0) {
            transport.write(ByteBuffer.wrap(head));
        } else {
            transport.write(ByteBuffer.wrap(head), ByteBuffer.wrap(body, 0, end));
        }
        written += head.length + end;
        int spent = TurnQuota.spend(0, end);
        while (end < body.length) {
            int count = Math.min(body.length - end, TurnQuota.PIECE);
            pace.writes();
            transport.write(ByteBuffer.wrap(body, end, count));
            spent = TurnQuota.spend(spent, count);
            written += count;
            end += count;
        }
    }

    private final class Body extends OutputStream {
        private final boolean chunked;
        /** For a body of known length, the number of bytes that the application must still write; otherwise -1. */
        private long missing;
        /** The encoded head, until it is sent with the first piece. */
        private byte[] head;
        /** Holds a piece, with room before and after it; {@code null} between pieces. */
        private ByteBuffer buffer;
        private boolean isPooled;
        private boolean hasSent;
        /** Set when the application must write no more, on whatever thread. */
        private volatile boolean ended;
        private IOException wireFailure;
        private int spent;

        private Body(byte[] head, long length, boolean chunked) {
            this.head = head;
            this.missing = length;
            this.chunked = chunked;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[]{(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, source.length);
            if (ended) {
                throw new IOException("the response is complete");
            }
            if (missing >= 0 && length > missing) {
                throw new IOException("more bytes than the response's length: " + (length - missing) + " too many");
            }
            int from = offset;
            while (from < offset + length) {
                ByteBuffer room = room();
                int count = Math.min(room.remaining(), offset + length - from);
                room.put(source, from, count);
                from += count;
                if (!room.hasRemaining()) {
                    send(false);
                }
            }
            if (missing >= 0) {
                missing -= length;
            }
        }

        /** A buffer whose limit leaves room for the end of a chunk. */
        private ByteBuffer room() {
            if (buffer == null) {
                ByteBuffer borrowed = pool.borrowWithoutRelief(pool.bufferSize(), transport.place());
                isPooled = borrowed != null;
                buffer = isPooled ? borrowed : ByteBuffer.allocate(SMALL);
                buffer.limit(buffer.capacity() - END_ROOM).position(SIZE_ROOM);
            }
            return buffer;
        }

        @Override
        public void flush() throws IOException {
            if (!ended) {
                send(false);
            }
        }

        private void end() throws IOException {
            if (missing > 0) {
                throw new IOException("fewer bytes than the response's length: " + missing + " are missing");
            }
            send(true);
        }

        private void send(boolean isLast) throws IOException {
            ByteBuffer piece = piece(isLast);
            if (head == null && !piece.hasRemaining()) {
                return;
            }
            ByteBuffer first = head == null ? null : ByteBuffer.wrap(head);
            head = null;
            hasSent = true;
            int length = piece.remaining();
            int total = length + (first == null ? 0 : first.remaining());
            pace.writes();
            try {
                if (first == null) {
                    transport.write(piece);
                } else {
                    transport.write(first, piece);
                }
                written += total;
            } catch (IOException e) {
                wireFailure = e;
                throw e;
            } finally {
                release();
                pace.produces();
            }
            spent = TurnQuota.spend(spent, TurnQuota.FRAME + length);
        }

        /** The piece of the body to send next, framed as a chunk if the body is chunked. */
        private ByteBuffer piece(boolean isLast) {
            int end = buffer == null ? SIZE_ROOM : buffer.position();
            int count = end - SIZE_ROOM;
            if (!chunked) {
                return count == 0 ? ByteBuffer.allocate(0) : buffer.limit(end).position(SIZE_ROOM);
            }
            if (count == 0) {
                return ByteBuffer.wrap(isLast ? LAST_CHUNK : new byte[0]);
            }
            byte[] size = (Integer.toHexString(count) + "\r\n").getBytes(US_ASCII);
            buffer.limit(buffer.capacity()).put(LINE_END);
            if (isLast) {
                buffer.put(LAST_CHUNK);
            }
            int start = SIZE_ROOM - size.length;
            return buffer.put(start, size).flip().position(start);
        }

        private void release() {
            if (buffer != null && isPooled) {
                pool.giveBack(buffer, transport.place());
            }
            buffer = null;
        }

        /** Only flushes: the body ends when the application's writer returns. */
        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
