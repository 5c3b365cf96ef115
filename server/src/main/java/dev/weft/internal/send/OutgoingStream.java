package dev.weft.internal.send;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.internal.time.TurnQuota;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Opcode;
import dev.weft.parser.Utf8Validator;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Writer;
import java.util.Objects;

/**
 * A message that is sent in fragments as it is written (RFC 6455 §5.4).
 * <pre>
 *   OPEN ── complete: the last fragment is taken ──▶ COMPLETE
 *    │
 *    └───── abandon, close, a write that fails ──▶ ABANDONED, and the connection is failed
 * </pre>
 */
public final class OutgoingStream extends OutgoingMessage {
    /** What a stream needs of its connection. */
    public interface Owner {
        /** The exception for calls after the connection's end. */
        ConnectionClosedException closed();

        /** The exception that a caller gets instead of this exception of the sender. */
        IOException translated(IOException e);

        /** Fails the connection (§7.1.7), unless it has already ended. Does not wait. */
        void fail(CloseReason reason, Exception cause);
    }

    private enum State {
        OPEN, COMPLETE, ABANDONED
    }

    private static final int FRAGMENT_LENGTH = 8192;

    private final Owner owner;
    private final StreamedMessage streaming;
    private final MessageType type;
    private final boolean transformed;
    private final byte[] buffer = new byte[FRAGMENT_LENGTH];
    private final Utf8Validator utf8;
    private int length;
    private Opcode opcode;
    private Utf8Writer writer;
    private State state = State.OPEN;
    /** The work done in this turn, as {@link TurnQuota} counts it. */
    private int spent;

    /** Begins the message. Waits for the end of another streamed message. */
    public OutgoingStream(Owner owner, FrameSender sender, MessageType type) throws IOException {
        this.owner = owner;
        this.type = type;
        this.opcode = type == MessageType.TEXT ? Opcode.TEXT : Opcode.BINARY;
        this.utf8 = type == MessageType.TEXT ? new Utf8Validator() : null;
        this.streaming = sender.beginStream();
        this.transformed = streaming.isTransformed();
    }

    @Override
    public MessageType type() {
        return type;
    }

    @Override
    public Writer writer() {
        if (type != MessageType.TEXT) {
            throw new IllegalStateException("a " + type + " message has no text: write its bytes");
        }
        if (writer == null) {
            writer = new Utf8Writer(this);
        }
        return writer;
    }

    @Override
    public void write(int oneByte) throws IOException {
        write(new byte[]{(byte) oneByte}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, source.length);
        requireOpen();
        boolean fits = count <= buffer.length - length;
        if (!fits) {
            // Before the bytes are checked: if this is interrupted, nothing of them is taken.
            flush();
        }
        if (utf8 != null && !isText(source, offset, offset + count)) {
            abandon(CloseCode.INTERNAL_ERROR, "message abandoned");
            throw new IllegalArgumentException("the bytes of a text message must be valid UTF-8");
        }
        if (!fits && count >= buffer.length) {
            send(source, offset, offset + count, false);
            return;
        }
        System.arraycopy(source, offset, buffer, length, count);
        length += count;
    }

    private boolean isText(byte[] source, int from, int to) {
        int at = from;
        boolean good = true;
        while (good && at < to) {
            int end = at + Math.min(to - at, TurnQuota.PIECE);
            good = utf8.update(source, at, end);
            spent = TurnQuota.spend(spent, end - at);
            at = end;
        }
        return good;
    }

    @Override
    public void flush() throws IOException {
        requireOpen();
        if (length > 0) {
            send(buffer, 0, length, false);
        }
    }

    @Override
    public void complete() throws IOException {
        if (state == State.COMPLETE) {
            return;
        }
        requireOpen();
        if (writer != null && writer.isWithinCharacter() || utf8 != null && !utf8.isComplete()) {
            throw new IllegalStateException("the text ends within a character");
        }
        send(buffer, 0, length, true);
    }

    @Override
    public void abandon(int code, String reason) {
        CloseReason checked = CloseReason.sendable(code, reason);
        if (state == State.OPEN) {
            state = State.ABANDONED;
            owner.fail(checked, new IOException("a streamed message was abandoned"));
        }
    }

    @Override
    public void close() {
        abandon(CloseCode.INTERNAL_ERROR, "message abandoned");
    }

    /**
     * After a failed write the message cannot be completed: bytes would be missing in its middle. An interrupted write loses
     * none: either another thread sends them, or they have not been taken.
     */
    private void send(byte[] array, int from, int to, boolean fin) throws IOException {
        boolean intact = false;
        try {
            streaming.fragment(fin, transformed, opcode, array, from, to);
            intact = true;
        } catch (InterruptedIOException e) {
            boolean taken = streaming.taken() != null;
            // Text of the caller's own array is already checked, so it cannot be written again.
            intact = taken || array == buffer || utf8 == null;
            if (taken && array != buffer) {
                e.bytesTransferred = to - from;
            }
            throw owner.translated(e);
        } catch (IOException e) {
            throw owner.translated(e);
        } finally {
            if (!intact) {
                close();
            } else if (streaming.taken() != null) {
                taken(array, fin);
            }
        }
    }

    private void taken(byte[] array, boolean fin) {
        opcode = streaming.taken();
        if (array == buffer) {
            length = 0;
        }
        if (fin) {
            state = State.COMPLETE;
        }
    }

    private void requireOpen() throws IOException {
        switch (state) {
            case OPEN -> {
            }
            case COMPLETE -> throw new IOException("the message is complete");
            case ABANDONED -> throw owner.closed();
        }
    }
}
