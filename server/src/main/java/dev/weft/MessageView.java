package dev.weft;

/**
 * A message that is borrowed from the connection, not copied. It is valid until the connection's next receive. A
 * connection has only one view and reuses it, so do not keep the view or pass it to another thread. You can safely send
 * it to any connection: bytes that cannot be written at once are copied. A view that is used after the next receive
 * shows an empty message, or the next one. No method waits or throws. Not for applications to implement.
 */
public interface MessageView {
    /** The type of the message. */
    MessageType type();

    /** The array that holds the bytes. The caller may change these bytes, but no others. */
    byte[] array();

    /** The index in {@link #array()} at which the bytes begin. */
    int offset();

    /** The number of bytes. */
    int length();

    /** The bytes decoded as UTF-8, as a new string. The bytes of a text message are always valid UTF-8. */
    String text();

    /** A copy of the bytes. */
    byte[] bytes();
}
