package dev.weft;

import dev.weft.parser.CloseCode;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The code and the reason of a Close frame (RFC 6455 §5.5.1, §7.1.5, §7.1.6). A value: no method waits.
 *
 * @param code   as received or sent, or {@link CloseCode#NO_STATUS_RECEIVED} for a Close frame without a code
 * @param reason for people who read logs; empty if none was given
 */
public record CloseReason(int code, String reason) {
    /** A Close frame without a payload: code 1005, which stands for no code (§7.1.5). */
    public static final CloseReason EMPTY = new CloseReason(CloseCode.NO_STATUS_RECEIVED, "");

    /** The most bytes that a reason can have in UTF-8: a control frame's 125 less the code's 2. */
    public static final int MAX_REASON_LENGTH = 123;

    /** A code and a reason; what may be sent is checked by {@link WebSocketConnection#close(int, String)}. */
    public CloseReason {
        Objects.requireNonNull(reason);
    }

    /**
     * A reason that may be sent.
     *
     * @throws IllegalArgumentException if the code may not travel (§7.4), or the reason has control characters or
     *                                  unpaired surrogates or is longer than {@link #MAX_REASON_LENGTH} bytes of UTF-8
     */
    public static CloseReason sendable(int code, String reason) {
        if (!CloseCode.maySend(code)) {
            throw new IllegalArgumentException("close code " + code + " may not be sent");
        }
        if (reason.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("control character in the close reason");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(reason)) {
            throw new IllegalArgumentException("unpaired surrogate in the close reason");
        }
        int length = reason.getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_REASON_LENGTH) {
            throw new IllegalArgumentException(
                    "close reason of " + length + " bytes is over " + MAX_REASON_LENGTH);
        }
        return new CloseReason(code, reason);
    }
}
