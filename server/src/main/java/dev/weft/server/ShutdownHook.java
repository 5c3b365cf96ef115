package dev.weft.server;

import org.jspecify.annotations.Nullable;

/** Makes the JVM end a server when it shuts down, if the server's settings say so. For any thread. */
final class ShutdownHook {
    /** {@code null} if the JVM's end is left to the application. */
    private final @Nullable Thread thread;

    /**
     * Creates a hook that is not added yet.
     *
     * @param wanted whether there is to be one
     * @param end    ends the server
     */
    ShutdownHook(boolean wanted, String name, Runnable end) {
        this.thread = wanted ? Thread.ofPlatform().name(name).unstarted(end) : null;
    }

    /**
     * Adds the hook.
     *
     * @throws IllegalStateException if the JVM is shutting down
     */
    void add() {
        if (thread != null) {
            Runtime.getRuntime().addShutdownHook(thread);
        }
    }

    /** Removes the hook, unless it runs. */
    void remove() {
        if (thread == null || Thread.currentThread() == thread) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(thread);
        } catch (IllegalStateException e) {
            // The JVM is shutting down: then the hook waits for this shutdown.
        }
    }

    /** {@code null} if there is none. */
    @Nullable
    Thread thread() {
        return thread;
    }
}
