package dev.weft;

import java.io.InputStream;
import java.io.Reader;

/**
 * A message that is read as it comes, so that it may be larger than memory. It is valid until the connection's next
 * receive, which skips what was not read.
 * <p>
 * Belongs to the connection's thread, as receiving does. Reads block. They throw {@link ConnectionClosedException} if the
 * connection ends before the message does: the end of the stream is always the end of the whole message.
 */
public interface MessageStream {
    /** What this is; {@link MessageView.Type#CLOSE} has no octets. */
    MessageView.Type type();

    /** The message's octets; those of a text message are checked to be UTF-8 as they are read. Closing it skips the rest. */
    InputStream inputStream();

    /**
     * The text of a text message. Use either this or {@link #inputStream()}.
     *
     * @throws IllegalStateException if it is not a text message
     */
    Reader reader();
}
