package dev.weft.server;

import dev.weft.HandshakeRequest;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Decides which handshakes are accepted.
 * {@snippet class = "dev.weft.server.Snippets" region = "policy"}
 */
@FunctionalInterface
public interface HandshakePolicy {
    /**
     * Decides about one handshake, on the connection's virtual thread, which may block. What it throws becomes a 500.
     *
     * @param request valid as far as the protocol goes
     */
    HandshakeDecision decide(HandshakeRequest request) throws Exception;

    /**
     * Asks the next policy about what this one accepts. If both accept, nothing that either said is lost, see
     * {@link HandshakeDecision.Accept#merge}.
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
     * Accepts browsers whose page came from the same host and port as the request goes to, and all that is no browser:
     * without it, any page on the web could use its visitors' cookies here (RFC 6455 §10.2). A request that came by TLS
     * must be of an https page. The default.
     * <p>
     * A page whose name an attacker has made to resolve to this server (DNS rebinding) is of the same origin: where being
     * reachable is all that protects a service, as on 127.0.0.1, combine this with {@link #hosts}.
     */
    static HandshakePolicy sameOrigin() {
        return request -> Origin.isAbsentOr(request,
                value -> Origin.parse(value).filter(origin -> origin.isOf(request)).isPresent())
                        ? HandshakeDecision.accept()
                        : OriginRule.foreign();
    }

    /**
     * Accepts browsers whose page came from one of these origins, and all that is no browser. A value of the
     * {@code Origin} header is compared as a whole: scheme, host and port, without regard to case. An entry is one of
     * <ul>
     * <li>an origin of http or https, such as {@code https://example.com} or {@code http://localhost:8080}; without a port
     * it has the scheme's;
     * <li>the subdomains of a name, at any depth, such as {@code https://*.example.com}: not {@code https://example.com}
     * itself, and only at that port;
     * <li>an origin of another scheme, as apps and extensions have it: {@code capacitor://localhost},
     * {@code chrome-extension://abc}, {@code app://x}, {@code file://};
     * <li>{@code null}, which sandboxed frames, data URLs and, in some browsers, files have. Any page on the web can make
     * itself such a frame: allow it only where {@link #anyOrigin} would do too.
     * </ul>
     *
     * @throws IllegalArgumentException if one is not an origin
     */
    static HandshakePolicy origins(Collection<String> allowed) {
        List<OriginRule> rules = allowed.stream().map(OriginRule::require).toList();
        return request -> Origin.isAbsentOr(request, value -> rules.stream().anyMatch(rule -> rule.allows(value)))
                ? HandshakeDecision.accept()
                : OriginRule.foreign();
    }

    /**
     * Accepts clients that mean to talk to one of these hosts, and rejects others with 421 (RFC 9110 §15.5.20): the
     * protection against DNS rebinding, by which a page that is open in a browser next to the server makes its own name
     * resolve to 127.0.0.1 and becomes of the same origin. What counts is {@link HandshakeRequest#host()}.
     *
     * @param allowed names or addresses as a client writes them, such as {@code example.com}, {@code 127.0.0.1},
     *                {@code [::1]}, or {@code *.example.com} for all subdomains. With a port ({@code localhost:9001}) only
     *                that one; without one, any. A client that names no port means 80 or 443
     * @throws IllegalArgumentException if one is not a host with an optional port, or there is none
     */
    static HandshakePolicy hosts(Collection<String> allowed) {
        HostList list = new HostList(allowed);
        return request -> request.host().filter(list::contains).isPresent()
                ? HandshakeDecision.accept()
                : new HandshakeDecision.Reject(HostList.UNKNOWN_HOST, RefusalReason.UNKNOWN_HOST);
    }

    /** Accepts every handshake: for services that no cookie, client certificate or place in a network opens. */
    static HandshakePolicy anyOrigin() {
        return request -> HandshakeDecision.accept();
    }
}
