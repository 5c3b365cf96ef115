package dev.weft.parser.proxy;

/**
 * A connection does not begin with a valid header of the PROXY protocol. The connection must be ended without an
 * answer. The message is safe to log. The exception has no stack trace, so that hostile peers cost little.
 */
public final class ProxyHeaderException extends Exception {

    private static final long serialVersionUID = 1L;

    ProxyHeaderException(String message) {
        super(message, null, false, false);
    }
}
