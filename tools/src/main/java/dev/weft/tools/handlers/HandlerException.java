package dev.weft.tools.handlers;

/** The code of a handler cannot be used. The message is for the user, and may have several lines. */
public final class HandlerException extends Exception {
    private static final long serialVersionUID = 1;

    HandlerException(String message) {
        super(message);
    }

    HandlerException(String message, Throwable cause) {
        super(message, cause);
    }
}
