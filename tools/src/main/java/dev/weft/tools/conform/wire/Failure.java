package dev.weft.tools.conform.wire;

/** Ends a case, or one connection of a batch, as FAILED. */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Creates a failure.
     *
     * @param message what was expected and what was received
     */
    public Failure(String message) {
        super(message);
    }
}
