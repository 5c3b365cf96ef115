package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.internal.Escape;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.Headers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * What serves the connections of one path: a handler, with settings of its own. What an endpoint does not set comes from
 * the server.
 * {@snippet class = "dev.weft.server.Snippets" region = "endpoints"}
 * Immutable: each method that sets something returns a copy. A value out of bounds is refused at once by an
 * {@link IllegalArgumentException} that names the setting, the value and the bounds.
 */
public final class Endpoint {
    /** What was set; changed only before an endpoint has it. */
    private static final class Values {
        private Optional<HandshakePolicy> policy = Optional.empty();
        private Optional<Duration> policyTimeout = Optional.empty();
        private Optional<List<String>> subprotocols = Optional.empty();
        private UnaryOperator<ConnectionLimits> limits = UnaryOperator.identity();
        private UnaryOperator<ConnectionTimeouts> timeouts = UnaryOperator.identity();
        private UnaryOperator<Optional<DeflateSettings>> deflate = UnaryOperator.identity();
        private boolean keepsHeaders;

        private Values() {}

        private Values(Values other) {
            this.policy = other.policy;
            this.policyTimeout = other.policyTimeout;
            this.subprotocols = other.subprotocols;
            this.limits = other.limits;
            this.timeouts = other.timeouts;
            this.deflate = other.deflate;
            this.keepsHeaders = other.keepsHeaders;
        }
    }

    private final WebSocketHandler handler;
    private final Values values;

    private Endpoint(WebSocketHandler handler, Values values) {
        this.handler = handler;
        this.values = values;
    }

    /** An endpoint with this handler and the server's settings. */
    public static Endpoint of(WebSocketHandler handler) {
        return new Endpoint(Objects.requireNonNull(handler, "handler"), new Values());
    }

    private Endpoint with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new Endpoint(handler, changed);
    }

    private Endpoint withLimits(UnaryOperator<ConnectionLimits> change) {
        change.apply(ConnectionLimits.DEFAULT);
        UnaryOperator<ConnectionLimits> before = values.limits;
        return with(changed -> changed.limits = limits -> change.apply(before.apply(limits)));
    }

    private Endpoint withTimeouts(UnaryOperator<ConnectionTimeouts> change) {
        change.apply(ConnectionTimeouts.DEFAULT);
        UnaryOperator<ConnectionTimeouts> before = values.timeouts;
        return with(changed -> changed.timeouts = timeouts -> change.apply(before.apply(timeouts)));
    }

    /** Sets which handshakes are accepted, instead of the server's policy. */
    public Endpoint policy(HandshakePolicy policy) {
        Objects.requireNonNull(policy, "policy");
        return with(changed -> changed.policy = Optional.of(policy));
    }

    /** Sets how long the policy may take to decide, as {@link WebSocketServerBuilder#policyTimeout}: 1 ms to 20 days. */
    public Endpoint policyTimeout(Duration policyTimeout) {
        Bounds.check("policyTimeout", policyTimeout, ServerConfiguration.SHORTEST_TIMEOUT,
                ServerConfiguration.LONGEST_TIMEOUT);
        return with(changed -> changed.policyTimeout = Optional.of(policyTimeout));
    }

    /**
     * Sets what this endpoint speaks, instead of the server's subprotocols; the first of a client's that is among these is
     * chosen. None if there are no arguments.
     *
     * @throws IllegalArgumentException if one is not a token (RFC 6455 §4.1)
     */
    public Endpoint subprotocols(String... subprotocols) {
        List<String> copy = List.of(subprotocols);
        requireTokens(copy);
        return with(changed -> changed.subprotocols = Optional.of(copy));
    }

    /** A header's name is a token, and so is a subprotocol (§4.1). */
    static void requireTokens(List<String> subprotocols) {
        for (String subprotocol : subprotocols) {
            try {
                Headers.of(subprotocol, "");
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("subprotocol '" + Escape.text(subprotocol) + "' is not a token", e);
            }
        }
    }

    /** Sets {@link ConnectionLimits#maxMessageSize()}, in bytes. */
    public Endpoint maxMessageSize(int size) {
        return withLimits(limits -> limits.maxMessageSize(size));
    }

    /** Sets {@link ConnectionLimits#maxStreamedMessageSize()}, in bytes. */
    public Endpoint maxStreamedMessageSize(long size) {
        return withLimits(limits -> limits.maxStreamedMessageSize(size));
    }

    /** Sets {@link ConnectionLimits#maxFramesPerMessage()}. */
    public Endpoint maxFramesPerMessage(int count) {
        return withLimits(limits -> limits.maxFramesPerMessage(count));
    }

    /** Sets {@link ConnectionLimits#maxQueuedSize()}, in bytes. */
    public Endpoint maxQueuedSize(int size) {
        return withLimits(limits -> limits.maxQueuedSize(size));
    }

    /** Sets {@link ConnectionLimits#readAheadSize()}, in bytes. */
    public Endpoint readAheadSize(int size) {
        return withLimits(limits -> limits.readAheadSize(size));
    }

    /** Sets {@link ConnectionTimeouts#pingInterval()}. */
    public Endpoint pingInterval(Duration time) {
        return withTimeouts(timeouts -> timeouts.pingInterval(time));
    }

    /** Sets {@link ConnectionTimeouts#pongTimeout()}. */
    public Endpoint pongTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.pongTimeout(time));
    }

    /** Sets {@link ConnectionTimeouts#messageTimeout()}. */
    public Endpoint messageTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.messageTimeout(time));
    }

    /** Sets {@link ConnectionTimeouts#writeTimeout()}. */
    public Endpoint writeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.writeTimeout(time));
    }

    /** Sets {@link ConnectionTimeouts#streamTimeout()}. */
    public Endpoint streamTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.streamTimeout(time));
    }

    /** Sets {@link ConnectionTimeouts#closeTimeout()}. */
    public Endpoint closeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.closeTimeout(time));
    }

    /** Sets how this endpoint takes part in permessage-deflate, even if the server declines it otherwise. */
    public Endpoint deflate(DeflateSettings deflate) {
        Objects.requireNonNull(deflate, "deflate");
        return with(changed -> changed.deflate = server -> Optional.of(deflate));
    }

    /** Declines permessage-deflate at this endpoint: messages are never compressed. */
    public Endpoint noDeflate() {
        return with(changed -> changed.deflate = server -> Optional.empty());
    }

    /**
     * Keeps the headers of the handshake for as long as the connection lasts, for {@link
     * dev.weft.WebSocketConnection#request()}: some KiB for each connection of a browser. Default: they are dropped when the
     * policy has decided.
     */
    public Endpoint keepHeaders() {
        return with(changed -> changed.keepsHeaders = true);
    }

    // What the endpoint has, for a server.

    WebSocketHandler handler() {
        return handler;
    }

    HandshakePolicy policyOr(HandshakePolicy server) {
        return values.policy.orElse(server);
    }

    Duration policyTimeoutOr(Duration server) {
        return values.policyTimeout.orElse(server);
    }

    List<String> subprotocolsOr(List<String> server) {
        return values.subprotocols.orElse(server);
    }

    ConnectionLimits limits(ConnectionLimits server) {
        return values.limits.apply(server);
    }

    ConnectionTimeouts timeouts(ConnectionTimeouts server) {
        return values.timeouts.apply(server);
    }

    Optional<DeflateSettings> deflateOr(Optional<DeflateSettings> server) {
        return values.deflate.apply(server);
    }

    boolean keepsHeaders() {
        return values.keepsHeaders;
    }
}
