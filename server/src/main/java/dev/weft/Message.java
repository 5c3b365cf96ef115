package dev.weft;

import java.util.Objects;

/**
 * The result of {@link WebSocketConnection#receive()}: a complete message (RFC 6455 §5.6), or the end of the
 * connection. A value: no method waits.
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
     * @param bytes the bytes; the array belongs to the receiver
     */
    record Binary(byte[] bytes) implements Message {
        /** A binary message. */
        public Binary {
            Objects.requireNonNull(bytes);
        }
    }

    /**
     * The closing handshake is complete: no further message can be received or sent.
     *
     * @param status the final status: both codes and reasons, and the end that closed first
     */
    record Close(CloseStatus status) implements Message {
        /** The end of the messages. */
        public Close {
            Objects.requireNonNull(status);
        }
    }
}
