package dev.weft;

import java.util.Objects;

/**
 * What {@link WebSocketConnection#receive()} returns: a whole message (RFC 6455 §5.6), or the end of the connection. A value: no
 * method waits.
 */
public sealed interface Message {
    /**
     * A text message.
     *
     * @param text the text, which was valid UTF-8 on the wire
     */
    record Text(String text) implements Message {
        /** A text message. */
        public Text {
            Objects.requireNonNull(text);
        }
    }

    /**
     * A binary message.
     *
     * @param bytes the bytes; the array is the receiver's to keep
     */
    record Binary(byte[] bytes) implements Message {
        /** A binary message. */
        public Binary {
            Objects.requireNonNull(bytes);
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
