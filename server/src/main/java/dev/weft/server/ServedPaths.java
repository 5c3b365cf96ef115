package dev.weft.server;

import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.time.Sweeper;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a running server, those of WebSockets and those of plain HTTP, and the configuration that has them. For any
 * thread; nothing waits.
 */
final class ServedPaths {
    /** Has the current endpoints. Nothing else holds endpoints: removed code can be collected. */
    private final AtomicReference<ServerConfiguration> configuration;
    private final Endpoints endpoints;
    private final HttpEndpoints httpEndpoints;

    /**
     * The endpoints of a configuration.
     *
     * @param services     the services that all connections share
     * @param sweeper      is notified of the shortest deadline
     * @param clientLimits limits of the server beside which endpoints may have their own; {@code null} if there are none
     */
    ServedPaths(ServerConfiguration initial, ConnectionServices services, Sweeper sweeper,
            @Nullable ClientLimits clientLimits) {
        ServerConfiguration rest = initial.with(Map.of(), Map.of());
        this.configuration = new AtomicReference<>(initial);
        this.endpoints = new Endpoints(rest, services.sending(), sweeper, clientLimits);
        this.httpEndpoints = new HttpEndpoints(rest, sweeper);
        initial.endpoints().forEach(endpoints::add);
        initial.httpEndpoints().forEach(httpEndpoints::add);
    }

    /** The settings of the server, with the current endpoints. */
    ServerConfiguration configuration() {
        return configuration.get();
    }

    Endpoints endpoints() {
        return endpoints;
    }

    HttpEndpoints http() {
        return httpEndpoints;
    }

    /** Call this after each change. The last of several threads sees the changes of all. */
    void changed() {
        configuration.updateAndGet(old -> old.with(endpoints.byPath(), httpEndpoints.byPath()));
    }
}
