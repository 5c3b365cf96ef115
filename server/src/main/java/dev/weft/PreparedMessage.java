package dev.weft;

import dev.weft.internal.PreparedMessageAccess;
import dev.weft.internal.StrictUtf8;
import dev.weft.parser.deflate.SharedMessage;
import java.nio.ByteBuffer;

/**
 * A message for any number of connections: a text is encoded once, and the message is compressed at most once for each window
 * size that these connections agreed on (RFC 7692 §7.1.2), rather than once for each connection. Immutable; any thread may send
 * it, to connections of any server, any number of times.
 * {@snippet class = "dev.weft.server.Snippets" region = "prepared"}
 * The first connection of a window size compresses, with the settings of its endpoint; other threads that send the message
 * wait for that, about 10 ms for a mebibyte. The compressed message refers to no earlier message, so it is larger than one
 * that a busy connection compresses for itself.
 */
public final class PreparedMessage {
    static {
        PreparedMessageAccess.set(message -> ((PreparedMessage) message).shared);
    }

    private final MessageType type;
    private final SharedMessage shared;

    private PreparedMessage(MessageType type, byte[] bytes) {
        this.type = type;
        this.shared = new SharedMessage(bytes);
    }

    /**
     * A text message. Does not wait.
     *
     * @throws IllegalArgumentException if the text has an unpaired surrogate
     */
    public static PreparedMessage text(String text) {
        return new PreparedMessage(MessageType.TEXT, StrictUtf8.encode(text));
    }

    /** A binary message of a copy of these bytes. Does not wait. */
    public static PreparedMessage binary(byte[] bytes) {
        return new PreparedMessage(MessageType.BINARY, bytes.clone());
    }

    /** A binary message of a copy of the bytes that remain in the buffer, whose position does not change. Does not wait. */
    public static PreparedMessage binary(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return new PreparedMessage(MessageType.BINARY, copy);
    }

    /** What this is. */
    public MessageType type() {
        return type;
    }

    /** The number of bytes, before compression. */
    public int length() {
        return shared.bytes().length;
    }

    @Override
    public String toString() {
        return "PreparedMessage[" + type + ", " + length() + " bytes]";
    }
}
