package dev.weft.internal.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.time.TimeLimitExceededException;
import dev.weft.internal.time.TurnQuota;
import dev.weft.parser.http.BodyFraming;
import dev.weft.parser.http.ChunkedBodyParser;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The body of one request. Bytes are read from the connection only when they are read here. The bytes that {@link
 * #readAllBytes} returns count as buffered bytes until {@link #release}. For the session's thread.
 */
public final class RequestBody extends InputStream {
    /** The session's part in reading: called around the reads. */
    public interface Gate {
        /** Called before the first read: from now on, the input belongs to this body. */
        void open() throws IOException;

        /** Writes an interim response to the client, unless the final response has begun. */
        void writeInterim(byte[] bytes) throws IOException;

        /** Called before a wait for the client. */
        void waits() throws IOException;

        /** Called after a wait for the client. */
        void bodyContinues();

        /** Whether the client had to wait for a rate since the last call: then it is not late. Does not wait. */
        boolean delayedClient();
    }

    /** The deadline restarts after this number of bytes: a client that sends a single byte now and then makes no progress. */
    private static final int PROGRESS = 16_384;
    private static final int PIECE = 8192;
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII);

    private final RequestInput input;
    private final Gate gate;
    private final BufferBudget budget;
    private final Duration timeout;
    private final boolean expectsContinue;
    /** The parser of a chunked body; {@code null} for a body of fixed length. */
    private final ChunkedBodyParser chunks;
    /** The number of bytes left of a body of fixed length. */
    private long left;

    private boolean begun;
    private RequestBodyException failure;
    private boolean isLost;
    private boolean clientHasGone;
    private long leftNanos;
    private int progress;
    private int spent;
    private long held;

    /**
     * The body of a request whose head has just been parsed.
     *
     * @param maxBodySize     the maximum number of bytes of a chunked body
     * @param timeout         the time limit for each {@value #PROGRESS} bytes of the body, unless the client waits for a rate
     * @param expectsContinue whether the client waits for a 100 (Continue) response before it sends the body
     */
    public RequestBody(RequestInput input, BodyFraming framing, Gate gate, BufferBudget budget, long maxBodySize,
            HttpLimits limits, Duration timeout, boolean expectsContinue) {
        this.input = input;
        this.gate = gate;
        this.budget = budget;
        this.timeout = timeout;
        this.leftNanos = timeout.toNanos();
        this.expectsContinue = expectsContinue;
        this.chunks = framing instanceof BodyFraming.Chunked ? new ChunkedBodyParser(maxBodySize, limits) : null;
        this.left = framing instanceof BodyFraming.Fixed fixed ? fixed.length() : 0;
    }

    /** Whether the whole body has been read. */
    public boolean isComplete() {
        return chunks == null ? left == 0 : chunks.isComplete();
    }

    /** Whether reading the body has begun. */
    public boolean isBegun() {
        return begun;
    }

    /**
     * Whether the client may still wait for a 100 (Continue): then its next bytes may be either this body or the next request.
     */
    public boolean isAmbiguous() {
        return expectsContinue && !begun && !isComplete();
    }

    /** The reason why the body could not be read; {@code null} if there was no failure. */
    public RequestBodyException failure() {
        return failure;
    }

    /** Whether the network failed, or the thread was interrupted, while the body was read. */
    public boolean isLost() {
        return isLost;
    }

    /** Whether the network failed while the body was read: nobody is left to be answered. */
    public boolean clientHasGone() {
        return clientHasGone;
    }

    /** The number of bytes left; {@link Long#MAX_VALUE} if it is unknown. */
    public long left() {
        return chunks == null ? left : chunks.isComplete() ? 0 : Long.MAX_VALUE;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * Waits for bytes of the body, within its deadline.
     *
     * @throws IOException if the body is malformed, too large or too slow, or the connection has ended
     */
    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (failure != null) {
            throw failure;
        }
        if (isComplete()) {
            return -1;
        }
        if (length == 0) {
            return 0;
        }
        begin();
        try {
            while (true) {
                int count = available(length);
                if (count > 0) {
                    System.arraycopy(input.array(), input.from(), target, offset, count);
                    take(count);
                    return count;
                }
                if (isComplete()) {
                    return -1;
                }
                receive();
            }
        } catch (HttpHeadException e) {
            throw failed(e.status(), e.getMessage());
        }
    }

    /**
     * The number of body bytes that have been received and not read, but no more than this; skips the chunk framing before
     * them.
     */
    private int available(int most) throws HttpHeadException {
        long here = left;
        if (chunks != null && input.hasBytes()) {
            input.use(chunks.parse(input.array(), input.from(), input.to()));
        }
        if (chunks != null) {
            here = chunks.chunkLeft();
        }
        return (int) Math.min(Math.min(here, most), input.to() - input.from());
    }

    private void take(int count) throws HttpHeadException {
        input.use(input.from() + count);
        if (chunks == null) {
            left -= count;
        } else {
            chunks.take(count);
            if (input.hasBytes()) {
                // The end of the body has often been received already.
                input.use(chunks.parse(input.array(), input.from(), input.to()));
            }
        }
        progress += count;
        if (progress >= PROGRESS) {
            progress = 0;
            leftNanos = timeout.toNanos();
        }
        spent = TurnQuota.spend(spent, count);
    }

    private void begin() throws IOException {
        if (begun) {
            return;
        }
        begun = true;
        gate.open();
        // RFC 9110 §10.1.1: not needed if the client has begun to send the body.
        if (expectsContinue && !input.hasBytes()) {
            gate.writeInterim(CONTINUE);
        }
    }

    /** Waits for bytes; may return although there are none. Only such waits count towards the timeout. */
    private void receive() throws IOException {
        gate.waits();
        long began = System.nanoTime();
        boolean more;
        try {
            more = input.fill(TimeLimit.in(Duration.ofNanos(Math.max(0, leftNanos))));
            leftNanos -= System.nanoTime() - began;
        } catch (TimeLimitExceededException e) {
            if (gate.delayedClient()) {
                leftNanos = timeout.toNanos();
                return;
            }
            throw failed(408, "the request's body took too long");
        } catch (IOException e) {
            isLost = true;
            clientHasGone = !(e instanceof InterruptedIOException);
            throw e;
        } finally {
            gate.bodyContinues();
        }
        if (!more) {
            throw failed(400, "the request's body was cut off");
        }
    }

    private RequestBodyException failed(int status, String message) {
        failure = new RequestBodyException(status, message);
        return failure;
    }

    /** Reads the rest of the body, which counts as buffered bytes. */
    @Override
    public byte[] readAllBytes() throws IOException {
        return readNBytes(Integer.MAX_VALUE);
    }

    @Override
    public byte[] readNBytes(int most) throws IOException {
        if (most < 0) {
            throw new IllegalArgumentException(most + " bytes");
        }
        List<byte[]> pieces = new ArrayList<>();
        int total = 0;
        int count = 0;
        while (count >= 0 && total < most) {
            byte[] piece = new byte[(int) Math.min(most - total,
                    Math.min(PIECE << Math.min(pieces.size(), 7), roomFor()))];
            count = readNBytes(piece, 0, piece.length);
            if (count == 0) {
                break;
            }
            if (!budget.take(count)) {
                throw failed(503, "the server's maxBufferedSize is used up");
            }
            held += count;
            pieces.add(count == piece.length ? piece : Arrays.copyOf(piece, count));
            total += count;
        }
        return joined(pieces, total);
    }

    /** The number of bytes to make room for; at least 1, so that the end is noticed. */
    private long roomFor() {
        return chunks == null ? Math.max(1, left) : Long.MAX_VALUE;
    }

    private static byte[] joined(List<byte[]> pieces, int total) {
        if (pieces.size() == 1) {
            return pieces.getFirst();
        }
        byte[] all = new byte[total];
        int at = 0;
        for (byte[] piece : pieces) {
            System.arraycopy(piece, 0, all, at, piece.length);
            at += piece.length;
        }
        return all;
    }

    /**
     * Reads and drops the rest of the body, so that the next request can be read.
     *
     * @param most the maximum number of bytes to drop
     * @return whether the body's end was reached
     */
    public boolean drain(long most) throws IOException {
        byte[] dropped = new byte[isComplete() ? 0 : PIECE];
        long total = 0;
        while (!isComplete() && total <= most) {
            total += Math.max(0, read(dropped));
        }
        return isComplete();
    }

    /** Stops counting the bytes that {@link #readAllBytes} returned. */
    public void release() {
        budget.giveBack(held);
        held = 0;
    }
}
