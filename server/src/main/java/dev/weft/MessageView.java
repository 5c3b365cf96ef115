package dev.weft;

/**
 * A message that is borrowed from the connection, not copied: it is valid until the connection's next receive. The
 * connection has one, and hands it out again and again.
 */
public interface MessageView {
    /** What a view shows. */
    enum Type {
        /** A text message: its octets are valid UTF-8. */
        TEXT,
        /** A binary message. */
        BINARY,
        /** No message: the closing handshake is done ({@link WebSocketConnection#end()} tells how). It has no octets. */
        CLOSE
    }

    /** What this is. */
    Type type();

    /** Holds the octets; not to be changed outside of them. */
    byte[] array();

    /** Where in {@link #array()} the octets begin. */
    int offset();

    /** How many octets there are. */
    int length();

    /** The octets of a text message as a new string. */
    String text();

    /** A copy of the octets. */
    byte[] bytes();
}
