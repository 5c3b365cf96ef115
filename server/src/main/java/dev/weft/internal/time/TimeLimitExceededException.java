package dev.weft.internal.time;

import java.io.InterruptedIOException;

/** Nothing came within a {@link TimeLimit}. Unwinds as an interrupt does, and harms as little. */
public final class TimeLimitExceededException extends InterruptedIOException {
    private static final long serialVersionUID = 1;

    /** An exception for the caller that set the limit. */
    public TimeLimitExceededException() {
        super("nothing came in time");
    }

    /** It is caught by the caller that set the limit, who may poll. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
