package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionEnd;
import dev.weft.ConnectionLimits;
import dev.weft.Message;
import dev.weft.MessageStream;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.internal.transport.Lingering;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.Utf8Validator;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.SocketAddress;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;

/**
 * A connection of either role over any transport: puts receiving, sending, closing and deadlines together, and decides
 * what a failure of one means for the rest (RFC 6455 §7.1.7).
 */
public final class Connection implements WebSocketConnection {
    /** It has no state. */
    private static final FrameWriter SERVER_WRITER = new FrameWriter(Role.SERVER);
    private static final char REPLACEMENT = '\uFFFD';

    private final Transport transport;
    private final Thread owner;
    private final Agreement agreement;
    private final ConnectionServices services;
    private final Closing closing = new Closing();
    private final Deadlines deadlines;
    private final Input input;
    private final Output output;
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
        this.transport = transport;
        this.owner = Thread.currentThread();
        this.input = input;
        this.agreement = agreement;
        this.services = services;
        this.deadlines = new Deadlines(services.clock(), services.timeouts());
        Extension extension = agreement.extension();
        this.output = new Output(transport, writer(role), role.sendsMasked(), services, closing, deadlines, extension);
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

    private static FrameWriter writer(Role role) {
        return role.sendsMasked() ? new FrameWriter(role) : SERVER_WRITER;
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

    @Override
    public void send(String text) throws IOException {
        byte[] utf8 = Utf8.encode(text);
        send(MessageView.Type.TEXT, utf8, 0, utf8.length);
    }

    @Override
    public void send(MessageView.Type type, byte[] array, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, array.length);
        Opcode opcode = opcode(type);
        // Held back only while the next frame is here, whose reply can leave with this one.
        boolean hold = Thread.currentThread() == owner && frames.parser().hasFrame();
        try {
            output.message(opcode, array, offset, offset + length, hold);
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public boolean post(String text) {
        byte[] utf8 = Utf8.encode(text);
        return post(MessageView.Type.TEXT, utf8, 0, utf8.length, false);
    }

    @Override
    public boolean post(MessageView.Type type, byte[] array, int offset, int length, boolean more) {
        Objects.checkFromIndexSize(offset, length, array.length);
        return output.post(opcode(type), array, offset, offset + length, more);
    }

    private static Opcode opcode(MessageView.Type type) {
        return switch (type) {
            case TEXT -> Opcode.TEXT;
            case BINARY -> Opcode.BINARY;
            case CLOSE -> throw new IllegalArgumentException("a view that shows the end is no message");
        };
    }

    @Override
    public OutputStream sendBinaryStream() throws IOException {
        return sendStream(Opcode.BINARY);
    }

    @Override
    public Writer sendTextStream() throws IOException {
        return new OutputStreamWriter(sendStream(Opcode.TEXT), StandardCharsets.UTF_8.newEncoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    private FragmentStream sendStream(Opcode opcode) throws IOException {
        Extension extension = agreement.extension();
        boolean transformed = extension != null && extension.transforms(-1);
        try {
            return new FragmentStream(this, output, opcode, transformed ? extension : null);
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public void ping(byte[] payload) throws IOException {
        control(Opcode.PING, payload);
    }

    @Override
    public void pong(byte[] payload) throws IOException {
        control(Opcode.PONG, payload);
    }

    private void control(Opcode opcode, byte[] payload) throws IOException {
        if (payload.length > FrameHeader.MAX_CONTROL_PAYLOAD) {
            throw new IllegalArgumentException(
                    opcode + " payload of " + payload.length + " octets is over " + FrameHeader.MAX_CONTROL_PAYLOAD);
        }
        try {
            output.control(opcode, payload);
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public void close(int code, String reason) throws IOException {
        CloseReason sendable = CloseReason.sendable(code, reason);
        try {
            output.close(sendable);
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public void abort() {
        breakOff(new IOException("aborted by this end"));
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

    private void shutdownOutput() {
        try {
            transport.shutdownOutput();
        } catch (IOException e) {
            // It is shut down then.
        }
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

    /** The peer broke a rule: says so in a Close frame, and what is thrown says it to the caller. */
    ConnectionClosedException fail(ProtocolViolationException violation) {
        closing.blame(violation);
        try {
            String reason = violation.getMessage();
            output.close(new CloseReason(violation.closeCode(),
                    reason.substring(0, Math.min(reason.length(), CloseReason.MAX_REASON_LENGTH))));
            closing.breakOff(violation);
        } catch (IOException e) {
            breakOff(e);
        }
        return closing.exception();
    }

    /** The wire is dead, or the connection was over before: what is thrown to the caller. */
    IOException dead(IOException cause) {
        if (cause instanceof ConnectionClosedException) {
            return cause;
        }
        return breakOff(cause) || closing.isCause(cause) ? cause : closing.exception();
    }

    ConnectionClosedException closed() {
        return closing.exception();
    }

    void messageGoesOn() {
        deadlines.messageGoesOn();
    }

    private boolean breakOff(Exception cause) {
        boolean first = closing.breakOff(cause);
        transport.close();
        return first;
    }

    @Override
    public boolean isOpen() {
        return closing.isOpen();
    }

    @Override
    public ConnectionEnd end() {
        return closing.end();
    }

    @Override
    public Optional<String> subprotocol() {
        return Optional.ofNullable(agreement.subprotocol());
    }

    @Override
    public String target() {
        return agreement.target();
    }

    @Override
    public Object attachment() {
        return agreement.attachment();
    }

    @Override
    public SocketAddress localAddress() {
        return transport.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return transport.remoteAddress();
    }
}
