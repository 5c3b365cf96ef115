package dev.weft.server;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import java.util.Set;
import java.util.TreeSet;

/** A handler that is restricted to some methods. */
final class MethodFilter implements HttpHandler {
    private final HttpHandler handler;
    private final Set<String> methods = new TreeSet<>();
    private final String allow;

    MethodFilter(HttpHandler handler, String... methods) {
        this.handler = handler;
        if (methods.length == 0) {
            throw new IllegalArgumentException("there is no method");
        }
        for (String method : methods) {
            // A method is a token, like a header name.
            Headers.of(method, "");
            this.methods.add(method);
        }
        if (this.methods.contains("GET")) {
            this.methods.add("HEAD");
        }
        Set<String> allowed = new TreeSet<>(this.methods);
        allowed.add("OPTIONS");
        this.allow = String.join(", ", allowed);
    }

    @Override
    public HttpResponse handle(HttpRequest request) throws Exception {
        if (methods.contains(request.method())) {
            return handler.handle(request);
        }
        return request.method().equals("OPTIONS")
                ? HttpResponse.empty(204).withHeader("Allow", allow)
                : HttpResponse.text(405, "this method is not allowed here\n").withHeader("Allow", allow);
    }
}
