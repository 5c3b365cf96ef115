package dev.weft;

import dev.weft.parser.CloseCode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.net.SocketAddress;
import java.util.Optional;

/**
 * A WebSocket connection after its opening handshake (RFC 6455), as blocking code.
 * <p>
 * <b>Threads.</b> The {@code receive…} methods and {@link #nextIsHere()} belong to one thread, the one that runs the
 * connection's handler. All others may be called from any thread; whole frames never interleave, and control frames slip
 * between the fragments of a streamed message. Interrupting a thread that waits for the network in a method of this
 * interface aborts the connection.
 * <p>
 * <b>Receiving</b> comes in three depths, to be mixed at will: whole messages ({@link #receive()}), a borrowed view
 * without a copy ({@link #receiveView()}), and a stream for messages larger than memory ({@link #receiveStream()}).
 * While a thread receives, the connection answers pings and Close frames, validates UTF-8 and enforces the limits; while
 * none does, nothing is read from the network and the peer is slowed down.
 * <p>
 * <b>Sending</b> blocks while the peer does not read, until the write deadline; then the connection is aborted. A message
 * is on its way to the network when the method returns, but for this: one that the connection's own thread sends while the
 * next frame is already here may be held back for up to some milliseconds, to leave together with the next.
 * {@snippet class = "dev.weft.server.Snippets" region = "receive"}
 * <p>
 * <b>Posting</b> is for whoever must not wait for this one peer, such as a sender of one message to many. It never blocks:
 * what the network does not take at once waits, up to a limit, and leaves when the peer reads. Messages that one thread
 * posts and sends arrive in that order.
 * {@snippet class = "dev.weft.server.Snippets" region = "post"}
 * <p>
 * <b>The end.</b> A receive returns {@link Message.Close} once when the closing handshake is done. If the connection ends
 * in any other way the method that finds it throws: the original {@link IOException} of a dead wire,
 * {@link ConnectionClosedException} for all else and ever after.
 */
public interface WebSocketConnection {
    /**
     * Waits for the next whole message.
     *
     * @return a text or binary message of at most the configured size, or the end
     * @throws ConnectionClosedException if the connection is over: after {@link Message.Close} was returned, after
     *                                   {@link #abort()}, a deadline, or a violation by the peer
     * @throws IOException               if the wire is dead
     */
    Message receive() throws IOException;

    /**
     * Waits for the next whole message and lends it: neither copies nor allocates if the message comes in one frame, is not
     * compressed, and fits the read buffer.
     *
     * @return a view that is valid until the next receive
     * @throws ConnectionClosedException as {@link #receive()}
     * @throws IOException               if the wire is dead
     */
    MessageView receiveView() throws IOException;

    /**
     * Waits for the beginning of the next message.
     *
     * @return a stream that is valid until the next receive
     * @throws ConnectionClosedException as {@link #receive()}
     * @throws IOException               if the wire is dead
     */
    MessageStream receiveStream() throws IOException;

    /**
     * Whether the next frame has come whole, so that what is sent or posted now may as well leave together with what
     * answers it. Belongs to the connection's own thread; does not block.
     */
    boolean nextIsHere();

    /**
     * Sends a text message. Blocks.
     *
     * @throws IllegalArgumentException  if the text has an unpaired surrogate; nothing is sent then
     * @throws IllegalStateException     if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the wire is dead
     */
    void send(String text) throws IOException;

    /**
     * Sends a binary message. Blocks; the array may be used again when the method returns.
     *
     * @throws IllegalStateException     if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the wire is dead
     */
    default void send(byte[] binary) throws IOException {
        send(MessageView.Type.BINARY, binary, 0, binary.length);
    }

    /**
     * Sends a view's message, of this connection or another. Blocks.
     *
     * @throws IllegalArgumentException  if the view shows the end
     * @throws IllegalStateException     if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the wire is dead
     */
    default void send(MessageView view) throws IOException {
        send(view.type(), view.array(), view.offset(), view.length());
    }

    /**
     * Sends a message from where its octets lie. Blocks; the array may be used again when the method returns.
     *
     * @param type   text or binary; the octets of a text must be UTF-8, which is not checked here
     * @param array  holds the octets
     * @param offset where they begin
     * @param length how many there are
     * @throws IllegalArgumentException  if the type is {@link MessageView.Type#CLOSE}
     * @throws IndexOutOfBoundsException if the octets are not within the array
     * @throws IllegalStateException     if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the wire is dead
     */
    void send(MessageView.Type type, byte[] array, int offset, int length) throws IOException;

    /**
     * Posts a text message, otherwise as {@link #post(MessageView.Type, byte[], int, int, boolean)}. For many connections,
     * encode the text once and post the octets.
     *
     * @throws IllegalArgumentException if the text has an unpaired surrogate; nothing is sent then
     */
    boolean post(String text);

    /** Posts a binary message, otherwise as {@link #post(MessageView.Type, byte[], int, int, boolean)}. */
    default boolean post(byte[] binary) {
        return post(MessageView.Type.BINARY, binary, 0, binary.length, false);
    }

    /**
     * Has a message sent without waiting for the peer, for another thread's message, or for the end of a streamed one.
     * Never blocks. A transport that can only wait, such as TLS or the JDK's blocking channels, costs a thread for a moment.
     * <p>
     * What waits when this end closes is sent before the Close frame, but for what another thread posts at that moment or
     * a streamed message holds up. That is dropped, as is what waits when the peer closes, or the connection ends in
     * another way.
     *
     * @param type   text or binary; the octets of a text must be UTF-8, which is not checked here
     * @param array  holds the octets; not to be changed any more, but it may be posted to any number of connections
     * @param offset where they begin
     * @param length how many there are
     * @param more   whether the caller is about to post more to this connection: the message may then be held back for up to
     *               some milliseconds, to leave together with the next ({@link #nextIsHere()} of the connection that a
     *               message to all came from can tell)
     * @return whether the message goes to the network, or waits for it; false if the messages that wait would be more than
     *         {@link ConnectionLimits#maxPostedSize()}, if the server's buffers are used up, or if the connection is not
     *         open
     * @throws IllegalArgumentException  if the type is {@link MessageView.Type#CLOSE}
     * @throws IndexOutOfBoundsException if the octets are not within the array
     */
    boolean post(MessageView.Type type, byte[] array, int offset, int length, boolean more);

    /**
     * Opens a binary message that is sent in fragments as it is written (§5.4). Until it is closed, messages of other
     * threads wait. Blocks while another streamed message is open. Closing the stream ends the message; flushing it sends
     * what is there as a fragment.
     *
     * @throws IllegalStateException     if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     */
    OutputStream sendBinaryStream() throws IOException;

    /**
     * Opens a text message that is sent in fragments as it is written, otherwise as {@link #sendBinaryStream()}. An
     * unpaired surrogate makes the write fail with an {@link IOException}.
     *
     * @throws IllegalStateException     if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     */
    Writer sendTextStream() throws IOException;

    /**
     * Sends a Ping frame (§5.5.2). Blocks as sending does. The pong is not reported.
     *
     * @param payload at most 125 octets
     * @throws IllegalArgumentException  if the payload is longer
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the wire is dead
     */
    void ping(byte[] payload) throws IOException;

    /**
     * Sends a Pong frame that answers no ping (§5.5.3); pings are answered without being asked. Blocks as sending does.
     *
     * @param payload at most 125 octets
     * @throws IllegalArgumentException  if the payload is longer
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the wire is dead
     */
    void pong(byte[] payload) throws IOException;

    /** Closes with 1000 and no reason, otherwise as {@link #close(int, String)}. */
    default void close() throws IOException {
        close(CloseCode.NORMAL_CLOSURE, "");
    }

    /**
     * Begins the closing handshake (§7.1.2): sends a Close frame, and does not wait for the peer's, for which a receive
     * waits, or the end of the handler; both at most until the close deadline. Does nothing if a Close frame was sent or
     * the connection is over.
     *
     * @param code   1000–1003, 1007–1014 or 3000–4999
     * @param reason at most 123 octets of UTF-8 without control characters
     * @throws IllegalArgumentException if the code or the reason may not be sent
     * @throws IOException              if the wire is dead
     */
    void close(int code, String reason) throws IOException;

    /**
     * Ends the connection at once, without a Close frame; frees every thread that waits in it. Never blocks, takes no
     * lock; does nothing if the connection is over.
     */
    void abort();

    /** Whether messages can be sent: no Close frame went either way and the connection is not over. */
    boolean isOpen();

    /** How the connection ended, as far as it is known now. */
    ConnectionEnd end();

    /** The subprotocol that both ends agreed on (§1.9). */
    Optional<String> subprotocol();

    /** The target of the handshake's request, path and query, as it was on the wire. */
    String target();

    /**
     * What the handshake's policy left for the handler, such as who the user is.
     *
     * @return the attachment, or {@code null} if the policy left none
     */
    Object attachment();

    /** The address of this end. */
    SocketAddress localAddress();

    /** The address of the peer. */
    SocketAddress remoteAddress();
}
