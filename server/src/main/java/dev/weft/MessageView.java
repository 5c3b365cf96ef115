package dev.weft;

/**
 * A message that is borrowed from the connection, not copied: it is valid until the connection's next receive. A connection has
 * only one view and reuses it, so it must not be kept or passed to another thread. Sending it, to any connection, is safe: what
 * cannot be written at once is copied. A view that was kept too long shows an empty message, or the next one. No method waits or
 * throws.
 */
public interface MessageView {
    /** What this is. */
    MessageType type();

    /** The array that holds the bytes. The caller may change these bytes, but no others. */
    byte[] array();

    /** Where in {@link #array()} the bytes begin. */
    int offset();

    /** The number of bytes. */
    int length();

    /** The bytes decoded as UTF-8, which those of a text message always are, as a new string. */
    String text();

    /** A copy of the bytes. */
    byte[] bytes();
}
