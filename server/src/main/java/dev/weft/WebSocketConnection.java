package dev.weft;

import dev.weft.parser.CloseCode;
import dev.weft.parser.http.ResponseHead;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket connection after its opening handshake (RFC 6455), with a blocking API.
 * <p>
 * <b>Threads.</b> One thread at a time may receive and read what a {@code receive…} method returned. This can be any
 * thread; by default it is the thread that runs the connection's handler. After the handler has returned, no thread may
 * receive. All other methods may be called from any thread at any time. Frames never interleave; control frames are
 * sent between the fragments of a streamed message. If a thread is interrupted while it waits in a method of this
 * interface, the method throws {@link java.io.InterruptedIOException}, and the thread's interrupt status stays set. The
 * connection stays open: an interrupted receive has lost nothing and can be called again, and a message that was partly
 * written is still sent. Only where this is impossible, the connection fails: over TLS, and over the {@code BLOCKING}
 * transport, because the JDK closes its channels when a thread is interrupted.
 * <p>
 * <b>Receiving</b> has three forms, which can be mixed freely: complete messages ({@link #receive()}), a borrowed view
 * without a copy ({@link #receiveView()}), and a stream for messages larger than memory ({@link #receiveStream()}).
 * {@snippet class = "dev.weft.server.Snippets" region = "receive"} <b>While no thread receives</b>, protocol processing
 * continues: after 4 to 8 ms, data from the peer is read ahead, up to {@link ConnectionLimits#readAheadSize()}. Pings
 * and Close frames in this data are answered in order, and the end of the peer's output is detected. Messages wait for
 * the next receive. A Close frame that follows data is answered half a second later than others, or by the next
 * receive, so that a reply can be sent first. Beyond {@code readAheadSize} nothing is read, not even control frames, and TCP slows the
 * peer down.
 * <p>
 * <b>Sending.</b> {@code send} waits while the peer does not read, until the write deadline; then the connection is
 * aborted. When {@code send} returns, the message has been passed to the network, with one exception: if the
 * connection's next frame has already arrived, a message that the handler sends may be held back for a few
 * milliseconds, to be sent in one write together with the next messages. {@code trySend} never waits: data that the
 * network does not accept at once is queued, up to a limit, and is sent as the peer reads. {@link
 * PreparedMessage#broadcast(Iterable)} calls it for many connections. Messages that one thread sends, by any of these
 * methods, arrive in that order.
 * {@snippet class = "dev.weft.server.Snippets" region = "broadcast"}
 * <p>
 * <b>The end.</b> {@link #receive()} returns {@link Message.Close} once when the closing handshake is complete. If the
 * connection ends in any other way, the method that detects it throws: the original {@link IOException} after an I/O
 * error, or {@link ConnectionClosedException} in all other cases. All later calls throw {@link
 * ConnectionClosedException}. Code that keeps calling in a loop is slowed down: after 64 such calls within about a
 * second, each further call on the connection's own thread waits up to 50 ms.
 * <p>
 * Not for applications to implement: methods will be added. Tests can use {@code dev.weft.testing.TestConnection}.
 */
public interface WebSocketConnection extends AutoCloseable {
    /**
     * Waits for the next complete message, for as long as the peer is alive. If the peer does not answer pings, or does
     * not continue a message within {@link ConnectionTimeouts#messageTimeout()}, the connection ends. Only one thread
     * at a time may call this.
     *
     * @return a text or binary message of at most {@link ConnectionLimits#maxMessageSize()} bytes, or the end
     * @throws ConnectionClosedException      if the connection has ended: after {@link Message.Close} was returned, after
     *                                        {@link #abort()}, after a deadline, or after a protocol violation by the peer
     * @throws java.io.InterruptedIOException if this thread was interrupted; the next receive continues where this one
     *                                        stopped
     * @throws IOException                    if an I/O error occurs
     * @throws IllegalStateException          if another thread receives
     */
    Message receive() throws IOException;

    /**
     * Waits for the next complete message, but no longer than the timeout. If it does not arrive in time, nothing is
     * lost: the part that has arrived is kept, and the next {@link #receive()} or {@link #receiveView()} continues with
     * it; {@link #receiveStream()} cannot. Answering the peer's pings and sending held-back messages may take longer
     * than the timeout: as long as sending does. Only one thread at a time may call this.
     *
     * @param timeout at most 20 days; 0 to return only what has already been received, for which {@code BLOCKING} waits a
     *                millisecond
     * @return the message or the end, as {@link #receive()} returns them; empty if no complete message arrived in time
     * @throws IllegalArgumentException if the timeout is negative or over 20 days
     * @throws IOException              as {@link #receive()}
     * @throws IllegalStateException    if another thread receives
     */
    Optional<Message> receive(Duration timeout) throws IOException;

    /**
     * Waits for the next complete message, as {@link #receive()} does, and returns a view of it. Neither copies nor
     * allocates if the message arrives in one frame, is not compressed, and fits the read buffer.
     *
     * @return a view that is valid until the next receive, or {@code null} when the closing handshake is complete
     * @throws IOException           as {@link #receive()}
     * @throws IllegalStateException if another thread receives
     */
    @SuppressWarnings("exports") // users of this API do not need the annotations
    @Nullable
    MessageView receiveView() throws IOException;

    /**
     * Waits for the beginning of the next message. Reading the message counts as receiving: only one thread at a time
     * may do so.
     *
     * @return a message that is valid until the next receive, or {@code null} when the closing handshake is complete
     * @throws IOException           as {@link #receive()}
     * @throws IllegalStateException if another thread receives, or if a receive that was interrupted or timed out has
     *                               already taken part of the message
     */
    @SuppressWarnings("exports") // users of this API do not need the annotations
    @Nullable
    IncomingMessage receiveStream() throws IOException;

    /**
     * Waits for the end of the connection, however long that takes, for example in a handler that only sends. Receives
     * messages and discards them, complete or in part, with no more memory than a read needs. Meanwhile, pings are
     * answered and messages are checked; a message over {@link ConnectionLimits#maxMessageSize()} fails the connection.
     * Only one thread at a time may call this.
     *
     * @return the final status, however the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted; the connection stays open, and this method can
     *                                        be called again
     * @throws ConnectionClosedException      if the handler has returned
     * @throws IllegalStateException          if another thread receives
     */
    CloseStatus awaitClose() throws IOException;

    /**
     * Sends a text message. Any thread may call this. Waits while the peer does not read. If the network accepts no
     * byte of the message within the {@link ConnectionTimeouts#writeTimeout()}, the connection is aborted. It also
     * waits for the messages of other threads, and for the end of a streamed message, up to the
     * {@link ConnectionTimeouts#streamTimeout()}.
     *
     * @throws IllegalArgumentException       if the text has an unpaired surrogate; nothing is sent then
     * @throws IllegalStateException          if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException      if a Close frame was sent, or the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited: if the message had not been
     *                                        begun, it is not sent; if it had been begun, it is still sent completely
     * @throws IOException                    if an I/O error occurs
     */
    void send(String text) throws IOException;

    /** Sends a binary message, otherwise as {@link #send(String)}. The array can be reused when the method returns. */
    default void send(byte[] binary) throws IOException {
        send(MessageType.BINARY, binary, 0, binary.length);
    }

    /**
     * Sends the remaining bytes of a buffer of any kind as a binary message, otherwise as {@link #send(String)}. When
     * the method returns, the buffer's position is its limit, as after a write to a {@link
     * java.nio.channels.WritableByteChannel}, and the buffer can be reused. When the method throws, the position is
     * unchanged. A direct or read-only buffer is copied first.
     */
    void send(ByteBuffer binary) throws IOException;

    /**
     * Sends a view's message, which may have been received on this or another connection, otherwise as {@link
     * #send(String)}.
     */
    default void send(MessageView view) throws IOException {
        send(view.type(), view.array(), view.offset(), view.length());
    }

    /**
     * Sends a message that is prepared for any number of connections, otherwise as {@link #send(String)}. The first
     * call that has to compress the message for this connection's window size takes longer.
     */
    void send(PreparedMessage message) throws IOException;

    /**
     * Sends a message from an array, otherwise as {@link #send(String)}. The array can be reused when the method
     * returns.
     *
     * @param type   text or binary; the bytes of a text must be UTF-8, which is not checked here
     * @param array  contains the bytes
     * @param offset the index of the first byte
     * @param length the number of bytes
     * @throws IndexOutOfBoundsException if the bytes are not within the array
     */
    void send(MessageType type, byte[] array, int offset, int length) throws IOException;

    /**
     * Sends a text message if this is possible without waiting for the peer, for another thread's message, or for the
     * end of a streamed message. Otherwise adds it to this connection's queue, up to {@link
     * ConnectionLimits#maxQueuedSize()}. Never waits. With a transport that cannot write without waiting, such as TLS
     * or the JDK's blocking channels, another thread is started for a moment. Any thread may call this; it does not
     * throw if the connection has ended.
     * <p>
     * If the queue is full, the {@link OverflowPolicy} applies; by default, the message is refused. When this end
     * closes, queued messages are sent before the Close frame, unless another thread's streamed message is open. When the peer
     * closes, or the connection ends in another way, they are dropped.
     *
     * @return whether the message was accepted, and if not, why
     * @throws IllegalArgumentException if the text has an unpaired surrogate; nothing is sent then
     */
    SendResult trySend(String text);

    /**
     * Tries to send a binary message, otherwise as {@link #trySend(String)}. The array can be reused when the method
     * returns.
     */
    default SendResult trySend(byte[] binary) {
        return trySend(MessageType.BINARY, binary, 0, binary.length);
    }

    /**
     * Tries to send the remaining bytes of a buffer of any kind as a binary message, otherwise as {@link
     * #trySend(String)}. If the message was accepted, the buffer's position is its limit, and the buffer can be reused;
     * otherwise the position is unchanged.
     */
    SendResult trySend(ByteBuffer binary);

    /**
     * Tries to send a view's message, which may have been received on this or another connection, otherwise as {@link
     * #trySend(String)}.
     */
    default SendResult trySend(MessageView view) {
        return trySend(view.type(), view.array(), view.offset(), view.length());
    }

    /**
     * Tries to send a message that is prepared for any number of connections, otherwise as {@link #trySend(String)}. A
     * queued message is not copied, but its full length counts towards the limit. If another thread is compressing the
     * same message at this moment, waits until that is done, about 10 ms for a mebibyte.
     */
    SendResult trySend(PreparedMessage message);

    /**
     * Tries to send a message from an array, otherwise as {@link #trySend(String)}. The array can be reused when the
     * method returns: a message that has to wait is copied.
     *
     * @param type   text or binary; the bytes of a text must be UTF-8, which is not checked here
     * @param array  contains the bytes
     * @param offset the index of the first byte
     * @param length the number of bytes
     * @throws IndexOutOfBoundsException if the bytes are not within the array
     */
    SendResult trySend(MessageType type, byte[] array, int offset, int length);

    /**
     * The queue of messages that {@code trySend} has accepted and that the network has not accepted yet. Does not wait.
     */
    SendQueue queue();

    /**
     * Opens a message that is sent in fragments as it is written (§5.4). Until it is completed or abandoned, messages
     * of other threads wait. If nothing is written to the stream for {@link ConnectionTimeouts#streamTimeout()} while
     * another message waits, the connection fails with 1011. Waits as {@link #send(String)} does, in particular while
     * another streamed message is open. Any thread may call this.
     *
     * @return the message, which only one thread at a time may use
     * @throws IllegalStateException          if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException      if a Close frame was sent, or the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited; no message was begun
     * @throws IOException                    if an I/O error occurs
     */
    OutgoingMessage sendStream(MessageType type) throws IOException;

    /**
     * Sends a message in fragments: completes it when the body returns, abandons it when the body throws. Waits as
     * {@link #sendStream(MessageType)} does, and in the body's writes.
     *
     * @throws IOException the exception that the body threw, or as {@link #sendStream(MessageType)}
     */
    default void sendStream(MessageType type, StreamBody body) throws IOException {
        try (OutgoingMessage message = sendStream(type)) {
            body.writeTo(message);
            message.complete();
        }
    }

    /**
     * Sends a ping with a unique payload and waits for the pong (§5.5.2, §5.5.3): first until the ping has been sent,
     * as sending does, and then no longer than the timeout. Several threads may call this at the same time; the pong
     * that answers a later ping also answers the earlier ones. There is no other method for pings and pongs: the
     * connection answers pings and sends pings to a silent peer automatically.
     *
     * @param timeout 1 ms to 20 days
     * @return the time from sending the ping to receiving the pong that answered it
     * @throws IllegalArgumentException       if the timeout is not within its bounds
     * @throws PingTimeoutException           if no pong was received in time; the connection stays open
     * @throws ConnectionClosedException      if a Close frame was sent or received, or the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited
     * @throws IOException                    if an I/O error occurs
     */
    Duration ping(Duration timeout) throws IOException;

    /**
     * The time that the peer took to answer the most recent ping that it answered: a ping sent by {@link
     * #ping(Duration)}, or one that the connection sent because the peer was silent ({@link
     * ConnectionTimeouts#pingInterval()}). Empty until a ping has been answered. Pongs that answer no such ping do not
     * count. Any thread may call this; does not wait.
     */
    Optional<Duration> latency();

    /** Closes with 1000 and no reason, otherwise as {@link #close(int, String)}. Never waits. */
    @Override
    default void close() {
        close(CloseCode.NORMAL_CLOSURE, "");
    }

    /**
     * Begins the closing handshake (§7.1.2). Never waits: the Close frame is sent as soon as the network has accepted
     * everything that was sent before, and the connection is aborted when the close deadline has passed. A later
     * receive, or the end of the handler, waits for the peer's Close frame. Does nothing if a Close frame was sent or
     * the connection has ended. Any thread may call this.
     *
     * @param code   1000–1003, 1007–1014 or 3000–4999
     * @param reason at most 123 bytes of UTF-8 without control characters
     * @throws IllegalArgumentException if the code or the reason may not be sent
     */
    void close(int code, String reason);

    /**
     * Ends the connection at once, without a Close frame, and releases every thread that waits in one of its methods.
     * Any thread may call this. Never waits; does nothing if the connection has ended.
     */
    void abort();

    /**
     * Whether messages can be sent: no Close frame has been sent or received, and the connection has not ended. Any
     * thread may call this; does not wait.
     */
    boolean isOpen();

    /**
     * How the connection ended. Empty until the closing handshake is complete or can no longer be completed. The status
     * never changes afterwards. Any thread may call this; does not wait.
     */
    Optional<CloseStatus> closeStatus();

    /**
     * Runs an action once, with the final status, on its own virtual thread; runs it at once if the status is already
     * final. Several actions run in any order. An exception that an action throws is passed to the uncaught exception
     * handler of its thread. Any thread may call this; does not wait.
     */
    void onClose(Consumer<CloseStatus> action);

    /** The subprotocol that both ends agreed on (§1.9). Does not wait. */
    Optional<String> subprotocol();

    /** A number that is unique among the connections of this process. Does not wait. */
    long id();

    /**
     * The request of the opening handshake, created anew at each call: target, path parameters, addresses, TLS session.
     * It has headers, and values that are derived from them, only if the endpoint keeps them: without headers, an idle
     * connection costs only about 2 KiB. Does not wait.
     */
    HandshakeRequest request();

    /**
     * The head of the server's response in the opening handshake, with its headers: only on a connection of a client, and
     * only if the client keeps it ({@link dev.weft.client.WebSocketClientBuilder#keepResponse}). Does not wait.
     */
    Optional<ResponseHead> response();

    /** The path of the handshake's request, as it was on the wire, without the query. Does not wait. */
    default String path() {
        return request().path();
    }

    /** The parameters in the query of the handshake's request, decoded anew at each call. Does not wait. */
    default QueryParameters query() {
        return request().query();
    }

    /**
     * The object of this type that the handshake policy attached for the handler, such as the identity of the user. If
     * the policy attached several objects of this type, this is the last one. Does not wait.
     *
     * @param type a class or an interface
     * @return empty if the policy attached nothing of this type
     */
    <T> Optional<T> attachment(Class<T> type);

    /**
     * The time at which the authorization of this connection expires. The connection is then closed, unless the
     * authorization has been {@linkplain #renew renewed} before. Does not wait.
     *
     * @return empty if it does not expire
     */
    Optional<Instant> expiresAt();

    /**
     * Sets the time at which the authorization expires, for example after the client has sent a new token. It replaces
     * the time that the handshake's policy or the last renewal has set. If the new time has already passed, the
     * connection is closed within about a second. Later changes of the system's time do not matter. For any thread;
     * does not wait. Does nothing if the connection is being closed.
     *
     * @throws IllegalStateException if the policy has set no such time
     */
    void renew(Instant expiresAt);

    /** The address of this end. Does not wait. */
    SocketAddress localAddress();

    /** The address of the peer. Does not wait. */
    SocketAddress remoteAddress();
}
