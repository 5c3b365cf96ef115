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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The body of one request, read from the connection while it is read here. What {@link #readAllBytes} returns is counted among
 * the buffered bytes until {@link #release}. For the session's thread.
 */
public final class RequestBody extends InputStream {
    /** What the session does around the reads. */
    public interface Gate {
        /** Before the first read: the input is this body's from now on. */
        void open() throws IOException;

        /** Writes to the client. */
        void write(byte[] bytes) throws IOException;

        /** Before a wait for the client. */
        void waits() throws IOException;

        /** After a wait for the client. */
        void goesOn();
    }

    /** The number of bytes with which the deadline begins anew: a client that sends one now and then makes no progress. */
    private static final int PROGRESS = 16_384;
    private static final int PIECE = 8192;
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII);

    private final RequestInput input;
    private final Gate gate;
    private final BufferBudget budget;
    private final Duration timeout;
    private final boolean expectsContinue;
    /** Of a body in chunks, else {@code null}. */
    private final ChunkedBodyParser chunks;
    /** Of a body of fixed length: the bytes that are left. */
    private long left;

    private boolean begun;
    private RequestBodyException failure;
    private boolean isLost;
    private TimeLimit limit;
    private int progress;
    private int spent;
    private long held;

    /**
     * The body of a request whose head has just been used.
     *
     * @param maxBodySize     the most bytes of a body in chunks
     * @param timeout         for each {@value #PROGRESS} bytes of it
     * @param expectsContinue whether the client waits for a 100 before it sends the body
     */
    public RequestBody(RequestInput input, BodyFraming framing, Gate gate, BufferBudget budget, long maxBodySize,
            HttpLimits limits, Duration timeout, boolean expectsContinue) {
        this.input = input;
        this.gate = gate;
        this.budget = budget;
        this.timeout = timeout;
        this.expectsContinue = expectsContinue;
        this.chunks = framing instanceof BodyFraming.Chunked ? new ChunkedBodyParser(maxBodySize, limits) : null;
        this.left = framing instanceof BodyFraming.Fixed fixed ? fixed.length() : 0;
    }

    /** Whether all of it has been read. */
    public boolean isComplete() {
        return chunks == null ? left == 0 : chunks.isComplete();
    }

    /** Whether a byte of it has been asked for. */
    public boolean isBegun() {
        return begun;
    }

    /** Whether the client may still wait for a 100: it sends the body, or the next request, and nobody knows which. */
    public boolean isAmbiguous() {
        return expectsContinue && !begun && !isComplete();
    }

    /** Why it could not be read; {@code null} if it could. */
    public RequestBodyException failure() {
        return failure;
    }

    /** Whether the wire failed, or the thread was interrupted, while it was read. */
    public boolean isLost() {
        return isLost;
    }

    /** How many bytes are left; {@link Long#MAX_VALUE} if that is unknown. */
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
     * @throws IOException if it is malformed, too large or too slow, or the connection is over
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

    /** The number of body bytes that have been received, but no more than this; passes over what frames them. */
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
                // What ends the body is often here already.
                input.use(chunks.parse(input.array(), input.from(), input.to()));
            }
        }
        progress += count;
        if (progress >= PROGRESS) {
            progress = 0;
            limit = null;
        }
        spent = TurnQuota.spend(spent, count);
    }

    private void begin() throws IOException {
        if (begun) {
            return;
        }
        begun = true;
        gate.open();
        // RFC 9110 §10.1.1: needless if the client has begun to send the body.
        if (expectsContinue && !input.hasBytes()) {
            gate.write(CONTINUE);
        }
    }

    private void receive() throws IOException {
        if (limit == null) {
            limit = TimeLimit.in(timeout);
        }
        gate.waits();
        boolean more;
        try {
            more = input.fill(limit);
        } catch (TimeLimitExceededException e) {
            throw failed(408, "the request's body took too long");
        } catch (IOException e) {
            isLost = true;
            throw e;
        } finally {
            gate.goesOn();
        }
        if (!more) {
            throw failed(400, "the request's body was cut off");
        }
    }

    private RequestBodyException failed(int status, String message) {
        failure = new RequestBodyException(status, message);
        return failure;
    }

    /** Reads the rest; counted among the buffered bytes. */
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

    /** At least 1, so that the end is noticed. */
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
     * Reads and drops what is left of the body, so that the next request can be read.
     *
     * @param most the most bytes to drop
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

    /** Counts the bytes that were returned as a whole no longer. */
    public void release() {
        budget.giveBack(held);
        held = 0;
    }
}
