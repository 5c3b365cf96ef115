package dev.weft.internal.time;

import java.io.InterruptedIOException;

/** Nothing arrived within a {@link TimeLimit}. Like an interrupt, it loses nothing and does not fail the connection. */
public final class TimeLimitExceededException extends InterruptedIOException {
    private static final long serialVersionUID = 1;

    /** An exception for the caller that set the limit. */
    public TimeLimitExceededException() {
        super("nothing arrived in time");
    }

    /** Does nothing: the caller that set the limit catches this exception, possibly very often if it polls. */
    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
