package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.NegotiatedDeflate.MAX_WINDOW_BITS;

import java.util.Objects;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Compresses the outgoing messages of one connection (RFC 7692 §7.2.1). Pass it bytes of a message with {@link #input},
 * then take {@link #output} until there is none; only then does it accept further bytes. Each input ends with a flush,
 * so the peer can read all of that input once it has the output.
 *
 * <p>It holds a borrowed compressor from the first {@link #output} after an {@link #input} until the {@code output}
 * that returns fewer bytes than there was room for. Between messages it keeps the last bytes of earlier messages, if
 * context takeover was agreed on. For one thread at a time. Only {@link #share} can wait: while another thread
 * compresses the same message.
 *
 * <h2>How the window is bounded</h2> {@link Deflater} has a window of 32 KiB, which cannot be reduced. But a back
 * reference cannot reach beyond the start of its history. So if a smaller window was agreed on, the input is cut into
 * pieces. {@code reach} counts the bytes that the compressor can refer to. Before they exceed the window, the
 * compressor is reset and given only the last of them, as a preset dictionary. Each piece ends on a byte boundary
 * (SYNC_FLUSH), and so the pieces form one DEFLATE stream.
 */
public final class MessageDeflater implements AutoCloseable {
    /** §7.2.1: the last bytes that a flush emits: the length of an empty stored block, and its complement. */
    private static final int TAIL_LENGTH = 4;

    private final DeflaterPool pool;
    private final boolean takeover;
    /** The maximum of {@link #reach}, in bytes. */
    private final int limit;
    private final Window history;

    // The input.
    private byte @Nullable [] array;
    private int at;
    private int end;
    private boolean last;
    private boolean emptyBlock;
    private boolean drained = true;
    private boolean closed;

    // The compressor: on loan; or kept in the pool under the number of the loan; or null.
    private DeflaterPool.@Nullable Pooled codec;
    private boolean lent;
    private long loan;
    private boolean busy;
    /** The number of bytes that the compressor's state may refer back to. */
    private int reach;

    // The compressor's output: bytes that are ready to be taken, followed by up to TAIL_LENGTH bytes that may be the tail.
    private boolean flushing;
    private int readyFrom;
    private int readyTo;
    private int outputEnd;

    MessageDeflater(DeflaterPool pool, int windowBits, boolean takeover, int historySize) {
        this.pool = pool;
        this.takeover = takeover;
        // zlib itself enforces its full window.
        this.limit = windowBits == MAX_WINDOW_BITS ? Integer.MAX_VALUE : 1 << windowBits;
        this.history = new Window(Math.min(1 << windowBits, historySize));
    }

    /**
     * Passes the next bytes of the message. They are read in place until {@link #output} has no more output.
     *
     * @param last whether the message ends with them
     * @throws IllegalStateException if output is left, or this deflater is closed
     */
    public void input(byte[] array, int from, int to, boolean last) {
        Objects.checkFromToIndex(from, to, array.length);
        if (!drained || closed) {
            throw new IllegalStateException(closed ? "closed" : "there is output left");
        }
        this.array = array;
        this.at = from;
        this.end = to;
        this.last = last;
        drained = false;
        // §7.2.3.6: an empty stored block without its tail. A flush would emit nothing here.
        emptyBlock = last && from == to;
    }

    /**
     * Takes bytes of the compressed message.
     *
     * @return the number of bytes that were put into the target; less than its room if there is no more output for now
     */
    public int output(byte[] target, int from, int to) {
        Objects.checkFromToIndex(from, to, target.length);
        int p = from;
        while (p < to && !drained) {
            int count = Math.min(to - p, readyTo - readyFrom);
            if (count > 0) {
                System.arraycopy(codec.output, readyFrom, target, p, count);
                readyFrom += count;
                p += count;
            } else if (emptyBlock) {
                emptyBlock = false;
                target[p++] = 0;
            } else if (flushing || at < end) {
                compress();
            } else {
                inputIsDone();
            }
        }
        return p - from;
    }

    private void compress() {
        if (!flushing) {
            beginPiece();
        }
        byte[] output = codec.output;
        int held = outputEnd - readyTo;
        System.arraycopy(output, readyTo, output, 0, held);
        outputEnd = held + codec.deflater.deflate(output, held, output.length - held, Deflater.SYNC_FLUSH);
        flushing = outputEnd == output.length;
        readyFrom = 0;
        // §7.2.1: the last four bytes of a message are not sent.
        boolean mayBeTail = flushing || last && at == end;
        readyTo = mayBeTail ? outputEnd - TAIL_LENGTH : outputEnd;
    }

    private void beginPiece() {
        borrow();
        int left = end - at;
        if (left > limit - reach && limit - reach < limit / 2) {
            renewHistory(left);
        }
        int piece = Math.min(left, limit - reach);
        codec.deflater.setInput(array, at, piece);
        at += piece;
        reach += piece;
        if (takeover || at < end || !last) {
            history.append(array, at - piece, at);
        }
        readyTo = 0;
        outputEnd = 0;
    }

    private void borrow() {
        if (lent) {
            return;
        }
        if (codec == null || !pool.reclaim(codec, loan)) {
            codec = pool.borrow();
            reach = limit;
        }
        busy = pool.isSoon(loan, codec.loan());
        loan = codec.loan();
        lent = true;
    }

    /**
     * Makes room in the window: for this piece, or, on a busy connection, for the pieces of its next messages too.
     */
    private void renewHistory(int left) {
        int room = busy ? limit / 2 : Math.min(left, limit / 2);
        reach = Math.min(history.length(), limit - room);
        codec.deflater.reset();
        history.giveTo(codec.deflater, reach);
    }

    private void inputIsDone() {
        drained = true;
        array = null;
        boolean forget = last && !takeover;
        release(busy && !forget);
        if (forget) {
            // §7.1.1: the next message does not refer to this one.
            history.clear();
            forgetKept();
        }
    }

    private void release(boolean keep) {
        if (lent) {
            lent = false;
            pool.giveBack(codec, keep);
            codec = keep ? codec : null;
        }
        readyFrom = 0;
        readyTo = 0;
        outputEnd = 0;
        flushing = false;
    }

    private void forgetKept() {
        if (codec != null) {
            pool.disown(codec, loan);
            codec = null;
        }
    }

    /**
     * Whether {@link #share} has to compress the message, which takes as long as {@link #output} does for all of it. For any
     * thread.
     */
    public boolean isNew(SharedMessage message) {
        return message.isNewTo(windowBits());
    }

    /**
     * Compresses a whole message without reference to earlier ones, unless another connection has already done so. Then
     * records the message in the history: the peer's window will hold it, and so later messages may refer to it.
     *
     * @return the compressed message, which must not be changed; or {@link SharedMessage#bytes()} itself, which must
     *         then be sent as an uncompressed message
     * @throws IllegalStateException if a message is unfinished, or this deflater is closed
     */
    public byte[] share(SharedMessage message) {
        if (!drained || closed) {
            throw new IllegalStateException(closed ? "closed" : "a message is unfinished");
        }
        byte[] compressed = message.compressed(windowBits(), pool);
        if (takeover && compressed != message.bytes()) {
            forgetKept();
            history.append(message.bytes(), 0, message.bytes().length);
        }
        return compressed;
    }

    private int windowBits() {
        return limit == Integer.MAX_VALUE ? MAX_WINDOW_BITS : Integer.numberOfTrailingZeros(limit);
    }

    /** The number of bytes on the heap that this deflater keeps between messages. */
    public int retainedSize() {
        return history.retained();
    }

    /** Returns the borrowed compressor, in any state. Call this when the connection ends. */
    @Override
    public void close() {
        closed = true;
        drained = true;
        array = null;
        release(false);
        forgetKept();
        history.clear();
    }
}
