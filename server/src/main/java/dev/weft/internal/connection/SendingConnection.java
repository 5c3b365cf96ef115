package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionEnd;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
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
 * What any thread may do with a connection: send, close, and ask; and what a failure of one thing means for the rest (RFC
 * 6455 §7.1.7). Receiving is {@link Connection}'s, which is one object with this for the sake of the octets that a further
 * one costs.
 */
abstract class SendingConnection implements WebSocketConnection {
    /** It has no state. */
    private static final FrameWriter SERVER_WRITER = new FrameWriter(Role.SERVER);

    final Transport transport;
    final ConnectionServices services;
    final Closing closing = new Closing();
    final Deadlines deadlines;
    final Output output;
    private final Agreement agreement;

    SendingConnection(Role role, Transport transport, Agreement agreement, ConnectionServices services) {
        this.transport = transport;
        this.agreement = agreement;
        this.services = services;
        this.deadlines = new Deadlines(services.clock(), services.timeouts());
        this.output = new Output(transport, writer(role), role.sendsMasked(), services, closing, deadlines,
                agreement.extension());
    }

    private static FrameWriter writer(Role role) {
        return role.sendsMasked() ? new FrameWriter(role) : SERVER_WRITER;
    }

    /** Whether what this thread sends now may wait: the next frame is here, whose reply can leave with it. */
    abstract boolean mayHoldBack();

    @Override
    public final void send(String text) throws IOException {
        byte[] utf8 = Utf8.encode(text);
        send(MessageView.Type.TEXT, utf8, 0, utf8.length);
    }

    @Override
    public final void send(MessageView.Type type, byte[] array, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, array.length);
        Opcode opcode = opcode(type);
        try {
            output.message(opcode, array, offset, offset + length, mayHoldBack());
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public final boolean post(String text) {
        byte[] utf8 = Utf8.encode(text);
        return post(MessageView.Type.TEXT, utf8, 0, utf8.length, false);
    }

    @Override
    public final boolean post(MessageView.Type type, byte[] array, int offset, int length, boolean more) {
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
    public final OutputStream sendBinaryStream() throws IOException {
        return sendStream(Opcode.BINARY);
    }

    @Override
    public final Writer sendTextStream() throws IOException {
        return new OutputStreamWriter(sendStream(Opcode.TEXT), StandardCharsets.UTF_8.newEncoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    private FragmentStream sendStream(Opcode opcode) throws IOException {
        Extension extension = agreement.extension();
        boolean transformed = extension != null && extension.transforms(-1);
        try {
            return new FragmentStream(this, output, opcode, transformed);
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public final void ping(byte[] payload) throws IOException {
        control(Opcode.PING, payload);
    }

    @Override
    public final void pong(byte[] payload) throws IOException {
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
    public final void close(int code, String reason) throws IOException {
        CloseReason sendable = CloseReason.sendable(code, reason);
        try {
            output.close(sendable);
        } catch (IOException e) {
            throw dead(e);
        }
    }

    @Override
    public final void abort() {
        breakOff(new IOException("aborted by this end"));
    }

    final void shutdownOutput() {
        try {
            transport.shutdownOutput();
        } catch (IOException e) {
            // It is shut down then.
        }
    }

    /** The peer broke a rule: says so in a Close frame, and what is thrown says it to the caller. */
    final ConnectionClosedException fail(ProtocolViolationException violation) {
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
    final IOException dead(IOException cause) {
        if (cause instanceof ConnectionClosedException) {
            return cause;
        }
        return breakOff(cause) || closing.isCause(cause) ? cause : closing.exception();
    }

    final ConnectionClosedException closed() {
        return closing.exception();
    }

    final boolean breakOff(Exception cause) {
        boolean first = closing.breakOff(cause);
        transport.close();
        return first;
    }

    @Override
    public final boolean isOpen() {
        return closing.isOpen();
    }

    @Override
    public final ConnectionEnd end() {
        return closing.end();
    }

    @Override
    public final Optional<String> subprotocol() {
        return Optional.ofNullable(agreement.subprotocol());
    }

    @Override
    public final String target() {
        return agreement.target();
    }

    @Override
    public final Object attachment() {
        return agreement.attachment();
    }

    @Override
    public final SocketAddress localAddress() {
        return transport.localAddress();
    }

    @Override
    public final SocketAddress remoteAddress() {
        return transport.remoteAddress();
    }
}
