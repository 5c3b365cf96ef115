package dev.weft;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;

/**
 * A message that is read as it arrives, so that it can be larger than memory. It is valid until the connection's next
 * receive.
 * <p>
 * It belongs to the thread that receives. A read waits for the peer. If no further bytes arrive within {@link
 * ConnectionTimeouts#messageTimeout()}, the connection fails with 1008. Reads throw {@link ConnectionClosedException}
 * if the connection ends before the message does. The end of the stream is therefore always the end of the complete
 * message.
 * <p>
 * The next receive skips what has not been read of the message, and so does closing the stream: up to {@link
 * ConnectionLimits#maxMessageSize()} bytes. If more is left, the connection fails with 1009, so that an unwanted upload
 * is not read to its end. Not for applications to implement.
 */
public interface IncomingMessage {
    /** The type of the message. Does not wait. */
    MessageType type();

    /**
     * The bytes of the message. The bytes of a text message are checked to be UTF-8 as they are read. Does not wait;
     * the stream's reads wait, and throw what {@link #bytes()} throws. A read from the stream after the connection's
     * next receive throws an {@link java.io.IOException}.
     */
    InputStream inputStream();

    /**
     * The text of a text message. Returns the same reader each time. The reader reads ahead: after its first read,
     * {@link #inputStream()}, {@link #text()} and {@link #bytes()} throw an {@link IllegalStateException}. Does not
     * wait; the reader's reads wait.
     *
     * @throws IllegalStateException if this is not a text message
     */
    Reader reader();

    /**
     * Waits for the rest of a text message, as reads do.
     *
     * @return the text that has not been read yet
     * @throws IllegalStateException     if this is not a text message, its {@link #reader()} has been read, or another
     *                                   thread receives
     * @throws ConnectionClosedException if the connection ends first, or if the rest is larger than {@link
     *                                   ConnectionLimits#maxMessageSize()}, in which case the connection fails with 1009
     * @throws IOException               if an I/O error occurs
     */
    String text() throws IOException;

    /**
     * Waits for the rest of the message, as reads do.
     *
     * @return the bytes that have not been read yet
     * @throws IllegalStateException     if the {@link #reader()} has been read, or another thread receives
     * @throws ConnectionClosedException as {@link #text()}
     * @throws IOException               if an I/O error occurs
     */
    byte[] bytes() throws IOException;
}
