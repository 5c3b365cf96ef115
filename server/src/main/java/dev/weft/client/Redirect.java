package dev.weft.client;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.Escape;
import dev.weft.parser.http.Headers;
import java.net.URI;
import java.util.ArrayList;
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
            to = Destination.of(resolved(from.uri(), URI.create(locations.getFirst())));
        } catch (IllegalArgumentException e) {
            throw refused("a redirect to '" + Escape.text(locations.getFirst()) + "'", failure);
        }
        if (from.secure() && !to.secure()) {
            throw refused("a redirect from TLS to none, to " + to, failure);
        }
        return Optional.of(new Redirect(to, to.hasSameOrigin(from) ? headers : withoutSecrets(headers)));
    }

    /**
     * The URI that a reference means (RFC 3986 §5.2.2; {@link URI#resolve} follows an older RFC), without its fragment, which
     * RFC 9110 §10.2.2 allows.
     */
    private static URI resolved(URI base, URI reference) {
        if (reference.isOpaque()) {
            return reference;
        }
        boolean hasAuthority = reference.getScheme() != null || reference.getRawAuthority() != null;
        String scheme = reference.getScheme() != null ? reference.getScheme() : base.getScheme();
        String authority = hasAuthority ? reference.getRawAuthority() : base.getRawAuthority();
        String path = reference.getRawPath();
        String query = reference.getRawQuery();
        if (!hasAuthority && path.isEmpty()) {
            path = base.getRawPath();
            query = query != null ? query : base.getRawQuery();
        } else if (!hasAuthority && !path.startsWith("/")) {
            // §5.2.3
            path = base.getRawPath().isEmpty()
                    ? "/" + path
                    : base.getRawPath().substring(0, base.getRawPath().lastIndexOf('/') + 1) + path;
        }
        return URI.create(scheme + ":" + (authority == null ? "" : "//" + authority) + withoutDotSegments(path)
                + (query == null ? "" : "?" + query));
    }

    /** RFC 3986 §5.2.4, for a path that is empty or begins with '/'. */
    private static String withoutDotSegments(String path) {
        if (path.isEmpty()) {
            return path;
        }
        List<String> kept = new ArrayList<>();
        boolean endsOpen = false;
        for (String segment : path.substring(1).split("/", -1)) {
            endsOpen = segment.equals(".") || segment.equals("..");
            if (!endsOpen) {
                kept.add(segment);
            } else if (segment.equals("..") && !kept.isEmpty()) {
                kept.removeLast();
            }
        }
        if (endsOpen) {
            kept.add("");
        }
        return "/" + String.join("/", kept);
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
