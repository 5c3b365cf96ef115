package dev.weft.server;

import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

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

    /** Asks the next policy about what this one accepts. The next one's acceptance counts. */
    default HandshakePolicy and(HandshakePolicy next) {
        return request -> {
            HandshakeDecision decision = decide(request);
            return decision instanceof HandshakeDecision.Reject ? decision : next.decide(request);
        };
    }

    /**
     * Accepts browsers whose page came from the same host and port as the request goes to, and all that is no browser:
     * without it, any page on the web could use its visitors' cookies here (RFC 6455 §10.2). A request that came by TLS
     * must be of an https page. The default.
     */
    static HandshakePolicy sameOrigin() {
        return request -> Origin.isAbsentOr(request, origin -> origin.isOf(request))
                ? HandshakeDecision.accept()
                : HandshakeDecision.reject(403, "foreign origin");
    }

    /**
     * Accepts browsers whose page came from one of these origins, and all that is no browser.
     *
     * @param allowed such as {@code https://example.com} or {@code http://localhost:8080}
     * @throws IllegalArgumentException if one is not an origin of http or https
     */
    static HandshakePolicy origins(Collection<String> allowed) {
        Set<Origin> origins = allowed.stream().map(Origin::require).collect(Collectors.toUnmodifiableSet());
        return request -> Origin.isAbsentOr(request, origins::contains)
                ? HandshakeDecision.accept()
                : HandshakeDecision.reject(403, "foreign origin");
    }

    /** Accepts every handshake: for services that no cookie, client certificate or place in a network opens. */
    static HandshakePolicy anyOrigin() {
        return request -> HandshakeDecision.accept();
    }
}
