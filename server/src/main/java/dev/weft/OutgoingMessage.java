package dev.weft;

import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;

/**
 * A message that is sent in fragments as it is written (RFC 6455 §5.4), so that it can be larger than memory. Only one
 * thread at a time may use it. Up to 8 KiB of written data are buffered. Data beyond that is sent, and the write waits
 * as {@link WebSocketConnection#send(String)} does.
 * <p>
 * {@link #complete()} ends the message. {@link #close()} without {@code complete()} abandons the message and fails the
 * connection: the protocol has no other way to take back the part that was sent, and the peer must not mistake a part
 * for the complete message. In a try-with-resources statement, call {@code complete()} on the last line; an exception
 * before it abandons the message.
 * {@snippet class = "dev.weft.server.Snippets" region = "stream"}
 */
public abstract class OutgoingMessage extends OutputStream {
    /** Only the implementation extends this class. */
    protected OutgoingMessage() {}

    /** The type of the message. Does not wait. */
    public abstract MessageType type();

    /**
     * Writes the text of a text message. Returns the same writer each time; closing the writer closes this message.
     * Does not wait; the writer's writes wait as this message's writes do. If a text with an unpaired surrogate is
     * written, the message is abandoned and a {@link java.nio.charset.MalformedInputException} is thrown.
     *
     * @throws IllegalStateException if this is not a text message
     */
    public abstract Writer writer();

    /**
     * Writes bytes of the message. Waits if there are more bytes than can be buffered.
     *
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited; its
     *                                        {@code bytesTransferred} is {@code count} if these bytes will be sent, or
     *                                        0 if they will not be sent and can be written again. But if 8 KiB or more
     *                                        of text will not be sent, the message is abandoned
     * @throws IllegalArgumentException  if this is a text message and the bytes are not UTF-8; the message is abandoned
     * @throws ConnectionClosedException if a Close frame was sent, or the connection has ended
     * @throws IOException               if the message is complete or abandoned, or if an I/O error occurs
     */
    @Override
    public abstract void write(byte[] source, int offset, int count) throws IOException;

    /**
     * Sends the bytes written so far as a fragment, if there are any. Waits as sending does.
     *
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited; no byte is lost
     * @throws ConnectionClosedException if a Close frame was sent, or the connection has ended
     * @throws IOException               if the message is complete or abandoned, or if an I/O error occurs
     */
    @Override
    public abstract void flush() throws IOException;

    /**
     * Sends the rest and ends the message. Waits as sending does. Does nothing if the message is already complete.
     *
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited; then call this method again:
     *     it returns at once if the rest will be sent without this thread
     * @throws IllegalStateException     if this is a text message that ends within a character; it is not completed
     * @throws ConnectionClosedException if a Close frame was sent, or the connection has ended
     * @throws IOException               if the message was abandoned, or if an I/O error occurs
     */
    public abstract void complete() throws IOException;

    /**
     * Fails the connection with this code, unless the message is complete. The peer can then tell that the message is
     * incomplete. Does not wait.
     *
     * @param code   1000–1003, 1007–1014 or 3000–4999
     * @param reason at most 123 bytes of UTF-8 without control characters
     * @throws IllegalArgumentException if the code or the reason may not be sent
     */
    public abstract void abandon(int code, String reason);

    /** Fails the connection with 1011, unless the message is complete. Does not wait. */
    @Override
    public abstract void close();
}
