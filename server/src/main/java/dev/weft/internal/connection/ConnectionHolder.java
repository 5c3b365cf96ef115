package dev.weft.internal.connection;

/** The owner of a connection. */
@FunctionalInterface
public interface ConnectionHolder {
    /**
     * Called when nothing can be sent or received any more, even if the handler is still running. It may be called more than
     * once and from any thread, and must not wait.
     */
    void connectionOver();
}
