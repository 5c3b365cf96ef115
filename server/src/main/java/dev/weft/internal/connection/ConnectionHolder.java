package dev.weft.internal.connection;

/** The owner of a connection. */
@FunctionalInterface
public interface ConnectionHolder {
    /**
     * Called when nothing can be sent or received any more, even if the handler is still running. Any thread may call
     * this, more than once; it must not wait.
     */
    void connectionOver();
}
