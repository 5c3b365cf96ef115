package dev.weft.parser;

import org.jspecify.annotations.Nullable;

/** What a frame carries (RFC 6455 §5.2, §11.8). Opcodes 3–7 and 11–15 are reserved and have no constant. */
public enum Opcode {
    /** A further fragment of a message that began with a TEXT or BINARY frame (§5.4). */
    CONTINUATION(0x0),
    /** UTF-8 text (§5.6). */
    TEXT(0x1),
    /** Bytes whose meaning is up to the application (§5.6). */
    BINARY(0x2),
    /** Begins or answers the closing handshake (§5.5.1). */
    CLOSE(0x8),
    /** Asks for a pong with the same payload (§5.5.2). */
    PING(0x9),
    /** Answers a ping, or is sent unsolicited as a heartbeat (§5.5.3). */
    PONG(0xA);

    private static final @Nullable Opcode[] BY_CODE = new Opcode[16];

    static {
        for (Opcode opcode : values()) {
            BY_CODE[opcode.code] = opcode;
        }
    }

    private final int code;

    Opcode(int code) {
        this.code = code;
    }

    /** The code in the four opcode bits of the frame header. */
    public int code() {
        return code;
    }

    /** Whether this is a control frame's opcode: such a frame is not fragmented and has at most 125 bytes (§5.5). */
    public boolean isControl() {
        return (code & 0x8) != 0;
    }

    /**
     * The opcode with this code.
     *
     * @throws IllegalArgumentException if the code is reserved or does not fit in four bits
     */
    public static Opcode of(int code) {
        Opcode opcode = code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
        if (opcode == null) {
            throw new IllegalArgumentException("reserved opcode " + code);
        }
        return opcode;
    }

    /** The opcode in a frame's first byte, which the parser has checked; {@code null} if reserved. */
    static @Nullable Opcode ofFirstByte(int b) {
        return BY_CODE[b & 0x0f];
    }
}
