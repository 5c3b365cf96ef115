package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.internal.Bounds;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Decides which handshakes are accepted.
 * {@snippet class = "dev.weft.server.Snippets" region = "policy"}
 */
@FunctionalInterface
public interface HandshakePolicy {
    /**
     * Decides about one handshake, on the connection's own thread. That thread is virtual unless the server has other
     * {@link WebSocketServerBuilder#threads}, and may block. It is interrupted after the {@code policyTimeout}, or if
     * the peer disconnects. If this method throws an exception, the response is a 500.
     *
     * @param request valid according to the protocol
     */
    HandshakeDecision decide(HandshakeRequest request) throws Exception;

    /**
     * Returns a policy that calls the next policy for each handshake that this one accepts. If both accept, their
     * decisions are combined; see {@link HandshakeDecision.Accept#merge}.
     */
    default HandshakePolicy and(HandshakePolicy next) {
        Objects.requireNonNull(next, "next");
        return request -> {
            HandshakeDecision first = decide(request);
            if (!(first instanceof HandshakeDecision.Accept accept)) {
                return first;
            }
            HandshakeDecision second = next.decide(request);
            return second instanceof HandshakeDecision.Accept later ? accept.merge(later) : second;
        };
    }

    /**
     * Accepts requests whose user is known, and attaches the user to the connection: {@link
     * dev.weft.WebSocketConnection#attachment} returns it. {@snippet class = "dev.weft.docs.Guides" region = "query"}
     *
     * @param user      finds the user of a request; must be thread-safe, and may block; if it throws an exception, the response is
     *                  a 500
     * @param otherwise the decision about other requests
     */
    static <T> HandshakePolicy authenticate(Function<HandshakeRequest, Optional<T>> user,
            HandshakeDecision.Reject otherwise) {
        return authenticate(user, found -> HandshakeDecision.accept().withAttachment(found), otherwise);
    }

    /**
     * Accepts requests whose user is known, otherwise as {@link #authenticate(Function, HandshakeDecision.Reject)}.
     *
     * @param accept the decision about the request of a user, for example with a time of expiry
     */
    static <T> HandshakePolicy authenticate(Function<HandshakeRequest, Optional<T>> user,
            Function<? super T, HandshakeDecision.Accept> accept, HandshakeDecision.Reject otherwise) {
        Objects.requireNonNull(user, "user");
        Objects.requireNonNull(accept, "accept");
        Objects.requireNonNull(otherwise, "otherwise");
        return request -> {
            Optional<T> found = user.apply(request);
            return found.isPresent() ? accept.apply(found.get()) : otherwise;
        };
    }

    /**
     * Accepts requests for which the condition holds, and rejects others.
     *
     * @param condition must be thread-safe; if it throws an exception, the response is a 500
     * @param status    of the response to other requests, such as 403; for 401, which needs a header, return
     *                  {@linkplain HandshakeDecision.Reject#withHeader a decision} instead
     * @param text      the body of that response, for people to read
     * @throws IllegalArgumentException if the status is not that of a refusal: 300 to 599
     */
    static HandshakePolicy require(Predicate<HandshakeRequest> condition, int status, String text) {
        Objects.requireNonNull(condition, "condition");
        Bounds.check("status", status, 300, 599);
        HandshakeDecision refusal = HandshakeDecision.reject(status, text);
        return request -> condition.test(request) ? HandshakeDecision.accept() : refusal;
    }

    /**
     * Accepts browsers whose page has the same host and port as the request, and all clients that are not browsers.
     * Without this check, any page on the web could use its visitors' cookies here (RFC 6455 §10.2). If the request was
     * received over TLS, the page must be an https page. This is the default.
     * <p>
     * If an attacker makes a name resolve to this server (DNS rebinding), a page with that name has the same origin. If
     * a service is protected only because other machines cannot reach it, as on 127.0.0.1, combine this policy with
     * {@link #hosts}.
     */
    static HandshakePolicy sameOrigin() {
        return request -> Origin.isAbsentOrOf(request.headers(), request.host(), request.tlsSession().isPresent())
                ? HandshakeDecision.accept()
                : OriginRule.foreign();
    }

    /**
     * Accepts browsers whose page has one of these origins, and all clients that are not browsers. The value of the
     * {@code Origin} header is compared as a whole: scheme, host and port, ignoring case. An entry is one of
     * <ul>
     * <li>an origin of http or https, such as {@code https://example.com} or {@code http://localhost:8080}; without a
     * port, it has the default port of the scheme;
     * <li>the subdomains of a name, at any depth, such as {@code https://*.example.com}: not
     * {@code https://example.com} itself, and only with the port of the entry;
     * <li>an origin with another scheme, as used by apps and extensions: {@code capacitor://localhost}, {@code
     * chrome-extension://abc}, {@code app://x}, {@code file://};
     * <li>{@code null}, the origin of sandboxed frames, data URLs and, in some browsers, files. Any page on the web can
     * create such a frame: allow it only where {@link #anyOrigin} would be acceptable too.
     * </ul>
     *
     * @throws IllegalArgumentException if one is not an origin
     */
    static HandshakePolicy origins(Collection<String> allowed) {
        List<OriginRule> rules = allowed.stream().map(OriginRule::require).toList();
        return request -> Origin.isAbsentOr(request.headers(),
                value -> rules.stream().anyMatch(rule -> rule.allows(value)))
                        ? HandshakeDecision.accept()
                        : OriginRule.foreign();
    }

    /**
     * Accepts requests that are addressed to one of these hosts, and rejects others with 421 (RFC 9110 §15.5.20). This
     * protects against DNS rebinding, in which a page in a browser on the same machine makes its own name resolve to
     * 127.0.0.1 and thereby gets the same origin. The host is that of {@link HandshakeRequest#host()}.
     *
     * @param allowed names or addresses as a client writes them, such as {@code example.com}, {@code 127.0.0.1}, {@code
     *                [::1]}, or {@code *.example.com} for all subdomains. An entry with a port ({@code localhost:9001})
     *                allows only that port; an entry without a port allows any. If the client names no port, 80 or 443 is
     *                meant
     * @throws IllegalArgumentException if one is not a host with an optional port, or there is none
     */
    static HandshakePolicy hosts(Collection<String> allowed) {
        HostList list = new HostList(allowed);
        return request -> request.host().filter(list::contains).isPresent()
                ? HandshakeDecision.accept()
                : new HandshakeDecision.Reject(HostList.UNKNOWN_HOST, RefusalReason.UNKNOWN_HOST);
    }

    /**
     * Accepts every handshake. Use this only if neither a cookie, nor a client certificate, nor a position in a network
     * gives access to the service.
     */
    static HandshakePolicy anyOrigin() {
        return request -> HandshakeDecision.accept();
    }
}
