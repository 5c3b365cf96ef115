package dev.weft.internal.close;

import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;
import static dev.weft.parser.CloseCode.NO_STATUS_RECEIVED;
import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.CloseReason;
import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Utf8Validator;

/** The payload of Close frames (RFC 6455 §5.5.1): empty, or a two-byte code and a reason in UTF-8. */
public final class ClosePayload {
    private ClosePayload() {}

    /** Reads the peer's payload, and refuses codes that may not be sent (§7.4). */
    public static CloseReason decode(byte[] array, int from, int to) throws ProtocolViolationException {
        if (from == to) {
            return CloseReason.EMPTY;
        }
        if (to - from == 1) {
            throw new ProtocolViolationException(PROTOCOL_ERROR, "5.5.1", "Close frame with a payload of one byte");
        }
        int code = (array[from] & 0xff) << 8 | array[from + 1] & 0xff;
        if (!CloseCode.maySend(code)) {
            throw new ProtocolViolationException(PROTOCOL_ERROR, "7.4", "Close frame with code " + code);
        }
        if (!Utf8Validator.isValid(array, from + 2, to)) {
            throw new ProtocolViolationException(INVALID_FRAME_PAYLOAD_DATA, "5.5.1",
                    "the reason of the Close frame is not UTF-8");
        }
        return new CloseReason(code, new String(array, from + 2, to - from - 2, UTF_8));
    }

    /** Builds our payload, of at most 125 bytes. */
    public static byte[] encode(CloseReason reason) {
        if (reason.code() == NO_STATUS_RECEIVED) {
            return new byte[0];
        }
        byte[] text = reason.reason().getBytes(UTF_8);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (reason.code() >>> 8);
        payload[1] = (byte) reason.code();
        System.arraycopy(text, 0, payload, 2, text.length);
        return payload;
    }
}
