package dev.weft.server;

import java.util.Map;

/**
 * Endpoints that a program loads while it runs, such as those of {@code scripts/echo --handler}. For
 * {@link java.util.ServiceLoader}, a jar names its implementations in
 * {@code META-INF/services/dev.weft.server.EndpointProvider}, or, if it is a named module, with {@code provides}. An
 * implementation needs a constructor without parameters. The library itself does not look for implementations.
 *
 * <p>The program calls each method once each time it loads the code.
 */
@FunctionalInterface
public interface EndpointProvider {
    /** The endpoints by path, as for {@link WebSocketServerBuilder#endpoint(String, Endpoint)}. */
    Map<String, Endpoint> endpoints();

    /** The endpoints of plain HTTP by path, as for {@link WebSocketServerBuilder#http(String, HttpEndpoint)}; by default none. */
    default Map<String, HttpEndpoint> httpEndpoints() {
        return Map.of();
    }
}
