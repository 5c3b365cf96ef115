package dev.weft.internal.http;

import java.io.IOException;

/** A file is no longer the version that was examined: another request gets the new one. */
public final class FileChangedException extends IOException {
    private static final long serialVersionUID = 1L;

    FileChangedException(String message, Throwable cause) {
        super(message, cause);
    }
}
