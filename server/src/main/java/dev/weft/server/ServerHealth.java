package dev.weft.server;

import java.util.Objects;

/**
 * Whether a server can do its work, as {@link WebSocketServer#health()} finds it.
 *
 * @param status how it is
 * @param reason why, for people to read; empty if it is well
 */
public record ServerHealth(Status status, String reason) {
    /** How a server is. */
    public enum Status {
        /** Everything that the connections depend on works. */
        HEALTHY,
        /**
         * Something that all connections depend on fails or does not get on, such as for lack of memory, descriptors or
         * processor time. the server keeps trying; new connections and deadlines may have to wait.
         */
        IMPAIRED,
        /**
         * Something that all connections depend on has been lost and cannot be replaced. The server has stopped listening
         * and aborts its connections, as {@link WebSocketServer#close()} without a grace period does.
         */
        FAILED
    }

    static final ServerHealth HEALTHY = new ServerHealth(Status.HEALTHY, "");

    /** Checks that there is a reason, if an empty one. */
    public ServerHealth {
        Objects.requireNonNull(status);
        Objects.requireNonNull(reason);
    }
}
