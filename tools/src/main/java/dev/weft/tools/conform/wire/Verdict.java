package dev.weft.tools.conform.wire;

/**
 * The result of a case, from the best to the worst: a case has the worst verdict of all its findings.
 * <ul>
 * <li>{@link #FAILED}: a MUST was violated: an invalid frame was accepted or sent, an answer was wrong or missing, or the
 * connection did not end.
 * <li>{@link #NON_STRICT}: the RFC tolerates it (a SHOULD, a MAY, or silence) but the behaviour is weaker than it could be:
 * invalid text refused only after the whole message, TCP dropped without a Close frame, an error reported with the code of
 * another error.
 * <li>{@link #UNSUPPORTED}: the extension was not negotiated, or the message exceeds the program's own limit (1009).
 * <li>{@link #SKIPPED}: not run, because of {@code --max-message} or because the client did not ask for it.
 * <li>{@link #INFORMATIONAL}: the RFCs do not specify the behaviour; it is reported for information.
 * <li>{@link #OK}: as strict as possible.
 * </ul>
 */
public enum Verdict {
    OK, INFORMATIONAL, SKIPPED, UNSUPPORTED, NON_STRICT, FAILED;

    /** The printed name. */
    public String label() {
        return name().replace('_', '-');
    }

    /** The worse of two. */
    public Verdict or(Verdict other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
