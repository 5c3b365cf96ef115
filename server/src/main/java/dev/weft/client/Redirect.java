package dev.weft.client;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.Escape;
import dev.weft.parser.http.Headers;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The destination of a redirect (RFC 9110 §15.4), and the headers of the next request: credentials and cookies are sent only to
 * the origin that they were meant for.
 *
 * @param destination the new destination
 * @param headers     the headers of the next request
 */
record Redirect(Destination destination, Headers headers) {
    private static final Set<Integer> STATUSES = Set.of(301, 302, 303, 307, 308);
    private static final Set<String> SECRETS = Set.of("authorization", "cookie", "cookie2", "proxy-authorization");

    /**
     * The redirect in this failure's response.
     *
     * @param from    the destination of the request
     * @param headers the headers of the request
     * @return empty if the response is not a redirect
     * @throws WebSocketConnectException if it must not be followed, because it is not to a WebSocket URI, or leads from TLS to
     *     an unencrypted connection
     */
    static Optional<Redirect> of(WebSocketConnectException failure, Destination from, Headers headers)
            throws WebSocketConnectException {
        FailedResponse response = failure.response().orElse(null);
        if (response == null || failure.step() != Step.HANDSHAKE || !STATUSES.contains(response.status())) {
            return Optional.empty();
        }
        List<String> locations = response.headers().all("Location");
        if (locations.size() != 1) {
            throw refused("a redirect without exactly one Location", failure);
        }
        Destination to;
        try {
            to = Destination.of(from.uri().resolve(URI.create(locations.getFirst())));
        } catch (IllegalArgumentException e) {
            throw refused("a redirect to '" + Escape.text(locations.getFirst()) + "'", failure);
        }
        if (from.secure() && !to.secure()) {
            throw refused("a redirect from TLS to none, to " + to, failure);
        }
        return Optional.of(new Redirect(to, to.hasSameOrigin(from) ? headers : withoutSecrets(headers)));
    }

    static WebSocketConnectException refused(String why, WebSocketConnectException failure) {
        return new WebSocketConnectException(Step.HANDSHAKE, why, failure, failure.response().orElse(null));
    }

    private static Headers withoutSecrets(Headers headers) {
        Headers.Builder left = Headers.builder();
        headers.forEach((name, value) -> {
            if (!SECRETS.contains(name.toLowerCase(Locale.ROOT))) {
                left.add(name, value);
            }
        });
        return left.build();
    }
}
