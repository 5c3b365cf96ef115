package dev.weft.tools.connect;

/** The exit statuses of {@code connect}; its help explains them. */
final class ExitStatus {
    static final int OK = 0;
    static final int NO_CONNECTION = 1;
    static final int USAGE = 2;
    static final int LOST = 3;
    static final int CLOSED = 4;
    static final int TOO_FEW = 5;

    private ExitStatus() {}
}
