package dev.weft.parser.deflate;

import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Decompresses the incoming messages of one connection (RFC 7692 §7.2.2). Pass it bytes of a compressed message, then take
 * output until there is none; only then does it accept further bytes. It never produces more bytes than the caller asks
 * for, and its work is bounded by the number of bytes of input and output.
 *
 * <p>It holds a borrowed decompressor from the first bytes of a message to its end. Between messages it keeps the last
 * bytes of earlier messages, if context takeover was agreed on. For one thread at a time; never blocks.
 *
 * <p>A message that refers further back than agreed is not refused if the bytes that it refers to are still in the window.
 *
 * <pre>
 *               input                 used up, last                   final block ends
 * DRAINED ──────────────────▶ PAYLOAD ──────────────▶ TAIL ───────────────────────────────▶ DRAINED, between messages
 *    ▲                         │   │                   └─ else ──────────────▶ violation ─┐
 *    └── used up, not last ────┘   └── not DEFLATE ──────────────────────────▶ violation ─┴▶ CLOSED
 * </pre>
 */
public final class MessageInflater implements AutoCloseable {
    /**
     * §7.2.2: the four bytes that the sender removed, followed by a final empty block, which ends the stream if, and only
     * if, the message's last block was complete.
     */
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff, 3, 0};
    private static final int FINAL_BLOCK_LENGTH = 2;
    /** The bytes that zlib allocates outside the heap, nearly all of them for its 32 KiB window. */
    private static final int CODEC_SIZE = 40 << 10;

    private enum Stage {
        DRAINED, PAYLOAD, TAIL, CLOSED
    }

    private final InflaterPool pool;
    private final boolean takeover;
    private final Window window;
    private Stage stage = Stage.DRAINED;
    private @Nullable Inflater codec;
    /** Whether the decompressor has seen bytes since its stream began. */
    private boolean begun;

    private byte @Nullable [] array;
    private int end;
    private boolean last;

    MessageInflater(InflaterPool pool, int windowBits, boolean takeover) {
        this.pool = pool;
        this.takeover = takeover;
        this.window = new Window(1 << windowBits);
    }

    /**
     * Passes the next bytes of the message. They are read in place until {@link #output} has no more output.
     *
     * @param last whether the message ends with them
     * @throws IllegalStateException if output is left, or this inflater is closed
     */
    public void input(byte[] array, int from, int to, boolean last) {
        Objects.checkFromToIndex(from, to, array.length);
        if (stage != Stage.DRAINED) {
            throw new IllegalStateException(stage == Stage.CLOSED ? "closed" : "there is output left");
        }
        this.array = array;
        this.end = to;
        this.last = last;
        stage = Stage.PAYLOAD;
        if (from < to) {
            if (codec == null) {
                codec = pool.borrow();
                window.giveTo(codec);
            }
            codec.setInput(array, from, to - from);
            begun = true;
        }
    }

    /**
     * Takes bytes of the message.
     *
     * @return the number of bytes that were put into the target; less than its room if there is no more output for now
     * @throws ProtocolViolationException if the message is not valid DEFLATE; this inflater is then closed
     */
    public int output(byte[] target, int from, int to) throws ProtocolViolationException {
        Objects.checkFromToIndex(from, to, target.length);
        int p = from;
        while (p < to && (stage == Stage.PAYLOAD || stage == Stage.TAIL)) {
            int count = codec == null ? 0 : inflate(target, p, to);
            window.append(target, p, p + count);
            p += count;
            if (codec != null && codec.finished()) {
                finalBlockEnded();
            } else if (p < to) {
                inputIsUsedUp();
            }
        }
        return p - from;
    }

    private int inflate(byte[] target, int from, int to) throws ProtocolViolationException {
        try {
            return codec.inflate(target, from, to - from);
        } catch (DataFormatException e) {
            throw violation("payload is not DEFLATE data");
        }
    }

    /**
     * §7.2.3.4: BFINAL ends a DEFLATE stream. It does not end the message, and later blocks may still refer to earlier
     * bytes.
     */
    private void finalBlockEnded() throws ProtocolViolationException {
        int left = codec.getRemaining();
        if (stage == Stage.TAIL) {
            // §7.2.1: the empty stored block whose bytes the sender removed may itself have had BFINAL; then ours is not
            // needed.
            if (left != 0 && left != FINAL_BLOCK_LENGTH) {
                throw violation("compressed message ends inside a block");
            }
            messageIsDone();
            return;
        }
        codec.reset();
        window.giveTo(codec);
        codec.setInput(array, end - left, left);
        begun = left > 0;
    }

    private void inputIsUsedUp() throws ProtocolViolationException {
        if (stage == Stage.TAIL) {
            throw violation("compressed message ends inside a block");
        }
        if (!last) {
            array = null;
            stage = Stage.DRAINED;
        } else if (begun) {
            codec.setInput(TAIL);
            stage = Stage.TAIL;
        } else {
            // Strictly, a byte 00 should follow (§7.2.3.4, §7.2.3.6). The message is complete without it.
            messageIsDone();
        }
    }

    private void messageIsDone() {
        release();
        stage = Stage.DRAINED;
        if (!takeover) {
            window.clear();
        }
    }

    private void release() {
        array = null;
        begun = false;
        if (codec != null) {
            pool.giveBack(codec);
            codec = null;
        }
    }

    /** RFC 6455 §7.4.1: 1007 is for invalid payload data; it is not 1002, because the framing was correct. */
    private ProtocolViolationException violation(String message) {
        close();
        return new ProtocolViolationException(CloseCode.INVALID_FRAME_PAYLOAD_DATA, "RFC 7692 7.2.2", message);
    }

    /**
     * The number of bytes that this inflater holds now: on the heap and, once a message has begun, those of the
     * borrowed decompressor outside the heap.
     */
    public int heldSize() {
        return (codec == null ? 0 : CODEC_SIZE) + window.retained();
    }

    /** The number of bytes on the heap that this inflater keeps between messages. */
    public int retainedSize() {
        return window.retained();
    }

    /** Returns the borrowed decompressor, in any state. Call this when the connection ends. */
    @Override
    public void close() {
        release();
        window.clear();
        stage = Stage.CLOSED;
    }
}
