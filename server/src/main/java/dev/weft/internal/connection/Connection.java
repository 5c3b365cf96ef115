package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionLimits;
import dev.weft.Message;
import dev.weft.MessageStream;
import dev.weft.MessageView;
import dev.weft.internal.transport.Lingering;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameParser;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.Utf8Validator;
import java.io.IOException;

/**
 * A connection of either role over any transport: puts receiving, sending, closing and deadlines together. What is here
 * belongs to the connection's own thread, or to the sweeper; the rest is in {@link SendingConnection}.
 */
public final class Connection extends SendingConnection {
    private static final char REPLACEMENT = '\uFFFD';

    private final Thread owner;
    private final Input input;
    private final FrameReader frames;
    private final MessageReader messages;

    /** The streamed message that was lent last, until the next receive. */
    private StreamedMessage stream;
    private boolean endReported;

    /**
     * A connection whose opening handshake is done. The calling thread is the one that receives.
     *
     * @param input  may hold the first frames already
     * @param offset where in the input's region they begin
     */
    public Connection(Role role, Transport transport, Input input, int offset, Agreement agreement,
            ConnectionServices services) {
        super(role, transport, agreement, services);
        this.owner = Thread.currentThread();
        this.input = input;
        Extension extension = agreement.extension();
        FrameParser parser = new FrameParser(role, maxFrameLength(services.limits(), extension),
                extension == null ? 0 : extension.rsv());
        this.frames = new FrameReader(input, parser, output, deadlines);
        this.messages = new MessageReader(frames, extension,
                new Assembly(services.limits(), services.pool()));
        parser.feed(input.array(), offset, input.length());
    }

    /** What is compressed can be a little longer than what it stands for, which is all that the limits are about. */
    private static long maxFrameLength(ConnectionLimits limits, Extension extension) {
        long largest = Math.max(FrameHeader.MAX_CONTROL_PAYLOAD,
                Math.max(limits.maxMessageSize(), limits.maxStreamedMessageSize()));
        long more = extension == null ? 0 : MessageReader.DECODED_PIECE + largest / 8;
        return largest + Math.min(more, Long.MAX_VALUE - largest);
    }

    @Override
    public Message receive() throws IOException {
        try {
            View view = nextView(false);
            return switch (view.type()) {
                case TEXT -> new Message.Text(checkedText(view));
                case BINARY -> new Message.Binary(view.bytes());
                case CLOSE -> new Message.Close(end());
            };
        } catch (ProtocolViolationException e) {
            throw fail(e);
        }
    }

    @Override
    public MessageView receiveView() throws IOException {
        try {
            return nextView(true);
        } catch (ProtocolViolationException e) {
            throw fail(e);
        }
    }

    @Override
    public MessageStream receiveStream() throws IOException {
        if (closeIsPending()) {
            reportEnd();
        }
        try {
            messages.release();
            stream = new StreamedMessage(this, messages, frames, endReported ? null : frames.next());
        } catch (ProtocolViolationException e) {
            throw fail(e);
        } catch (IOException e) {
            throw dead(e);
        }
        if (stream.type() == MessageView.Type.CLOSE) {
            reportEnd();
        }
        return stream;
    }

    private View nextView(boolean textIsChecked) throws IOException, ProtocolViolationException {
        boolean over = closeIsPending();
        try {
            View view = over ? messages.nothing() : messages.next(textIsChecked);
            if (view.type() == MessageView.Type.CLOSE) {
                reportEnd();
            }
            return view;
        } catch (IOException e) {
            throw dead(e);
        }
    }

    /** A replacement character in the text is either the peer's own or stands for octets that are not UTF-8. */
    private static String checkedText(View view) throws ProtocolViolationException {
        String text = view.text();
        if (text.indexOf(REPLACEMENT) >= 0
                && !Utf8Validator.isValid(view.array(), view.offset(), view.offset() + view.length())) {
            throw MessageReader.notUtf8();
        }
        return text;
    }

    @Override
    public boolean nextIsHere() {
        requireOwner();
        return frames.parser().hasFrame();
    }

    @Override
    boolean mayHoldBack() {
        return Thread.currentThread() == owner && frames.parser().hasFrame();
    }

    private void requireOwner() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("receiving belongs to the connection's own thread");
        }
    }

    /**
     * Before each receive.
     *
     * @return whether the peer's Close frame came in the middle of the last streamed message
     */
    private boolean closeIsPending() throws IOException {
        requireOwner();
        if (stream != null) {
            StreamedMessage last = stream;
            stream = null;
            if (!closeCame()) {
                try {
                    last.expire();
                } catch (ConnectionClosedException e) {
                    if (!closeCame()) {
                        throw e;
                    }
                }
            }
        }
        if (endReported || closing.state() == Closing.State.BROKEN) {
            throw closing.exception();
        }
        return closeCame();
    }

    private boolean closeCame() {
        return switch (closing.state()) {
            case CLOSE_RECEIVED, CLOSED -> true;
            case OPEN, CLOSE_SENT, BROKEN -> false;
        };
    }

    /** §7.1.1: both Close frames passed, so this end's octets are at their end. */
    private void reportEnd() {
        endReported = true;
        shutdownOutput();
    }

    /**
     * Ends the connection after its handler, in whatever state that left it: completes the closing handshake, shuts down
     * the output, drops what the peer still had under way, and closes the transport. Blocks until the close deadline at
     * most. For the connection's thread.
     *
     * @param reason for the Close frame, if none went yet
     */
    public void finish(CloseReason reason) {
        try {
            if (stream != null) {
                stream.cutOff();
            }
            messages.release();
            output.close(reason);
            while (closing.state() == Closing.State.CLOSE_SENT && frames.next() != null) {}
        } catch (ProtocolViolationException e) {
            closing.breakOff(e);
        } catch (IOException e) {
            breakOff(e);
        }
        deadlines.closing();
        input.release();
        Lingering.close(transport);
        messages.end();
        output.end();
    }

    /** For the sweeper: does what is due at this time. Does not block. */
    public void sweep(int now) {
        Deadlines.Due due = deadlines.due(now);
        switch (due) {
            case NOTHING -> {
            }
            case PING -> services.guard().startThread(this::keepAlive);
            case MESSAGE_TIMEOUT -> {
                if (frames.giveUpWaiting()) {
                    services.guard().startThread(this::closeForLateness);
                }
            }
            case PONG_TIMEOUT, WRITE_TIMEOUT, CLOSE_TIMEOUT -> breakOff(deadlines.exception(due));
        }
    }

    private void keepAlive() {
        try {
            output.keepAlive();
        } catch (IOException e) {
            // The connection's own thread finds the same when it goes on.
            dead(e);
        }
    }

    /**
     * The connection's own thread is left in its read, where it drops what comes: to end the read from here would be to
     * reset a peer that goes on sending, and to lose the Close frame.
     */
    private void closeForLateness() {
        fail(frames.lateness());
        shutdownOutput();
    }

    void messageGoesOn() {
        deadlines.messageGoesOn();
    }
}
