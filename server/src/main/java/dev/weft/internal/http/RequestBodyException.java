package dev.weft.internal.http;

import java.io.IOException;

/** Thrown when the body of a request cannot be read to its end, because of the client's behaviour or a limit. */
public final class RequestBodyException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * A failure that the client has caused.
     *
     * @param status  of the fitting response
     * @param message for people at the client
     */
    public RequestBodyException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** The status code of the response to send. */
    public int status() {
        return status;
    }
}
