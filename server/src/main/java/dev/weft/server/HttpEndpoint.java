package dev.weft.server;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Answers the plain HTTP requests of one path: a handler for all methods, or one for each method, and limits of its
 * own. For limits that an HTTP endpoint does not set, those of the server's {@link HttpSettings} apply. {@snippet class
 * = "dev.weft.server.Snippets" region = "http-endpoint"} If there are handlers for some methods, a request with another
 * method gets 405 with {@code Allow} (RFC 9110 §15.5.6), and an OPTIONS request without a handler gets 204 with
 * {@code Allow}. The handler of GET answers HEAD too, unless HEAD has its own.
 * <p>
 * Immutable: each method that changes something returns a copy.
 */
public final class HttpEndpoint {
    /** Instead of the name of a method. */
    private static final String ANY = "";

    private final Map<String, HttpHandler> handlers;
    private final UnaryOperator<HttpSettings.Builder> limits;

    private HttpEndpoint(Map<String, HttpHandler> handlers, UnaryOperator<HttpSettings.Builder> limits) {
        this.handlers = handlers;
        this.limits = limits;
    }

    /** Creates an endpoint whose handler answers all methods except CONNECT and TRACE. */
    public static HttpEndpoint of(HttpHandler handler) {
        return new HttpEndpoint(Map.of(ANY, Objects.requireNonNull(handler, "handler")), UnaryOperator.identity());
    }

    /**
     * Creates an endpoint whose handler answers this method.
     *
     * @param method case-sensitive, such as {@code POST}
     * @throws IllegalArgumentException if it is not a token (RFC 9110 §9.1)
     */
    public static HttpEndpoint of(String method, HttpHandler handler) {
        return new HttpEndpoint(Map.of(), UnaryOperator.identity()).method(method, handler);
    }

    /**
     * Adds the handler of another method.
     *
     * @throws IllegalArgumentException if the method is not a token, or already has a handler
     */
    public HttpEndpoint method(String method, HttpHandler handler) {
        if (method.isEmpty()) {
            throw new IllegalArgumentException("the method is empty");
        }
        // A method is a token, like the name of a header field.
        Headers.of(method, "");
        if (handlers.containsKey(ANY) || handlers.containsKey(method)) {
            throw new IllegalArgumentException("the method " + method + " already has a handler");
        }
        Map<String, HttpHandler> more = new TreeMap<>(handlers);
        more.put(method, Objects.requireNonNull(handler, "handler"));
        return new HttpEndpoint(more, limits);
    }

    /** Sets the maximum number of bytes in a request's body, otherwise as {@link HttpSettings#maxBodySize()}. */
    public HttpEndpoint maxBodySize(long maxBodySize) {
        return with(settings -> settings.maxBodySize(maxBodySize));
    }

    /** Sets how long a handler may take, otherwise as {@link HttpSettings#handlerTimeout()}. */
    public HttpEndpoint handlerTimeout(Duration handlerTimeout) {
        return with(settings -> settings.handlerTimeout(handlerTimeout));
    }

    /** Sets how long 16 KiB of a request's body may take, otherwise as {@link HttpSettings#bodyTimeout()}. */
    public HttpEndpoint bodyTimeout(Duration bodyTimeout) {
        return with(settings -> settings.bodyTimeout(bodyTimeout));
    }

    private HttpEndpoint with(UnaryOperator<HttpSettings.Builder> change) {
        // Checks the value now.
        change.apply(HttpSettings.builder());
        return new HttpEndpoint(handlers, settings -> change.apply(limits.apply(settings)));
    }

    // For a server.

    /** The server's settings with the limits of this endpoint. */
    HttpSettings settings(HttpSettings server) {
        return limits.apply(server.toBuilder()).build();
    }

    /** The handler of a method, which may be the one that refuses other methods. */
    HttpHandler handler(String method) {
        HttpHandler found = handlers.getOrDefault(ANY, handlers.get(method));
        if (found == null && method.equals("HEAD")) {
            found = handlers.get("GET");
        }
        return found == null ? this::answerOther : found;
    }

    private HttpResponse answerOther(HttpRequest request) {
        HttpResponse response = request.method().equals("OPTIONS")
                ? HttpResponse.empty(204)
                : HttpResponse.text(405, "this method is not allowed here\n");
        Set<String> allowed = new TreeSet<>(handlers.keySet());
        allowed.add("OPTIONS");
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        return response.withHeader("Allow", String.join(", ", allowed));
    }
}
