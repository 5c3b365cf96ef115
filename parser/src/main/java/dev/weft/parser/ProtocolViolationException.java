package dev.weft.parser;

import java.util.Objects;

/**
 * The peer broke a rule or exceeded a limit: fail the connection with {@link #closeCode()} (RFC 6455 §7.1.7). It has no stack
 * trace, because a peer can cause any number of these exceptions.
 */
public final class ProtocolViolationException extends Exception {
    private static final long serialVersionUID = 1;

    private final int closeCode;
    private final String section;

    /**
     * A violation.
     *
     * @param closeCode the code for the Close frame
     * @param section   the section that sets the rule, such as {@code "5.2"} or {@code "RFC 7692 7.2.1"}
     * @param message   what is wrong, in at most about 100 characters: it may be sent as the Close frame's reason
     */
    public ProtocolViolationException(int closeCode, String section, String message) {
        super(message, null, false, false);
        this.closeCode = closeCode;
        this.section = Objects.requireNonNull(section);
    }

    /** The code of the Close frame to send. */
    public int closeCode() {
        return closeCode;
    }

    /** The section of the RFC that sets the rule: a section of RFC 6455 unless it names another RFC. */
    public String section() {
        return section;
    }
}
