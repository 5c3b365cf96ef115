package dev.weft.server;

import dev.weft.internal.PathPattern;
import dev.weft.internal.time.Sweeper;
import dev.weft.parser.http.HttpResponse;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The HTTP endpoints of a running server. Any thread may change them at any time; a lookup sees either all of a change
 * or nothing of it. No method waits.
 */
final class HttpEndpoints {
    /**
     * An endpoint with all settings resolved.
     *
     * @param settings those of the server, with the limits of the endpoint
     */
    record Served(HttpEndpoint endpoint, HttpSettings settings) {}

    /** RFC 9110 §9.3.7: the target of an OPTIONS request about the server as a whole. */
    private static final String WHOLE_SERVER = "*";

    private final ServerConfiguration configuration;
    private final Sweeper sweeper;
    private final ChangingPathTable<Served> table = new ChangingPathTable<>();
    /** The paths of the probes and the metrics, which other settings than the endpoints determine. */
    private final Set<String> own = ConcurrentHashMap.newKeySet();
    private final PathTable.Entry<Served> wholeServer;

    /**
     * Creates a table without endpoints.
     *
     * @param configuration is held until the end of the server
     * @param sweeper is notified of the shortest deadline
     */
    HttpEndpoints(ServerConfiguration configuration, Sweeper sweeper) {
        this.configuration = configuration;
        this.sweeper = sweeper;
        this.wholeServer = new PathTable.Entry<>(PathPattern.parse("/"),
                served(HttpEndpoint.of(request -> describeServer())));
    }

    private Served served(HttpEndpoint endpoint) {
        Objects.requireNonNull(endpoint, "endpoint");
        Served served = new Served(endpoint, endpoint.settings(configuration.httpSettings()));
        sweeper.shorten(served.settings().shortest());
        return served;
    }

    private HttpResponse describeServer() {
        return HttpResponse.empty(204).withHeader("Allow",
                table.isEmpty() ? "GET, HEAD, OPTIONS" : "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    }

    /**
     * The endpoint that serves this path; empty if there is none.
     *
     * @throws IllegalArgumentException if there are endpoints, and this path cannot be decoded
     */
    Optional<PathTable.Entry<Served>> find(String path) {
        return path.equals(WHOLE_SERVER) ? Optional.of(wholeServer) : table.find(path);
    }

    /** Adds an endpoint of the server itself, which {@link #byPath} leaves out. */
    void addOwn(String path, HttpEndpoint endpoint) {
        add(path, endpoint);
        own.add(PathPattern.parse(path).toString());
    }

    void add(String path, HttpEndpoint endpoint) {
        table.add(PathPattern.parse(path), served(endpoint));
    }

    void replace(String path, HttpEndpoint endpoint) {
        table.replace(PathPattern.parse(path), served(endpoint));
    }

    boolean remove(String path) {
        return table.remove(PathPattern.parse(path));
    }

    /** The endpoints by path. */
    Map<String, HttpEndpoint> byPath() {
        return table.byPattern().entrySet().stream().filter(entry -> !own.contains(entry.getKey()))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> entry.getValue().endpoint()));
    }
}
