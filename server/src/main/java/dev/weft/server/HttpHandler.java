package dev.weft.server;

import dev.weft.parser.http.HttpResponse;

/** Answers plain HTTP requests, that is, requests that are not opening handshakes. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Answers a request with any method, on the connection's own thread; several connections call it at the same
     * time. Answer a HEAD request like a GET request: the server sends only the head. If this method throws an
     * exception, the response is a 500, and the exception is logged. However, if reading the request's body failed, for
     * example because the body is too large, the response has the status for that failure. The server adds {@code Date}
     * if the response has none, and the header fields that frame the body.
     * <p>
     * A handler that takes longer than {@link HttpSettings#handlerTimeout()} is interrupted, and the client gets 503. A
     * handler is also interrupted if its client has disconnected and the request has no body.
     *
     * @return the response; if its body is streamed, it is written afterwards on the same thread
     */
    HttpResponse handle(HttpRequest request) throws Exception;
}
