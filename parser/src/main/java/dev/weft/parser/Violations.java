package dev.weft.parser;

import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;
import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.parser.FrameHeader.RSV;

/** Describes what is wrong with a frame's header, for the Close frame to the peer and for the log. */
final class Violations {
    private Violations() {}

    static ProtocolViolationException rsv(int firstByte) {
        return violation("5.2",
                "RSV bits 0x" + Integer.toHexString(firstByte & RSV) + " that no extension claims here");
    }

    /** The violation for a first byte whose opcode or FIN is not allowed at this position. */
    static ProtocolViolationException opcode(int firstByte) {
        Opcode opcode = Opcode.ofFirstByte(firstByte);
        if (opcode == null) {
            return violation("5.2", "reserved opcode " + (firstByte & 0x0f));
        }
        if (opcode.isControl()) {
            return violation("5.5", "fragmented control frame");
        }
        return violation("5.4", opcode == Opcode.CONTINUATION
                ? "continuation frame with nothing to continue"
                : "new data frame inside a fragmented message");
    }

    /** The violation for a frame that is masked but must not be, or is not masked but must be. */
    static ProtocolViolationException mask(boolean expected) {
        return violation("5.1", expected ? "unmasked frame from a client" : "masked frame from a server");
    }

    static ProtocolViolationException longControlFrame() {
        return violation("5.5", "control frame of more than 125 bytes");
    }

    static ProtocolViolationException topBit() {
        return violation("5.2", "the payload length has its top bit set");
    }

    static ProtocolViolationException notMinimal(long length) {
        return violation("5.2", "payload length " + length + " is not minimally encoded");
    }

    static ProtocolViolationException tooLong(long length, long maxFrameLength) {
        return ProtocolViolationException.overLimit(MESSAGE_TOO_BIG, "10.4", "maxFrameLength",
                "frame of " + length + " bytes is over maxFrameLength " + maxFrameLength);
    }

    private static ProtocolViolationException violation(String section, String message) {
        return new ProtocolViolationException(PROTOCOL_ERROR, section, message);
    }
}
