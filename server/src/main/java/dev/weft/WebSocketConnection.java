package dev.weft;

import dev.weft.parser.CloseCode;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket connection after its opening handshake (RFC 6455), as blocking code.
 * <p>
 * <b>Threads.</b> One thread at a time may receive, and read what a {@code receive…} method returned: any thread, by default
 * the one that runs the connection's handler. When the handler has returned, no thread may receive. All other methods may be
 * called from any thread, at any time; whole frames never interleave, and control frames go between the fragments of a streamed
 * message. A thread that is interrupted while it waits in a method of this interface is released with a
 * {@link java.io.InterruptedIOException}, its interrupt flag set. The connection stays open: a receive has lost nothing and may be
 * called again, and a message that was partly written is still sent. Only where that cannot be done is the connection failed:
 * over TLS, and over the {@code BLOCKING} transport, whose channels the JDK closes when a thread is interrupted.
 * <p>
 * <b>Receiving</b> has three forms, which can be mixed freely: whole messages ({@link #receive()}), a borrowed view without a
 * copy ({@link #receiveView()}), and a stream for messages larger than memory ({@link #receiveStream()}).
 * {@snippet class = "dev.weft.server.Snippets" region = "receive"}
 * <b>While no thread receives</b>, protocol processing continues: after about 5 ms, what the peer sends is read ahead, up to
 * {@link ConnectionLimits#readAheadSize()}. Pings and Close frames in it are answered in order, and the end of the peer's bytes
 * is noticed. Data waits for the next receive. A Close frame that follows unreceived data is answered half a second later than
 * others, so that a reply can be sent first. Beyond that size nothing is read, control frames included, and TCP slows the peer
 * down.
 * <p>
 * <b>Sending.</b> {@code send} waits while the peer does not read, until the write deadline; then the connection is aborted.
 * When it returns, the message has been passed to the network, with one exception: a message that a handler sends after its
 * connection's next frame has already arrived may be held back for a few milliseconds, so that it leaves in one write with the
 * next ones. {@code trySend} never waits. Use it to send one message to many connections: what the network does not take at
 * once is queued, up to a limit, and is sent as the peer reads. Messages that one thread sends, by either method, arrive in
 * that order.
 * {@snippet class = "dev.weft.server.Snippets" region = "broadcast"}
 * <p>
 * <b>The end.</b> {@link #receive()} returns {@link Message.Close} once when the closing handshake is complete. If the
 * connection ends in any other way, the method that detects it throws: the original {@link IOException} of a dead wire, or
 * {@link ConnectionClosedException} in all other cases. All later calls throw {@link ConnectionClosedException}. Code that
 * keeps calling in a loop is slowed down: after 64 such calls within about a second, each further call waits up to 50 ms on the
 * connection's own thread.
 */
public interface WebSocketConnection extends AutoCloseable {
    /**
     * Waits for the next whole message, as long as the peer is there: keepalive ends the connection of one that is not, and
     * {@link ConnectionTimeouts#messageTimeout()} that of one that does not go on with a message. For one thread at a time.
     *
     * @return a text or binary message of at most {@link ConnectionLimits#maxMessageSize()} bytes, or the end
     * @throws ConnectionClosedException      if the connection is over: after {@link Message.Close} was returned, after
     *                                        {@link #abort()}, a deadline, or a violation by the peer
     * @throws java.io.InterruptedIOException if this thread was interrupted; the next receive continues where this one was
     * @throws IOException                    if the wire is dead
     * @throws IllegalStateException          if another thread receives
     */
    Message receive() throws IOException;

    /**
     * Waits for the next whole message, but no longer than the timeout. If it does not arrive in time, nothing is lost: the
     * part that has arrived is kept, and the next {@link #receive()} or {@link #receiveView()} continues with it;
     * {@link #receiveStream()} cannot. Answering the peer's pings and sending held-back messages may take longer: as long as
     * sending does. For one thread at a time.
     *
     * @param timeout at most 20 days; 0 for what has been received already, for which {@code BLOCKING} waits a millisecond
     * @return the message or the end, as {@link #receive()} returns them; empty if no whole message arrived in time
     * @throws IllegalArgumentException if the timeout is negative or over 20 days
     * @throws IOException              as {@link #receive()}
     * @throws IllegalStateException    if another thread receives
     */
    Optional<Message> receive(Duration timeout) throws IOException;

    /**
     * Waits for the next whole message, as {@link #receive()} does, and lends it: neither copies nor allocates if the message arrives in one frame, is
     * not compressed, and fits the read buffer.
     *
     * @return a view that is valid until the next receive, or {@code null} when the closing handshake is complete
     * @throws IOException           as {@link #receive()}
     * @throws IllegalStateException if another thread receives
     */
    @SuppressWarnings("exports") // who uses this needs no annotations
    @Nullable
    MessageView receiveView() throws IOException;

    /**
     * Waits for the beginning of the next message. To read it is to receive: one thread at a time may.
     *
     * @return a message that is valid until the next receive, or {@code null} when the closing handshake is complete
     * @throws IOException           as {@link #receive()}
     * @throws IllegalStateException if another thread receives, or if a receive that was interrupted or timed out has already
     *                               taken part of the message
     */
    @SuppressWarnings("exports") // who uses this needs no annotations
    @Nullable
    IncomingMessage receiveStream() throws IOException;

    /**
     * Waits for the end of the connection, however long that takes, for a handler that only sends: receives messages and drops them, whole or in part,
     * with no more memory than a read needs. Meanwhile pings are answered and messages are checked; one over
     * {@link ConnectionLimits#maxMessageSize()} fails the connection. For one thread at a time.
     *
     * @return the final status, however the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted; the connection stays open; receive again
     * @throws ConnectionClosedException      if the handler has returned
     * @throws IllegalStateException          if another thread receives
     */
    CloseStatus awaitClose() throws IOException;

    /**
     * Sends a text message, from any thread. Waits while the peer does not read, as long as the network takes something of it
     * within each {@link ConnectionTimeouts#writeTimeout()}: then the connection is aborted. Waits also for the messages of other
     * threads, and for the end of a streamed one, up to the {@link ConnectionTimeouts#streamTimeout()}.
     *
     * @throws IllegalArgumentException       if the text has an unpaired surrogate; nothing is sent then
     * @throws IllegalStateException          if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException      if a Close frame was sent, or the connection is over
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited: before the message was begun, and
     *                                        it is not sent; or in the middle of it, and it is still sent whole
     * @throws IOException                    if the wire is dead
     */
    void send(String text) throws IOException;

    /**
     * Sends a binary message, otherwise as {@link #send(String)}. The array may be used again when the method returns.
     */
    default void send(byte[] binary) throws IOException {
        send(MessageType.BINARY, binary, 0, binary.length);
    }

    /**
     * Sends a binary message of the bytes that remain in a buffer of any kind, otherwise as {@link #send(String)}. When the
     * method returns, the buffer's position is its limit, as after a write to a {@link java.nio.channels.WritableByteChannel},
     * and the buffer may be used again; when it throws, the position is unchanged. A direct or read-only buffer is copied
     * first.
     */
    void send(ByteBuffer binary) throws IOException;

    /** Sends a view's message, received on this connection or another, otherwise as {@link #send(String)}. */
    default void send(MessageView view) throws IOException {
        send(view.type(), view.array(), view.offset(), view.length());
    }

    /**
     * Sends a message that is prepared for any number of connections, otherwise as {@link #send(String)}; if it is the first to
     * compress it for this connection's window size, that takes longer.
     */
    void send(PreparedMessage message) throws IOException;

    /**
     * Sends a message from an array, otherwise as {@link #send(String)}. The array may be used again when the method returns.
     *
     * @param type   text or binary; the bytes of a text must be UTF-8, which is not checked here
     * @param array  holds the bytes
     * @param offset where they begin
     * @param length the number of bytes
     * @throws IndexOutOfBoundsException if the bytes are not within the array
     */
    void send(MessageType type, byte[] array, int offset, int length) throws IOException;

    /**
     * Sends a text message if that can be done without waiting for the peer, for another thread's message, or for the end of a
     * streamed one; otherwise puts it in this connection's queue, up to {@link ConnectionLimits#maxQueuedSize()}. Never waits.
     * With a transport that cannot write without waiting, such as TLS or the JDK's blocking channels, another thread is started
     * for a moment. For any thread; does not throw if the connection is over.
     * <p>
     * When this end closes, queued messages are sent before the Close frame, unless another thread's streamed message is open.
     * When the peer closes, or the connection ends in another way, they are dropped.
     *
     * @return whether the message was accepted, and if not, why
     * @throws IllegalArgumentException if the text has an unpaired surrogate; nothing is sent then
     */
    SendResult trySend(String text);

    /** Tries to send a binary message, otherwise as {@link #trySend(String)}. The array may be used again. */
    default SendResult trySend(byte[] binary) {
        return trySend(MessageType.BINARY, binary, 0, binary.length);
    }

    /**
     * Tries to send a binary message of the bytes that remain in a buffer of any kind, otherwise as {@link #trySend(String)}.
     * If the message was accepted, the buffer's position is its limit, and the buffer may be used again; otherwise the position
     * is unchanged.
     */
    SendResult trySend(ByteBuffer binary);

    /** Tries to send a view's message, received on this connection or another, otherwise as {@link #trySend(String)}. */
    default SendResult trySend(MessageView view) {
        return trySend(view.type(), view.array(), view.offset(), view.length());
    }

    /**
     * Tries to send a message that is prepared for any number of connections, otherwise as {@link #trySend(String)}. In the queue
     * it is not copied, but counts with its whole length.
     */
    SendResult trySend(PreparedMessage message);

    /**
     * Tries to send a message from an array, otherwise as {@link #trySend(String)}. The array may be used again when the
     * method returns: what has to wait is copied.
     *
     * @param type   text or binary; the bytes of a text must be UTF-8, which is not checked here
     * @param array  holds the bytes
     * @param offset where they begin
     * @param length the number of bytes
     * @throws IndexOutOfBoundsException if the bytes are not within the array
     */
    SendResult trySend(MessageType type, byte[] array, int offset, int length);

    /**
     * Opens a message that is sent in fragments as it is written (§5.4). Until it is completed or abandoned, messages of
     * other threads wait: a stream without a write for {@link ConnectionTimeouts#streamTimeout()} while one waits fails the
     * connection with 1011. Waits as {@link #send(String)} does, in particular while another streamed message is open. For any
     * thread.
     *
     * @return the message, for one thread at a time
     * @throws IllegalStateException          if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException      if a Close frame was sent, or the connection is over
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited; nothing was begun
     * @throws IOException                    if the wire is dead
     */
    OutgoingMessage sendStream(MessageType type) throws IOException;

    /**
     * Sends a message in fragments: completes it when the body returns, abandons it when the body throws. Waits as
     * {@link #sendStream(MessageType)} does, and in the body's writes.
     *
     * @throws IOException what the body threw, or as {@link #sendStream(MessageType)}
     */
    default void sendStream(MessageType type, StreamBody body) throws IOException {
        try (OutgoingMessage message = sendStream(type)) {
            body.writeTo(message);
            message.complete();
        }
    }

    /**
     * Sends a ping with a unique payload, and waits for the pong (§5.5.2, §5.5.3): first until the ping is sent, as sending
     * does, and then no longer than the timeout. Several threads may call this at the same time; the pong of a later ping also
     * answers the earlier ones. There is no other method for pings and pongs: pings are answered, and the connection sends
     * pings to a silent peer, without being asked.
     *
     * @param timeout 1 ms to 20 days
     * @return the time from the ping's sending to the pong that answered it
     * @throws IllegalArgumentException       if the timeout is not within its bounds
     * @throws PingTimeoutException           if no pong came in time; the connection stays open
     * @throws ConnectionClosedException      if a Close frame was sent or received, or the connection is over
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited
     * @throws IOException                    if the wire is dead
     */
    Duration ping(Duration timeout) throws IOException;

    /**
     * How long the peer took to answer the last ping that it answered: one sent by {@link #ping(Duration)}, or one that the
     * connection sent itself after the peer was silent ({@link ConnectionTimeouts#pingInterval()}). Empty until a ping has been
     * answered. Pongs that answer no such ping do not count. For any thread; does not wait.
     */
    Optional<Duration> latency();

    /** Closes with 1000 and no reason, otherwise as {@link #close(int, String)}. Never waits. */
    @Override
    default void close() {
        close(CloseCode.NORMAL_CLOSURE, "");
    }

    /**
     * Begins the closing handshake (§7.1.2). Never waits: the Close frame is sent as soon as the peer has taken what was sent
     * before, and the connection is cut when the close deadline has passed. A receive, or the end of the handler, waits for
     * the peer's Close frame. Does nothing if a Close frame was sent or the connection is over. For any thread.
     *
     * @param code   1000–1003, 1007–1014 or 3000–4999
     * @param reason at most 123 bytes of UTF-8 without control characters
     * @throws IllegalArgumentException if the code or the reason may not be sent
     */
    void close(int code, String reason);

    /**
     * Ends the connection at once, without a Close frame; frees every thread that waits in it. For any thread. Never waits; does
     * nothing if the connection is over.
     */
    void abort();

    /**
     * Whether messages can be sent: no Close frame has been sent or received, and the connection is not over. For any thread;
     * does not wait.
     */
    boolean isOpen();

    /**
     * How the connection ended. Empty until that is final: until the closing handshake is complete, or cannot be completed any
     * more. It never changes afterwards. For any thread; does not wait.
     */
    Optional<CloseStatus> closeStatus();

    /**
     * Runs an action once with the final status, on its own virtual thread; at once if it is final already. Actions
     * run in any order. What one throws goes to its thread's uncaught exception handler. For any thread; does not wait.
     */
    void onClose(Consumer<CloseStatus> action);

    /** The subprotocol that both ends agreed on (§1.9). Does not wait. */
    Optional<String> subprotocol();

    /** A number that no other connection of this process has. Does not wait. */
    long id();

    /**
     * The handshake's request, made anew at each call: target, path parameters, addresses, TLS session. It has headers, and
     * what is derived from them, only if the endpoint keeps them: an idle connection is to cost some 2 KiB. Does not wait.
     */
    HandshakeRequest request();

    /** The path of the handshake's request, as it was on the wire, without the query. Does not wait. */
    default String path() {
        return request().path();
    }

    /** The parameters in the query of the handshake's request, decoded anew at each call. Does not wait. */
    default QueryParameters query() {
        return request().query();
    }

    /**
     * What the handshake's policy left for the handler, such as who the user is. Does not wait.
     *
     * @param type what it is, a class or an interface
     * @return empty if the policy left nothing
     * @throws ClassCastException if it is of another type
     */
    <T> Optional<T> attachment(Class<T> type);

    /** The address of this end. Does not wait. */
    SocketAddress localAddress();

    /** The address of the peer. Does not wait. */
    SocketAddress remoteAddress();
}
