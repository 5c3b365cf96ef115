package dev.weft.internal.time;

import dev.weft.internal.time.Deadlines.Due;
import java.util.concurrent.TimeoutException;

/** A deadline of a connection has passed. */
public final class DeadlineException extends TimeoutException {
    private static final long serialVersionUID = 1;

    private final Due due;

    DeadlineException(Due due, String message) {
        super(message);
        this.due = due;
    }

    /** The deadline that has passed. */
    public Due due() {
        return due;
    }
}
