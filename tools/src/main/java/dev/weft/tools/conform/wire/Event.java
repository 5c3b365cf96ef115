package dev.weft.tools.conform.wire;

/** Something that the program under test sent, or the end of what it sent. */
public sealed interface Event {
    /**
     * A whole message, inflated.
     *
     * @param opcode     text or binary
     * @param payload    its bytes
     * @param compressed whether it was compressed (RFC 7692)
     */
    record Message(int opcode, byte[] payload, boolean compressed) implements Event {}

    /** A Pong frame. */
    record Pong(byte[] payload) implements Event {}

    /**
     * A Close frame.
     *
     * @param code its status code; 1005 for a frame without one
     */
    record Close(int code, String reason) implements Event {}

    /**
     * The end of the stream.
     *
     * @param reset whether it was ended by RST, not by FIN
     */
    record End(boolean reset) implements Event {}

    /** The program sent something that breaks the protocol; nothing after it is read. */
    record Violation(String what) implements Event {}
}
