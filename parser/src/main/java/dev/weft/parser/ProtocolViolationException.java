package dev.weft.parser;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The peer broke a rule of the protocol or exceeded a limit. The connection must be failed with {@link #closeCode()}
 * (RFC 6455 §7.1.7). It has no stack trace, because a peer can cause any number of these exceptions.
 */
public final class ProtocolViolationException extends Exception {
    private static final long serialVersionUID = 1;

    private final int closeCode;
    private final String section;
    private final @Nullable String limit;

    /**
     * A violation.
     *
     * @param closeCode the code for the Close frame
     * @param section   the section that sets the rule, such as {@code "5.2"} or {@code "RFC 7692 7.2.1"}
     * @param message   what is wrong, in at most about 100 characters: it may be sent as the Close frame's reason
     */
    public ProtocolViolationException(int closeCode, String section, String message) {
        this(closeCode, section, null, message);
    }

    private ProtocolViolationException(int closeCode, String section, @Nullable String limit, String message) {
        super(message, null, false, false);
        this.closeCode = closeCode;
        this.section = Objects.requireNonNull(section);
        this.limit = limit;
    }

    /**
     * Creates an exception that says that the peer exceeded a limit of this end, and broke no rule of the protocol.
     *
     * @param limit   the name of the setting
     * @param message as for a violation; names the actual value, the limit and the setting
     */
    public static ProtocolViolationException overLimit(int closeCode, String section, String limit, String message) {
        return new ProtocolViolationException(closeCode, section, Objects.requireNonNull(limit), message);
    }

    /** The code of the Close frame to send. */
    public int closeCode() {
        return closeCode;
    }

    /** The section of the RFC that sets the rule: a section of RFC 6455 unless it names another RFC. */
    public String section() {
        return section;
    }

    /** The name of the setting whose limit the peer exceeded; empty if it broke a rule. */
    public Optional<String> limit() {
        return Optional.ofNullable(limit);
    }
}
