package dev.weft;

import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;

/**
 * A message that is sent in fragments as it is written (RFC 6455 §5.4), so that it may be larger than memory. Used by one
 * thread at a time. Writes are collected up to 8 KiB; what is beyond is sent, and waits as
 * {@link WebSocketConnection#send(String)} does.
 * <p>
 * {@link #complete()} ends the message. {@link #close()} without it abandons the message: it fails the connection, since the
 * protocol has no other way to take back the part that was sent, and the peer must not take a part for the whole. In a
 * try-with-resources statement, call {@code complete()} on the last line; an exception before it abandons the message.
 * {@snippet class = "dev.weft.server.Snippets" region = "stream"}
 */
public abstract class OutgoingMessage extends OutputStream {
    /** For the implementation. */
    protected OutgoingMessage() {}

    /** What this is. Does not wait. */
    public abstract MessageType type();

    /**
     * Writes the text of a text message. The same writer each time; closing it closes this message. Does not wait; the writer's
     * writes wait as this message's do. A text with an unpaired surrogate abandons the message, with a
     * {@link java.nio.charset.MalformedInputException}.
     *
     * @throws IllegalStateException if this is not a text message
     */
    public abstract Writer writer();

    /**
     * Writes bytes of the message. Waits if they are more than can be collected.
     *
     * @throws IllegalArgumentException  if this is a text message and the bytes are not UTF-8: the message is abandoned
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the message is complete or abandoned, or the wire is dead
     */
    @Override
    public abstract void write(byte[] source, int offset, int count) throws IOException;

    /**
     * Sends what was written so far as a fragment, if there is anything. Waits as sending does.
     *
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the message is complete or abandoned, or the wire is dead
     */
    @Override
    public abstract void flush() throws IOException;

    /**
     * Sends the rest and ends the message. Waits as sending does. Does nothing if the message is already complete.
     *
     * @throws IllegalStateException     if this is a text message that ends within a character; it is not completed
     * @throws ConnectionClosedException if a Close frame was sent, or the connection is over
     * @throws IOException               if the message was abandoned, or the wire is dead
     */
    public abstract void complete() throws IOException;

    /**
     * Fails the connection with this code, unless the message is complete: the peer can tell that the message is not whole.
     * Does not wait.
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
