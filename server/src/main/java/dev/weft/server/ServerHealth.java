package dev.weft.server;

import java.util.Objects;

/**
 * Whether a server can do its work, as returned by {@link WebSocketServer#health()}.
 *
 * @param status the health of the server
 * @param reason the reason, for people to read; empty if the server is healthy
 */
public record ServerHealth(Status status, String reason) {
    /** The health of a server. */
    public enum Status {
        /** Everything that the connections depend on works. */
        HEALTHY,
        /**
         * Something that all connections depend on is failing or makes no progress, for example because memory,
         * descriptors or processor time have run out. The server keeps trying; new connections and deadlines may be
         * delayed.
         */
        IMPAIRED,
        /**
         * Something that all connections depend on has been lost and cannot be replaced. The server has stopped listening
         * and aborts its connections, as {@link WebSocketServer#close()} without a grace period does.
         */
        FAILED
    }

    static final ServerHealth HEALTHY = new ServerHealth(Status.HEALTHY, "");

    /** Checks that the reason is not null; it may be empty. */
    public ServerHealth {
        Objects.requireNonNull(status);
        Objects.requireNonNull(reason);
    }

    /** Whether everything that the connections depend on works. */
    public boolean isHealthy() {
        return status == Status.HEALTHY;
    }
}
