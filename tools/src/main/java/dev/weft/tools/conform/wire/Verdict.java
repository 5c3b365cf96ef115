package dev.weft.tools.conform.wire;

/**
 * The result of a case, from the best to the worst: a case has the worst verdict that anything in it earned.
 * <ul>
 * <li>{@link #FAILED}: a MUST was broken: a frame that is not allowed was accepted or sent, an answer is wrong or missing,
 * the connection does not end.
 * <li>{@link #NON_STRICT}: the RFC tolerates it (a SHOULD, a MAY, or silence) but it is weaker than it could be: text that
 * is refused only when its message is whole, TCP dropped without a Close frame, an error reported with the code of another error.
 * <li>{@link #UNSUPPORTED}: the extension was not negotiated, or the message is over the server's own limit (1009).
 * <li>{@link #SKIPPED}: not run, because of {@code --max-message}.
 * <li>{@link #INFORMATIONAL}: nothing in the RFCs decides; reported for information.
 * <li>{@link #OK}: as strict as can be.
 * </ul>
 */
public enum Verdict {
    OK, INFORMATIONAL, SKIPPED, UNSUPPORTED, NON_STRICT, FAILED;

    /** The name as it is printed. */
    public String label() {
        return name().replace('_', '-');
    }

    /** The worse of two. */
    public Verdict or(Verdict other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
