package dev.weft.internal.transport;

import java.io.IOException;
import java.net.SocketException;

/** What Linux's functions for sockets return instead of a number of bytes: errors, as negative numbers. */
final class SocketErrors {
    static final int EINTR = -4;
    static final int EBADF = -9;
    /** The function would have to wait. */
    static final int EAGAIN = -11;
    static final int EBUSY = -16;
    static final int EPIPE = -32;
    private static final int ENETUNREACH = -101;
    static final int ECONNRESET = -104;
    /** A receive by a ring found no buffer. */
    static final int ENOBUFS = -105;
    private static final int ETIMEDOUT = -110;
    private static final int EHOSTUNREACH = -113;
    static final int ECANCELED = -125;

    private SocketErrors() {}

    /** Returns a number of bytes, or 0 if the function took or returned none, but may later. */
    static int count(int result) throws IOException {
        if (result >= 0) {
            return result;
        }
        if (result == EAGAIN || result == EINTR) {
            return 0;
        }
        throw failure(result);
    }

    /** The exception for an error that ends the connection. */
    static IOException failure(int error) {
        return switch (error) {
            case EPIPE -> new SocketException("Broken pipe");
            case ECONNRESET -> new ConnectionReset();
            case ETIMEDOUT -> new SocketException("Connection timed out");
            case EHOSTUNREACH -> new SocketException("No route to host");
            case ENETUNREACH -> new SocketException("Network is unreachable");
            default -> new SocketException("the connection is broken: error " + -error);
        };
    }

    /** Many connections end so, and the stack, which costs a microsecond, does not tell why. */
    private static final class ConnectionReset extends SocketException {
        private static final long serialVersionUID = 1;

        ConnectionReset() {
            super("Connection reset");
        }

        @Override
        public Throwable fillInStackTrace() {
            return this;
        }
    }
}
