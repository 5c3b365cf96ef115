package dev.weft.topics;

import org.jspecify.annotations.Nullable;

/**
 * The broker of a {@link Backplane} has not done what it was asked to do. Thrown by backplanes, and caught by {@link
 * Topics}.
 */
public final class BackplaneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean uncertain;

    private BackplaneException(String message, @Nullable Throwable cause, boolean uncertain) {
        super(message, cause);
        this.uncertain = uncertain;
    }

    /**
     * Creates an exception that says that the broker has certainly not done it, for example because it is not
     * connected.
     */
    public static BackplaneException notDone(String message) {
        return new BackplaneException(message, null, false);
    }

    /** Creates an exception that says that the broker has certainly not done it, because of this failure. */
    public static BackplaneException notDone(String message, Throwable cause) {
        return new BackplaneException(message, cause, false);
    }

    /** Creates an exception that says that the broker was asked, but what it has done is not known: it may have done it. */
    public static BackplaneException uncertain(String message) {
        return new BackplaneException(message, null, true);
    }

    /** Creates an exception that says that the broker was asked, but has not answered: it may have done it. */
    public static BackplaneException uncertain(String message, Throwable cause) {
        return new BackplaneException(message, cause, true);
    }

    /** Whether the broker may have done it. */
    public boolean isUncertain() {
        return uncertain;
    }
}
