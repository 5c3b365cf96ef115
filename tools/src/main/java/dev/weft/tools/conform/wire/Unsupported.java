package dev.weft.tools.conform.wire;

/** Ends a case as UNSUPPORTED: the program is not required to support this. */
public final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Creates an exception whose message says what the program does not support. */
    public Unsupported(String message) {
        super(message);
    }
}
