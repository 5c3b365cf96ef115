package dev.weft.internal.close;

import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;

/** Tells violations of the protocol from limits that the peer exceeded. */
public final class LimitViolations {
    /** RFC 6455 §10.4 is about the limits of implementations. */
    private static final String LIMITS = "10.4";

    private LimitViolations() {}

    /** Whether the peer exceeded a limit of this end, and broke no other rule. */
    public static boolean includes(ProtocolViolationException violation) {
        return violation.closeCode() == CloseCode.MESSAGE_TOO_BIG || violation.section().equals(LIMITS);
    }
}
