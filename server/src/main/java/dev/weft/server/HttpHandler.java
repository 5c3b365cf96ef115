package dev.weft.server;

import dev.weft.parser.http.HttpResponse;

/** Answers plain HTTP requests, those that are no opening handshakes. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Answers a request of any method, on the connection's virtual thread; several connections call it at the same time. To a
     * HEAD request answer as to a GET: the server sends the head alone. What this throws becomes a 500, and is logged; but a
     * failure of the request's body, such as one that is too large, is answered with the status for it. The server adds {@code
     * Date} if the response has none, and what frames the body.
     * <p>
     * A handler that takes longer than {@link HttpSettings#handlerTimeout()} is interrupted, and the client gets 503. So is one
     * whose client has gone, if the request has no body.
     *
     * @return the response; its body, if streamed, is written on the same thread afterwards
     */
    HttpResponse handle(HttpRequest request) throws Exception;

    /**
     * This handler for these methods only. A request of another one gets 405 with {@code Allow} (RFC 9110 §15.5.6), an
     * OPTIONS request 204 with {@code Allow}, unless the handler has that method itself. With GET there is HEAD too.
     *
     * @throws IllegalArgumentException if there is no method, or one is not a token
     */
    default HttpHandler forMethods(String... methods) {
        return new MethodFilter(this, methods);
    }
}
