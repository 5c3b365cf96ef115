package dev.weft;

/** The type of a message (RFC 6455 §5.6). */
public enum MessageType {
    /** Text: its bytes are valid UTF-8. */
    TEXT,
    /** Arbitrary bytes. */
    BINARY
}
