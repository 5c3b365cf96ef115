package dev.weft;

import dev.weft.parser.CloseCode;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The code and the reason of a Close frame (RFC 6455 §5.5.1, §7.1.5, §7.1.6). A value: no method waits.
 *
 * @param code   as received or sent, or {@link CloseCode#NO_STATUS_RECEIVED} for a Close frame without a code
 * @param reason a text for people who read logs; empty if the frame has none
 */
public record CloseReason(int code, String reason) {
    /** A Close frame without a payload: code 1005, which means that the frame has no code (§7.1.5). */
    public static final CloseReason EMPTY = new CloseReason(CloseCode.NO_STATUS_RECEIVED, "");

    /** The maximum length of a reason in bytes of UTF-8: the 125 bytes of a control frame less 2 for the code. */
    public static final int MAX_REASON_LENGTH = 123;

    /** A code and a reason. {@link WebSocketConnection#close(int, String)} checks whether they may be sent. */
    public CloseReason {
        Objects.requireNonNull(reason);
    }

    /**
     * Returns a code and reason that may be sent.
     *
     * @throws IllegalArgumentException if the code may not be sent (§7.4), or if the reason contains control characters or
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
