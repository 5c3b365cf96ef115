package dev.weft;

import dev.weft.internal.Prefetch;
import dev.weft.internal.PreparedMessageAccess;
import dev.weft.internal.StrictUtf8;
import dev.weft.parser.deflate.SharedMessage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * A message for any number of connections. A text is encoded once. The message is compressed at most once for each
 * window size that the connections have negotiated (RFC 7692 §7.1.2), not once for each connection. Immutable; any
 * thread can send it to connections of any server, any number of times. {@snippet class = "dev.weft.server.Snippets"
 * region = "prepared"} The first connection with a given window size compresses the message, with the settings of its
 * endpoint. Other threads that send the message wait until that is done, about 10 ms for a mebibyte. The compressed
 * message does not refer to earlier messages, so it is larger than if a busy connection compressed it with its own
 * history.
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
     * Creates a text message. Does not wait.
     *
     * @throws IllegalArgumentException if the text has an unpaired surrogate
     */
    public static PreparedMessage text(String text) {
        return new PreparedMessage(MessageType.TEXT, StrictUtf8.encode(text));
    }

    /** Creates a binary message from a copy of these bytes. Does not wait. */
    public static PreparedMessage binary(byte[] bytes) {
        return new PreparedMessage(MessageType.BINARY, bytes.clone());
    }

    /**
     * Creates a binary message from a copy of the buffer's remaining bytes. The buffer's position does not change. Does
     * not wait.
     */
    public static PreparedMessage binary(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return new PreparedMessage(MessageType.BINARY, copy);
    }

    /**
     * Creates a message from a copy of a part of an array. Does not wait.
     *
     * @param type   text or binary; the bytes of a text must be UTF-8, which is not checked here
     * @param offset the index of the first byte
     * @param length the number of bytes
     * @throws IndexOutOfBoundsException if the bytes are not within the array
     */
    public static PreparedMessage of(MessageType type, byte[] array, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, array.length);
        return new PreparedMessage(Objects.requireNonNull(type, "type"),
                Arrays.copyOfRange(array, offset, offset + length));
    }

    /** Creates a message from a copy of one that was received, for example to pass it on. Does not wait. */
    public static PreparedMessage of(MessageView view) {
        return of(view.type(), view.array(), view.offset(), view.length());
    }

    /** The type of the message. */
    public MessageType type() {
        return type;
    }

    /** The number of bytes, before compression. */
    public int length() {
        return shared.bytes().length;
    }

    /**
     * A read-only buffer with the message, before compression: for a text message, its UTF-8. Each call returns a new buffer
     * over the same bytes.
     */
    public ByteBuffer payload() {
        return ByteBuffer.wrap(shared.bytes()).asReadOnlyBuffer();
    }

    /**
     * Tries to send this message to many connections, in their order of iteration. Does the same as {@link
     * WebSocketConnection#trySend(PreparedMessage)} for each, and takes less time, because it loads the data of several
     * connections from memory at the same time. Any thread. Does not wait.
     *
     * @return the number of connections that have {@linkplain SendResult#isAccepted() accepted} it
     */
    public int broadcast(Iterable<? extends WebSocketConnection> connections) {
        return broadcast(connections, (connection, result) -> {});
    }

    /**
     * Tries to send this message to many connections like {@link #broadcast(Iterable)}, and passes the result of each attempt
     * to a callback, which can, for example, close a connection whose peer is behind.
     *
     * @param results called after each attempt, on this thread; if it throws, the message is sent to no further connection
     */
    public int broadcast(Iterable<? extends WebSocketConnection> connections,
            BiConsumer<? super WebSocketConnection, ? super SendResult> results) {
        WebSocketConnection[] group = new WebSocketConnection[Prefetch.GROUP];
        int accepted = 0;
        for (Iterator<? extends WebSocketConnection> left = connections.iterator(); left.hasNext();) {
            int count = 0;
            int loaded = 0;
            while (count < group.length && left.hasNext()) {
                group[count] = left.next();
                loaded += Prefetch.load(group[count++]);
            }
            Prefetch.finish(loaded);
            for (int i = 0; i < count; i++) {
                SendResult result = group[i].trySend(this);
                accepted += result.isAccepted() ? 1 : 0;
                results.accept(group[i], result);
            }
        }
        return accepted;
    }

    @Override
    public String toString() {
        return "PreparedMessage[" + type + ", " + length() + " bytes]";
    }
}
