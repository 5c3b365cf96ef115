package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.HandshakeRequest;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.OutgoingMessage;
import dev.weft.PreparedMessage;
import dev.weft.SendQueue;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.internal.AddressText;
import dev.weft.internal.Bounds;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.receive.MessageReceiver;
import dev.weft.internal.receive.ReceiverOwner;
import dev.weft.internal.send.FrameSender;
import dev.weft.internal.send.OutgoingStream;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.time.TimeLimitExceededException;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.ResponseHead;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A connection of either role over any transport: a façade that joins receiving, sending, closing and the deadlines.
 * <ul>
 * <li>{@link MessageReceiver} is used by one thread at a time: one that receives, or, while none does, one that reads ahead.
 * <li>{@link FrameSender} is for any thread; its lock is the only one.
 * <li>{@link ClosingHandshake} has the state of the closing handshake, on which everything else depends.
 * <li>{@link Deadlines} gets its timestamps from the connection's threads; the sweeper checks them.
 * </ul>
 */
public final class Connection implements WebSocketConnection, BatchSender, ReceiverOwner, OutgoingStream.Owner {
    /** Shared, since it has no state. */
    private static final FrameWriter SERVER_WRITER = new FrameWriter(Role.SERVER);
    private static final AtomicLong LAST_ID = new AtomicLong();

    final Transport transport;
    final ConnectionServices services;
    final HandshakeResult handshake;
    private final long id = LAST_ID.incrementAndGet();
    final ClosingHandshake closing = new ClosingHandshake();
    final FrameSender sender;
    final MessageReceiver receiver;
    /** {@code null} until {@link #start}. */
    private volatile ConnectionHolder holder;
    /** The thread that takes the last steps in place of the connection's own thread. */
    volatile Thread finisher;
    /** {@code null} until a call fails. */
    FailedCallThrottle failedCallThrottle;

    /**
     * A connection whose opening handshake is done.
     *
     * @param input  may hold the first frames already
     * @param offset where in the input's region they begin
     */
    public Connection(Transport transport, InboundBuffer input, int offset, HandshakeResult handshake,
            ConnectionServices services) {
        Role role = services.role();
        Extension extension = handshake.extension();
        this.transport = transport;
        this.services = services;
        this.handshake = handshake;
        Deadlines deadlines = new Deadlines(services.clock(), services.timeouts());
        this.sender = new FrameSender(transport, role.sendsMasked() ? new FrameWriter(role) : SERVER_WRITER, extension,
                closing, deadlines, services.sending());
        this.receiver = new MessageReceiver(this, role, input, offset, extension, services.limits(), services.pool(),
                closing, deadlines);
    }

    /**
     * From this call on, protocol processing continues even if no thread receives.
     *
     * @param holder notified when the connection ends
     */
    public void start(ConnectionHolder holder) {
        this.holder = holder;
        receiver.start();
    }

    // Receiving.

    @Override
    public Message receive() throws IOException {
        return receiver.receive();
    }

    @Override
    public Optional<Message> receive(Duration timeout) throws IOException {
        Bounds.check("timeout", timeout, Duration.ZERO, TimeLimit.LONGEST);
        return receiver.receive(TimeLimit.in(timeout));
    }

    @Override
    public MessageView receiveView() throws IOException {
        return receiver.receiveView();
    }

    @Override
    public IncomingMessage receiveStream() throws IOException {
        return receiver.receiveStream();
    }

    @Override
    public CloseStatus awaitClose() throws IOException {
        return receiver.awaitClose();
    }

    @Override
    public void completeClose(TimeLimit limit) throws InterruptedIOException {
        ConnectionTeardown.completeClose(this, limit);
    }

    @Override
    public void answerPing(byte[] array, int from, int to, boolean more) throws IOException {
        transport.countPing();
        sender.pong(array, from, to, more);
    }

    @Override
    public void pong(byte[] array, int from, int to) {
        PingSender.pong(this, array, from, to);
    }

    @Override
    public void answerClose(CloseReason reason) {
        closing.receive(reason);
        // §5.5.1: as soon as practical, with the code that was received.
        claimAndClose(new CloseReason(reason.code(), ""));
    }

    @Override
    public void flush() throws IOException {
        sender.flush();
    }

    @Override
    public void hasWaited() {
        sender.callerHasWaited();
    }

    /** Whether this thread was the last one to receive, and the next frame has arrived completely. */
    public boolean hasNextFrame() {
        return receiver.hasNextFrame();
    }

    // Sending.

    @Override
    public int prefetch() {
        return (closing.isOpen() ? 1 : 0) + sender.prefetch();
    }

    @Override
    public void send(String text) throws IOException {
        MessageSender.send(this, text);
    }

    @Override
    public void send(MessageType type, byte[] array, int offset, int length) throws IOException {
        MessageSender.send(this, type, array, offset, length);
    }

    @Override
    public void send(ByteBuffer binary) throws IOException {
        MessageSender.send(this, binary);
    }

    @Override
    public void send(PreparedMessage message) throws IOException {
        MessageSender.send(this, message);
    }

    @Override
    public SendResult trySend(String text) {
        return MessageSender.trySend(this, text);
    }

    @Override
    public SendResult trySend(MessageType type, byte[] array, int offset, int length) {
        return MessageSender.trySend(this, type, array, offset, length);
    }

    @Override
    public SendResult trySend(ByteBuffer binary) {
        return MessageSender.trySend(this, binary);
    }

    @Override
    public SendResult trySend(PreparedMessage message) {
        return trySend(null, message, false);
    }

    @Override
    public SendResult trySend(Object key, PreparedMessage message, boolean more) {
        return MessageSender.trySend(this, key, message, more);
    }

    @Override
    public SendQueue queue() {
        return new ConnectionQueue(this);
    }

    @Override
    public OutgoingMessage sendStream(MessageType type) throws IOException {
        Objects.requireNonNull(type);
        try {
            return new OutgoingStream(this, sender, type);
        } catch (IOException e) {
            throw translated(e);
        }
    }

    @Override
    public Duration ping(Duration timeout) throws IOException {
        return PingSender.ping(this, timeout);
    }

    @Override
    public Optional<Duration> latency() {
        return sender.deadlines().latency();
    }

    // The end.

    @Override
    public void close(int code, String reason) {
        claimAndClose(CloseReason.sendable(code, reason));
    }

    void claimAndClose(CloseReason reason) {
        if (closing.claim(reason)) {
            sender.close();
        }
    }

    @Override
    public void abort() {
        ConnectionTeardown.abort(this);
    }

    @Override
    public ConnectionClosedException failed(ProtocolViolationException violation) {
        return ConnectionTeardown.failed(this, violation);
    }

    @Override
    public void fail(CloseReason reason, Exception cause) {
        if (closing.fail(reason, cause)) {
            sender.close();
        }
    }

    @Override
    public IOException translated(IOException e) {
        IOException translated = ConnectionTeardown.translated(this, e);
        return translated instanceof TimeLimitExceededException
                ? translated
                : FailedCallThrottle.count(this, translated);
    }

    @Override
    public ConnectionClosedException closed() {
        return FailedCallThrottle.count(this, closing.exception());
    }

    @Override
    public void breakOff(String why, Error cause) {
        ConnectionTeardown.breakOff(this, why, cause);
    }

    boolean breakOff(Exception cause) {
        try {
            return closing.breakOff(cause);
        } finally {
            transport.close();
            ConnectionHolder told = holder;
            if (told != null) {
                told.connectionOver();
            }
        }
    }

    /**
     * Ends the connection after its handler: completes the closing handshake, shuts down the output, drops what the peer still
     * sends, and closes the transport. Waits until the close deadline at most. For the connection's thread.
     *
     * @param reason for the Close frame, if none was sent yet
     */
    public void finish(CloseReason reason) {
        ConnectionTeardown.finish(this, reason);
    }

    @Override
    public ShortTimer timer() {
        return services.timer();
    }

    @Override
    public int readAheadSize() {
        return services.limits().readAheadSize();
    }

    @Override
    public void takeEnd() {
        finisher = Thread.currentThread();
    }

    @Override
    public void endAhead() {
        ConnectionTeardown.endAhead(this);
    }

    /** Takes the steps that are due at this time. Does not wait. For the sweeper. */
    public void sweep(int now) {
        PeriodicCheck.sweep(this, now);
    }

    // Questions.

    /** The bytes that this connection holds, counted in the budget. */
    public long heldBytes() {
        return sender.waitingBytes() + receiver.heldBytes();
    }

    @Override
    public boolean isOpen() {
        return closing.isOpen();
    }

    @Override
    public Optional<CloseStatus> closeStatus() {
        return closing.finalStatus();
    }

    /** How the connection ended, as far as known. */
    public CloseStatus known() {
        return closing.known();
    }

    @Override
    public void onClose(Consumer<CloseStatus> action) {
        closing.onFinal(new EndAction(action, closing, services.timer())::start);
    }

    @Override
    public Optional<String> subprotocol() {
        return Optional.ofNullable(handshake.subprotocol());
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public HandshakeRequest request() {
        return handshake.request(transport);
    }

    @Override
    public Optional<ResponseHead> response() {
        return Optional.ofNullable(handshake.response());
    }

    @Override
    public <T> Optional<T> attachment(Class<T> type) {
        return Attachments.find(handshake.attachment(), type);
    }

    @Override
    public Optional<Instant> expiresAt() {
        Lifetime lifetime = handshake.lifetime();
        return lifetime == null ? Optional.empty() : lifetime.expiresAt();
    }

    @Override
    public void renew(Instant expiresAt) {
        Lifetime.of(handshake).renew(Objects.requireNonNull(expiresAt, "expiresAt"));
    }

    @Override
    public SocketAddress localAddress() {
        return transport.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return transport.remoteAddress();
    }

    @Override
    public String toString() {
        return "WebSocketConnection[" + id + " " + path() + " " + AddressText.of(remoteAddress()) + "]";
    }
}
