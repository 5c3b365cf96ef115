package dev.weft;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;

/**
 * A message that is read as it arrives, so that it may be larger than memory. It is valid until the connection's next receive.
 * <p>
 * Belongs to the thread that receives. Reads wait for the peer, no longer than {@link ConnectionTimeouts#messageTimeout()} for
 * the next bytes: then the connection fails with 1008. They throw {@link ConnectionClosedException} if the connection
 * ends before the message does: the end of the stream is always the end of the whole message.
 * <p>
 * The unread rest is skipped by the next receive, or when the stream is closed: up to {@link ConnectionLimits#maxMessageSize()}
 * bytes. If more is left of the message, the connection fails with 1009, so that an unwanted upload is not read to its end.
 */
public interface IncomingMessage {
    /** What this is. Does not wait. */
    MessageType type();

    /**
     * The bytes; those of a text message are checked to be UTF-8 as they are read. Does not wait; the stream's reads do, and throw
     * what {@link #bytes()} throws. A stream that is read after the next receive throws an {@link java.io.IOException}.
     */
    InputStream inputStream();

    /**
     * The text of a text message. The same reader each time. Use either this or {@link #inputStream()}. Does not wait; the
     * reader's reads do.
     *
     * @throws IllegalStateException if this is not a text message
     */
    Reader reader();

    /**
     * Waits for the rest of a text message, as reads do.
     *
     * @return what was not read before
     * @throws IllegalStateException     if this is not a text message, or another thread receives
     * @throws ConnectionClosedException if the connection ends first, or the rest is larger than
     *                                   {@link ConnectionLimits#maxMessageSize()}: then the connection fails with 1009
     * @throws IOException               if the wire is dead
     */
    String text() throws IOException;

    /**
     * Waits for the rest of the message, as reads do.
     *
     * @return what was not read before
     * @throws IllegalStateException     if another thread receives
     * @throws ConnectionClosedException as {@link #text()}
     * @throws IOException               if the wire is dead
     */
    byte[] bytes() throws IOException;
}
