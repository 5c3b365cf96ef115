package dev.weft.server;

/**
 * Whether new clients should be sent to a server.
 *
 * @param reason why not, for people to read; empty if the server is ready
 */
record Readiness(String reason) {
    static Readiness of(WebSocketServer server) {
        ServerHealth health = server.health();
        if (server.shutdown().isDraining()) {
            return new Readiness("the server is shutting down");
        }
        if (!health.isHealthy()) {
            return new Readiness(health.reason());
        }
        return new Readiness(
                server.connectionCount() < server.configuration().maxConnections() ? "" : "too many connections");
    }

    boolean isReady() {
        return reason.isEmpty();
    }
}
