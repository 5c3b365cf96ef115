package dev.weft;

import java.util.Objects;

/** What {@link WebSocketConnection#receive()} returns: a whole message (RFC 6455 §5.6), or the end of the connection. */
public sealed interface Message {
    /**
     * A text message.
     *
     * @param value the text; it was valid UTF-8 on the wire
     */
    record Text(String value) implements Message {
        /** A text message. */
        public Text {
            Objects.requireNonNull(value);
        }
    }

    /**
     * A binary message.
     *
     * @param value the bytes; the array is the receiver's to keep
     */
    record Binary(byte[] value) implements Message {
        /** A binary message. */
        public Binary {
            Objects.requireNonNull(value);
        }
    }

    /**
     * The closing handshake is done: no further message can arrive or be sent.
     *
     * @param status both codes and reasons, and which end closed first; final
     */
    record Close(CloseStatus status) implements Message {
        /** The end of the messages. */
        public Close {
            Objects.requireNonNull(status);
        }
    }
}
