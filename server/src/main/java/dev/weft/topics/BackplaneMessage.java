package dev.weft.topics;

import dev.weft.MessageType;
import dev.weft.PreparedMessage;
import dev.weft.internal.PreparedMessageAccess;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A message between the nodes of a {@link Backplane}. Immutable.
 * <p>
 * {@link #encode()} and {@link #decode} are the form in which all implementations pass a message to the broker:
 * <ol>
 * <li>1 byte: the version, which is 1
 * <li>1 byte: bit 0 says that it is text, else binary; bit 1 that it has a key
 * <li>8 bytes: its time in milliseconds since 1970
 * <li>8 bytes: the publisher, chosen at random when it begins
 * <li>8 bytes: the number of the message among all of this publisher
 * <li>4 bytes: the length of the key in bytes, and then the key in UTF-8, if it has one
 * <li>the rest: the payload
 * </ol>
 */
public final class BackplaneMessage {
    private static final byte VERSION = 1;
    private static final int TEXT = 1;
    private static final int KEY = 2;
    private static final int HEAD = 2 + 3 * Long.BYTES;

    private final String topic;
    private final @Nullable String key;
    private final PreparedMessage message;
    private final Instant time;
    private final long publisher;
    private final long number;
    /** Where the broker has placed it, and the offset of the message before it; or {@code null}. */
    private final @Nullable Position position;
    private final long previous;

    private BackplaneMessage(String topic, @Nullable String key, PreparedMessage message, Instant time, long publisher,
            long number, @Nullable Position position, long previous) {
        this.topic = topic;
        this.key = key;
        this.message = message;
        this.time = time;
        this.publisher = publisher;
        this.number = number;
        this.position = position;
        this.previous = previous;
    }

    BackplaneMessage(String topic, @Nullable String key, PreparedMessage message, Instant time, long publisher,
            long number) {
        this(topic, key, message, time, publisher, number, null, 0);
    }

    /**
     * Reads a message that {@link #encode()} has written.
     *
     * @throws IllegalArgumentException if the message is in another form
     */
    public static BackplaneMessage decode(String topic, byte[] encoded) {
        ByteBuffer bytes = ByteBuffer.wrap(encoded);
        if (encoded.length < HEAD || bytes.get() != VERSION) {
            throw new IllegalArgumentException("not a message of a backplane, or of another version");
        }
        int flags = bytes.get();
        Instant time = Instant.ofEpochMilli(bytes.getLong());
        long publisher = bytes.getLong();
        long number = bytes.getLong();
        String key = null;
        if ((flags & KEY) != 0) {
            int length = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
            if (length < 0 || length > bytes.remaining()) {
                throw new IllegalArgumentException("the key of a message of a backplane is cut short");
            }
            key = text(bytes.slice(bytes.position(), length));
            bytes.position(bytes.position() + length);
        }
        PreparedMessage message = (flags & TEXT) != 0
                ? PreparedMessage.text(text(bytes))
                : PreparedMessage.binary(bytes);
        return new BackplaneMessage(topic, key, message, time, publisher, number);
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    /** The form in which this message is passed to a broker, without topic and position. A new array. */
    public byte[] encode() {
        byte[] payload = PreparedMessageAccess.of(message).bytes();
        byte[] keyBytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        int keyLength = keyBytes == null ? 0 : Integer.BYTES + keyBytes.length;
        ByteBuffer bytes = ByteBuffer.allocate(HEAD + keyLength + payload.length);
        bytes.put(VERSION);
        bytes.put((byte) ((message.type() == MessageType.TEXT ? TEXT : 0) | (keyBytes == null ? 0 : KEY)));
        bytes.putLong(time.toEpochMilli()).putLong(publisher).putLong(number);
        if (keyBytes != null) {
            bytes.putInt(keyBytes.length).put(keyBytes);
        }
        return bytes.put(payload).array();
    }

    /**
     * Returns this message with its place in its topic.
     *
     * @param previous the offset of the message before it in the same topic and epoch, 0 if the broker has none before it
     */
    public BackplaneMessage at(Position place, long previous) {
        return new BackplaneMessage(topic, key, message, time, publisher, number, place, previous);
    }

    /** The topic. */
    public String topic() {
        return topic;
    }

    /** The key of which this is the latest value, if {@link Topics#publishLatest} has published the message. */
    public Optional<String> key() {
        return Optional.ofNullable(key);
    }

    /** The message for subscribers. */
    public PreparedMessage message() {
        return message;
    }

    /** The time at which the message was published, by the clock of the node that has published it. */
    public Instant time() {
        return time;
    }

    /** Identifies the node that has published the message. A node that is started again has another number. */
    public long publisher() {
        return publisher;
    }

    /** The number of this message among the messages of its publisher, of all topics. */
    public long number() {
        return number;
    }

    /** The place of the message in its topic, if the broker has given it one. */
    public Optional<Position> position() {
        return Optional.ofNullable(position);
    }

    @Nullable
    Position place() {
        return position;
    }

    /** If the message has a position, the offset of the message before it in its topic. */
    public long previous() {
        return previous;
    }

    @Override
    public String toString() {
        return "BackplaneMessage[" + topic + " " + position + ", " + message.length() + " bytes]";
    }
}
