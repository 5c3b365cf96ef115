package dev.weft.tools.conform.wire;

/** Ends a case as UNSUPPORTED: the server is not required to support this. */
public final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Creates the exception.
     *
     * @param message what the server does not support
     */
    public Unsupported(String message) {
        super(message);
    }
}
