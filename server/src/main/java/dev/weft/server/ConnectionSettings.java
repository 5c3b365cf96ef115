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

/**
 * The settings of connections, which a server has, and which an {@link Endpoint} may have otherwise. Each method returns what
 * it is called on, if that is a {@link WebSocketServerBuilder}; an endpoint is immutable, and returns a copy. A value out of
 * bounds is refused when it is set, by an {@link IllegalArgumentException} that names the setting, the value and the bounds.
 *
 * @param <S> what the methods return
 */
public abstract sealed class ConnectionSettings<S extends ConnectionSettings<S>>
        permits WebSocketServerBuilder, Endpoint {
    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(20);

    /** What was set, and nothing else; of a server, everything, since it begins with the defaults. */
    static final class Values {
        Optional<HandshakePolicy> policy = Optional.empty();
        Optional<Duration> policyTimeout = Optional.empty();
        Optional<List<String>> subprotocols = Optional.empty();
        /** Empty inside if messages are never compressed. */
        Optional<Optional<DeflateSettings>> deflate = Optional.empty();
        SocketSettings sockets = SocketSettings.UNSET;
        private Consumer<ConnectionLimits.Builder> limits = builder -> {};
        private Consumer<ConnectionTimeouts.Builder> timeouts = builder -> {};

        Values() {}

        static Values defaults() {
            Values defaults = new Values();
            defaults.policy = Optional.of(HandshakePolicy.sameOrigin());
            defaults.policyTimeout = Optional.of(Duration.ofSeconds(10));
            defaults.subprotocols = Optional.of(List.of());
            defaults.deflate = Optional.of(Optional.of(DeflateSettings.DEFAULT));
            defaults.sockets = SocketSettings.UNSET.withTcpNoDelay(true).withKeepAlive(false);
            return defaults;
        }

        Values(Values other) {
            this.policy = other.policy;
            this.policyTimeout = other.policyTimeout;
            this.subprotocols = other.subprotocols;
            this.deflate = other.deflate;
            this.sockets = other.sockets;
            this.limits = other.limits;
            this.timeouts = other.timeouts;
        }

        /** These limits, but for those that were set. */
        ConnectionLimits limits(ConnectionLimits others) {
            ConnectionLimits.Builder builder = others.toBuilder();
            limits.accept(builder);
            return builder.build();
        }

        /** These timeouts, but for those that were set. */
        ConnectionTimeouts timeouts(ConnectionTimeouts others) {
            ConnectionTimeouts.Builder builder = others.toBuilder();
            timeouts.accept(builder);
            return builder.build();
        }
    }

    ConnectionSettings() {}

    /** Makes a change. */
    abstract S with(Consumer<Values> change);

    private S withLimits(Consumer<ConnectionLimits.Builder> change) {
        change.accept(ConnectionLimits.builder());
        return with(values -> values.limits = values.limits.andThen(change));
    }

    private S withTimeouts(Consumer<ConnectionTimeouts.Builder> change) {
        change.accept(ConnectionTimeouts.builder());
        return with(values -> values.timeouts = values.timeouts.andThen(change));
    }

    /** Sets which handshakes are accepted. Default {@link HandshakePolicy#sameOrigin()}. */
    public S policy(HandshakePolicy policy) {
        Objects.requireNonNull(policy, "policy");
        return with(values -> values.policy = Optional.of(policy));
    }

    /**
     * Sets how long the policy may take to decide about a handshake: 1 ms to 20 days. Default 10 s. After that,
     * or as soon as the peer has gone, its thread is interrupted; a peer that is still there gets 503. The connection stays open
     * counting until the policy returns.
     */
    public S policyTimeout(Duration policyTimeout) {
        Bounds.check("policyTimeout", policyTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        return with(values -> values.policyTimeout = Optional.of(policyTimeout));
    }

    /**
     * Sets which subprotocols are spoken; the first of a client's that is among these is chosen. Default none, as without
     * arguments.
     *
     * @throws IllegalArgumentException if one is not a token (RFC 6455 §4.1)
     */
    public S subprotocols(String... subprotocols) {
        List<String> copy = List.of(subprotocols);
        copy.forEach(ConnectionSettings::requireToken);
        return with(values -> values.subprotocols = Optional.of(copy));
    }

    /** A header's name is a token, and so is a subprotocol (§4.1). */
    private static void requireToken(String subprotocol) {
        try {
            Headers.of(subprotocol, "");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("subprotocol '" + Escape.text(subprotocol) + "' is not a token", e);
        }
    }

    /**
     * Sets the most bytes of a message that is received whole or as a view: 1 to 2,147,483,639. Default 1 MiB.
     *
     * @see ConnectionLimits#maxMessageSize()
     */
    public S maxMessageSize(int size) {
        return withLimits(limits -> limits.maxMessageSize(size));
    }

    /** Sets the most bytes of a message that is received as a stream, at least 1. Default 1 TiB; it costs no memory. */
    public S maxStreamedMessageSize(long size) {
        return withLimits(limits -> limits.maxStreamedMessageSize(size));
    }

    /** Sets the most frames that a message may be cut into, at least 1. Default 131,072. */
    public S maxFramesPerMessage(int count) {
        return withLimits(limits -> limits.maxFramesPerMessage(count));
    }

    /**
     * Sets the most bytes of messages that may wait for one peer to read, after
     * {@link dev.weft.WebSocketConnection#trySend(String)}. Default 1 MiB; with 0, one message.
     *
     * @see ConnectionLimits#maxQueuedSize()
     */
    public S maxQueuedSize(int size) {
        return withLimits(limits -> limits.maxQueuedSize(size));
    }

    /**
     * Sets the most bytes of a connection that are read while its handler does something else, so that pings and Close frames
     * among them are answered: 128 bytes to 16 MiB. Default as the server's {@code readBufferSize}. Counts against its {@code
     * maxBufferedSize}; if these are used up, 128 bytes remain.
     */
    public S readAheadSize(int size) {
        return withLimits(limits -> limits.readAheadSize(size));
    }

    /** Sets after how much silence a ping is sent: 1 ms to 20 days. Default 20 s. */
    public S pingInterval(Duration time) {
        return withTimeouts(timeouts -> timeouts.pingInterval(time));
    }

    /** Sets after how much silence since a ping the connection is aborted: 1 ms to 20 days. Default 20 s. */
    public S pongTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.pongTimeout(time));
    }

    /**
     * Sets how long a message may take from its first byte to its last, or, if it is received as a stream, from a read to
     * the bytes for it; a slower peer is closed with 1008: 1 ms to 20 days. Default 60 s.
     */
    public S messageTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.messageTimeout(time));
    }

    /** Sets how long the network may take no byte of what waits to be written: 1 ms to 20 days. Default 20 s. */
    public S writeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.writeTimeout(time));
    }

    /**
     * Sets how long an outgoing stream may go without a write while another message waits for its end, 1 ms to 20 days; then
     * the connection fails with 1011. Default 60 s.
     */
    public S streamTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.streamTimeout(time));
    }

    /** Sets how long the closing handshake and the end of the peer's bytes may take: 1 ms to 20 days. Default 5 s. */
    public S closeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.closeTimeout(time));
    }

    /** Sets {@link ConnectionTimeouts#handshakeTimeout()}: of the server alone, since it begins before there is a path. */
    S withHandshakeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.handshakeTimeout(time));
    }

    /** Sets whether small writes leave at once (TCP_NODELAY). Default true. An endpoint's holds after the handshake. */
    public S tcpNoDelay(boolean tcpNoDelay) {
        return with(values -> values.sockets = values.sockets.withTcpNoDelay(tcpNoDelay));
    }

    /**
     * Sets whether the system looks after dead peers too (SO_KEEPALIVE). Default false: pings do so sooner. An endpoint's holds
     * after the handshake.
     */
    public S keepAlive(boolean keepAlive) {
        return with(values -> values.sockets = values.sockets.withKeepAlive(keepAlive));
    }

    /**
     * Sets the bytes of the system's receive buffer (SO_RCVBUF), at least 1. Default: left to the system. An endpoint's holds
     * after the handshake. That cannot enlarge the window scale of TCP (RFC 7323 §2.2), which is fixed when the connection is
     * made, and depends on the server's setting: to receive faster over a long distance, set that.
     */
    public S receiveBufferSize(int size) {
        Bounds.check("receiveBufferSize", size, 1, Integer.MAX_VALUE);
        return with(values -> values.sockets = values.sockets.withReceiveBufferSize(size));
    }

    /**
     * Sets the bytes of the system's send buffer (SO_SNDBUF), at least 1. Default: left to the system. An endpoint's holds
     * after the handshake.
     */
    public S sendBufferSize(int size) {
        Bounds.check("sendBufferSize", size, 1, Integer.MAX_VALUE);
        return with(values -> values.sockets = values.sockets.withSendBufferSize(size));
    }

    /**
     * Sets how permessage-deflate (RFC 7692) is used. Default {@link DeflateSettings#DEFAULT}: clients that offer it, as
     * browsers do, save bytes; a connection that waits keeps at most a few KiB for it, and none of zlib's state.
     */
    public S deflate(DeflateSettings deflate) {
        Objects.requireNonNull(deflate, "deflate");
        return with(values -> values.deflate = Optional.of(Optional.of(deflate)));
    }

    /** Declines permessage-deflate: messages are never compressed. */
    public S noDeflate() {
        return with(values -> values.deflate = Optional.of(Optional.empty()));
    }
}
