package dev.weft.internal.connection;

/** What a connection belongs to. */
@FunctionalInterface
public interface ConnectionHolder {
    /**
     * Nothing can be sent or received any more, whatever the handler still does. Called by any thread, perhaps more than once;
     * must not wait.
     */
    void connectionOver();
}
