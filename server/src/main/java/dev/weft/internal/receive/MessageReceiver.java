package dev.weft.internal.receive;

import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionLimits;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.time.TimeLimitExceededException;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameParser;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.Utf8Validator;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;

/**
 * Receives messages in three forms: whole, borrowed and streamed. For one thread at a time, which
 * {@linkplain FrameReader#claim() claims} the frames for the duration of a call; between calls a {@link ReadAhead} may do so.
 */
public final class MessageReceiver {
    private static final char REPLACEMENT = '\uFFFD';

    private final Thread own = Thread.currentThread();
    private final ReceiverOwner owner;
    private final ClosingHandshake closing;
    private final MessageReader messages;
    /** The streamed message that was lent last, until the next receive. */
    private IncomingStream stream;
    private boolean endReported;

    /**
     * A receiver for a connection that is open.
     *
     * @param input  may hold the first frames already
     * @param offset where in the input's region they begin
     */
    public MessageReceiver(ReceiverOwner owner, Role role, InboundBuffer input, int offset, Extension extension,
            ConnectionLimits limits, BufferPool pool, ClosingHandshake closing, Deadlines deadlines) {
        this.owner = owner;
        this.closing = closing;
        FrameParser parser = new FrameParser(role, maxFrameLength(limits, extension),
                extension == null ? 0 : extension.rsv());
        this.messages = new MessageReader(new FrameReader(input, parser, owner, deadlines), extension,
                new MessageAssembler(limits, pool));
        parser.feed(input.array(), offset, input.length());
    }

    /** From this call on, protocol processing continues even if no thread receives. */
    public void start() {
        messages.frames().start();
    }

    /** Compressed bytes can be slightly longer than the message, and the limits apply to the message. */
    private static long maxFrameLength(ConnectionLimits limits, Extension extension) {
        long largest = Math.max(FrameHeader.MAX_CONTROL_PAYLOAD,
                Math.max(limits.maxMessageSize(), limits.maxStreamedMessageSize()));
        long more = extension == null ? 0 : MessageReader.DECODED_PIECE + largest / 8;
        return largest + Math.min(more, Long.MAX_VALUE - largest);
    }

    /** Waits for the next whole message. */
    public Message receive() throws IOException {
        awaitRates(TimeLimit.NONE);
        messages.frames().claim();
        try {
            return nextMessage();
        } catch (Error e) {
            throw messages.frames().broken(e);
        } finally {
            messages.frames().release();
        }
    }

    /** Waits for the next whole message, no longer than the limit; empty if none arrived in time. */
    public Optional<Message> receive(TimeLimit limit) throws IOException {
        if (!awaitRates(limit)) {
            return Optional.empty();
        }
        messages.frames().claim();
        messages.frames().limitWaits(limit);
        try {
            return Optional.of(nextMessage());
        } catch (TimeLimitExceededException e) {
            messages.frames().noMessage();
            return Optional.empty();
        } catch (Error e) {
            throw messages.frames().broken(e);
        } finally {
            messages.frames().limitWaits(TimeLimit.NONE);
            messages.frames().release();
        }
    }

    private boolean awaitRates(TimeLimit limit) throws IOException {
        try {
            return !messages.frames().hasRates() || !closing.isOpen() || messages.frames().awaitRates(limit);
        } catch (IOException e) {
            throw owner.translated(e);
        }
    }

    private Message nextMessage() throws IOException {
        try {
            BorrowedView view = nextView(false);
            if (view == null) {
                return new Message.Close(closing.known());
            }
            Message message = view.type() == MessageType.TEXT
                    ? new Message.Text(checkedText(view))
                    : new Message.Binary(view.bytes());
            spend(view.length());
            // The next receive may come late, or never.
            messages.releaseAll();
            return message;
        } catch (ProtocolViolationException e) {
            throw owner.failed(e);
        }
    }

    /** Waits for the next whole message and lends it; {@code null} at the end. */
    public MessageView receiveView() throws IOException {
        awaitRates(TimeLimit.NONE);
        messages.frames().claim();
        try {
            return lentView();
        } catch (Error e) {
            throw messages.frames().broken(e);
        } finally {
            messages.frames().release();
        }
    }

    private BorrowedView lentView() throws IOException {
        try {
            BorrowedView view = nextView(true);
            // Only now: skipping the rest of a streamed message ends its loan.
            messages.frames().lend();
            return view;
        } catch (ProtocolViolationException e) {
            throw owner.failed(e);
        }
    }

    /** Waits for the beginning of the next message; {@code null} at the end. */
    public IncomingMessage receiveStream() throws IOException {
        awaitRates(TimeLimit.NONE);
        messages.frames().claim();
        try {
            return nextStream();
        } catch (Error e) {
            throw messages.frames().broken(e);
        } finally {
            messages.frames().release();
        }
    }

    /** Drops messages until the connection has ended, for whatever reason, and its status is final. Waits. */
    public CloseStatus awaitClose() throws IOException {
        messages.frames().claim();
        try {
            dropMessages();
        } catch (Error e) {
            throw messages.frames().broken(e);
        } finally {
            messages.frames().release();
        }
        owner.completeClose(TimeLimit.NONE);
        return closing.known();
    }

    private void dropMessages() throws IOException {
        try {
            while (!endReported) {
                if (messages.isWithinMessage()) {
                    nextView(false);
                } else {
                    nextStream();
                }
            }
        } catch (ProtocolViolationException e) {
            owner.failed(e);
        } catch (IOException e) {
            IOException translated = owner.translated(e);
            if (translated instanceof InterruptedIOException && closing.finalStatus().isEmpty()) {
                throw translated;
            }
        }
    }

    private IncomingMessage nextStream() throws IOException {
        boolean over = closeIsReceived();
        if (messages.isWithinMessage()) {
            throw new IllegalStateException("a receive was interrupted within this message: receive the whole message");
        }
        try {
            messages.release();
            FrameParser.Event first = over ? null : messages.frames().next();
            if (first == null) {
                reportEnd();
                return null;
            }
            messages.frames().countMessage();
            messages.frames().lend();
            stream = new IncomingStream(owner, messages, messages.frames(), first);
            return stream;
        } catch (ProtocolViolationException e) {
            throw owner.failed(e);
        } catch (IOException e) {
            throw owner.translated(e);
        }
    }

    private BorrowedView nextView(boolean textIsChecked) throws IOException, ProtocolViolationException {
        boolean over = closeIsReceived();
        try {
            BorrowedView view = over ? null : messages.next(textIsChecked);
            if (view == null) {
                messages.release();
                reportEnd();
            } else {
                messages.frames().countMessage();
            }
            return view;
        } catch (IOException e) {
            throw owner.translated(e);
        }
    }

    /** A replacement character in the text was either sent by the peer or stands for bytes that are not UTF-8. */
    private static String checkedText(BorrowedView view) throws ProtocolViolationException {
        String text = view.text();
        if (text.indexOf(REPLACEMENT) >= 0
                && !Utf8Validator.isValid(view.array(), view.offset(), view.offset() + view.length())) {
            throw MessageReader.notUtf8();
        }
        return text;
    }

    /** Before each receive: ends the last streamed message, and checks whether there can be another one. */
    private boolean closeIsReceived() throws IOException {
        if (stream != null) {
            expireStream();
        }
        boolean received = closing.isReceived() && !messages.frames().isBeforeEnd();
        if (endReported
                || !received && closing.state() == ClosingHandshake.State.BROKEN && !messages.frames().isBeforeEnd()) {
            throw owner.closed();
        }
        return received;
    }

    /** Skips the rest of the streamed message, unless the peer's Close frame has cut it off. */
    private void expireStream() throws IOException {
        if (!closing.isReceived() || messages.frames().isBeforeEnd()) {
            try {
                stream.expire();
            } catch (ConnectionClosedException e) {
                if (!closing.isReceived()) {
                    throw e;
                }
            }
        }
        stream = null;
    }

    private void reportEnd() throws IOException {
        owner.completeClose(messages.frames().limit());
        endReported = true;
    }

    /** Whether this thread created this receiver and so runs the connection's handler. */
    public boolean isOwnThread() {
        return Thread.currentThread() == own;
    }

    /** Counts bytes that the receiving thread has processed, and yields to other threads after enough of them. */
    public void spend(int bytes) {
        messages.frames().spend(bytes);
    }

    /** Whether this thread was the last one to receive, and the next frame has arrived completely. */
    public boolean hasNextFrame() {
        return messages.frames().hasNextFrame();
    }

    /**
     * The handler has returned: no other thread may receive from now on, and unreceived messages are dropped. Waits for the end
     * of a receive by another thread; if this thread is interrupted meanwhile, the connection is aborted. Does not allocate.
     */
    public void cutOff() {
        messages.frames().claimForGood();
        if (stream != null) {
            stream.cutOff();
        }
        messages.release();
    }

    /** Waits for the peer's Close frame, if ours was the first, and drops everything before it. */
    public void awaitPeersClose() throws IOException, ProtocolViolationException {
        while (closing.state() == ClosingHandshake.State.CLOSE_SENT && messages.frames().next() != null) {}
    }

    /** Returns the read buffer to the pool; nothing is received any more. */
    public void release() {
        messages.frames().end();
    }

    /** Releases everything. Called when the connection has ended and its transport is closed. */
    public void end() {
        messages.end();
    }

    /** Whether {@link #giveUpWaiting()} was called. For any thread. */
    public boolean hasGivenUp() {
        return messages.frames().hasGivenUp();
    }

    /**
     * Records that the peer took too long to send a message: nothing that arrives from now on is parsed. Returns true the first
     * time.
     */
    public boolean giveUpWaiting() {
        return messages.frames().giveUpWaiting();
    }

    /** The violation of a peer that took too long. */
    public ProtocolViolationException lateness() {
        return messages.frames().lateness();
    }

    /** Whether there is no room to read ahead of the thread that receives. For any thread. */
    public boolean isFull() {
        return messages.frames().isFull();
    }

    /** Whether a thread receives, or reads ahead. For any thread. */
    public boolean isClaimed() {
        return messages.frames().isClaimed();
    }

    /** The number of receives so far; wraps around; may be slightly out of date. For any thread. */
    public int receives() {
        return messages.frames().claims();
    }

    /** Whether the end was reported to a thread that receives. For any thread that has seen that none receives. */
    public boolean isEndReported() {
        return endReported;
    }

    /** Whether something that arrived before the end is unreceived. For any thread that has seen that none receives. */
    public boolean isBeforeEnd() {
        return messages.frames().isBeforeEnd();
    }

    /** The bytes that are held, counted in the budget. For any thread; may be slightly out of date. */
    public long heldBytes() {
        return (long) messages.heldBytes() + messages.frames().heldBytes();
    }
}
