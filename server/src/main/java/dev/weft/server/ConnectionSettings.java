package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.OverflowPolicy;
import dev.weft.RateLimits;
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
 * The settings of connections. A server has them, and an {@link Endpoint} can override them. On a {@link
 * WebSocketServerBuilder}, each method changes the builder and returns it. An endpoint is immutable: each method
 * returns a copy. A method that is given a value out of bounds throws an {@link IllegalArgumentException} that names
 * the setting, the value and the bounds.
 *
 * @param <S> the type that the methods return
 */
public abstract sealed class ConnectionSettings<S extends ConnectionSettings<S>>
        permits ListeningSettings, Endpoint {
    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(20);

    /**
     * The settings that were made, and no others. Those of a server are complete, since a server begins with the
     * defaults.
     */
    static final class Values {
        Optional<HandshakePolicy> policy = Optional.empty();
        Optional<Duration> policyTimeout = Optional.empty();
        Optional<Duration> maxLifetime = Optional.empty();
        Optional<RateLimits> rateLimits = Optional.empty();
        Optional<List<String>> subprotocols = Optional.empty();
        /** The inner value is empty if messages are never compressed. */
        Optional<Optional<DeflateSettings>> deflate = Optional.empty();
        SocketSettings sockets = SocketSettings.UNSET;
        private Consumer<ConnectionLimits.Builder> limits = builder -> {};
        private Consumer<ConnectionTimeouts.Builder> timeouts = builder -> {};

        Values() {}

        static Values defaults() {
            Values defaults = new Values();
            defaults.policy = Optional.of(HandshakePolicy.sameOrigin());
            defaults.policyTimeout = Optional.of(Duration.ofSeconds(10));
            defaults.rateLimits = Optional.of(RateLimits.NONE);
            defaults.subprotocols = Optional.of(List.of());
            defaults.deflate = Optional.of(Optional.of(DeflateSettings.DEFAULT));
            defaults.sockets = SocketSettings.UNSET.withTcpNoDelay(true).withKeepAlive(false);
            return defaults;
        }

        Values(Values other) {
            this.policy = other.policy;
            this.policyTimeout = other.policyTimeout;
            this.maxLifetime = other.maxLifetime;
            this.rateLimits = other.rateLimits;
            this.subprotocols = other.subprotocols;
            this.deflate = other.deflate;
            this.sockets = other.sockets;
            this.limits = other.limits;
            this.timeouts = other.timeouts;
        }

        /** The given limits, overridden by those that were set. */
        ConnectionLimits limits(ConnectionLimits others) {
            ConnectionLimits.Builder builder = others.toBuilder();
            limits.accept(builder);
            return builder.build();
        }

        /** The given timeouts, overridden by those that were set. */
        ConnectionTimeouts timeouts(ConnectionTimeouts others) {
            ConnectionTimeouts.Builder builder = others.toBuilder();
            timeouts.accept(builder);
            return builder.build();
        }
    }

    ConnectionSettings() {}

    /** Applies a change. */
    abstract S with(Consumer<Values> change);

    private S withLimits(Consumer<ConnectionLimits.Builder> change) {
        change.accept(ConnectionLimits.builder());
        return with(values -> values.limits = values.limits.andThen(change));
    }

    private S withTimeouts(Consumer<ConnectionTimeouts.Builder> change) {
        change.accept(ConnectionTimeouts.builder());
        return with(values -> values.timeouts = values.timeouts.andThen(change));
    }

    /** Sets the policy that decides which handshakes are accepted. Default {@link HandshakePolicy#sameOrigin()}. */
    public S policy(HandshakePolicy policy) {
        Objects.requireNonNull(policy, "policy");
        return with(values -> values.policy = Optional.of(policy));
    }

    /**
     * Sets how long the policy may take to decide about a handshake: 1 ms to 20 days. Default 10 s. After that, or as
     * soon as the peer has disconnected, the policy's thread is interrupted; a peer that is still connected gets 503.
     * The connection counts as open until the policy returns.
     */
    public S policyTimeout(Duration policyTimeout) {
        Bounds.check("policyTimeout", policyTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        return with(values -> values.policyTimeout = Optional.of(policyTimeout));
    }

    /**
     * Sets the maximum time that a connection may last, from its handshake on: 1 ms to 20 days. It is then closed with 1001.
     * Default: forever. For the time until an authorization expires, see {@link HandshakeDecision.Accept#withExpiresAt}.
     */
    public S maxLifetime(Duration maxLifetime) {
        Bounds.check("maxLifetime", maxLifetime, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        return with(values -> values.maxLifetime = Optional.of(maxLifetime));
    }

    /**
     * Sets the rates of each connection. Default {@link RateLimits#NONE}. Those of an endpoint apply after the
     * handshake.
     *
     * @throws IllegalArgumentException if handshakes are limited
     */
    public S rateLimits(RateLimits rateLimits) {
        ClientLimits.requireNoHandshakes(rateLimits);
        return with(values -> values.rateLimits = Optional.of(rateLimits));
    }

    /**
     * Sets the supported subprotocols. The first subprotocol offered by the client that is among them is chosen.
     * Default: none, as if this method was called without arguments.
     *
     * @throws IllegalArgumentException if one is not a token (RFC 6455 §4.1)
     */
    public S subprotocols(String... subprotocols) {
        List<String> copy = List.of(subprotocols);
        copy.forEach(ConnectionSettings::requireToken);
        return with(values -> values.subprotocols = Optional.of(copy));
    }

    /** A header name is a token, and so is a subprotocol (§4.1). */
    private static void requireToken(String subprotocol) {
        try {
            Headers.of(subprotocol, "");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("subprotocol '" + Escape.text(subprotocol) + "' is not a token", e);
        }
    }

    /**
     * Sets the maximum number of bytes in a message that is received whole or as a view: 1 to 2,147,483,639. Default 1
     * MiB.
     *
     * @see ConnectionLimits#maxMessageSize()
     */
    public S maxMessageSize(int size) {
        return withLimits(limits -> limits.maxMessageSize(size));
    }

    /**
     * Sets the maximum number of bytes in a message that is received as a stream: at least 1. Default 1 TiB. A higher
     * limit needs no more memory.
     */
    public S maxStreamedMessageSize(long size) {
        return withLimits(limits -> limits.maxStreamedMessageSize(size));
    }

    /** Sets the maximum number of frames in a message: at least 1. Default 131,072. */
    public S maxFramesPerMessage(int count) {
        return withLimits(limits -> limits.maxFramesPerMessage(count));
    }

    /**
     * Sets the maximum number of bytes that each compressed byte of incoming messages may become: 1 to 1,032. Default
     * 1,032, which no message can exceed.
     *
     * @see ConnectionLimits#maxCompressionRatio()
     */
    public S maxCompressionRatio(int ratio) {
        return withLimits(limits -> limits.maxCompressionRatio(ratio));
    }

    /**
     * Sets the maximum number of bytes of messages that {@link dev.weft.WebSocketConnection#trySend(String)} may queue
     * until the peer reads them. Default 1 MiB. With 0, one message may be queued.
     *
     * @see ConnectionLimits#maxQueuedSize()
     */
    public S maxQueuedSize(int size) {
        return withLimits(limits -> limits.maxQueuedSize(size));
    }

    /**
     * Sets what happens to a message for which there is no room in the queue. Default {@link OverflowPolicy#REFUSE}. A
     * connection can have another policy: {@link dev.weft.SendQueue#overflowPolicy}.
     */
    public S overflowPolicy(OverflowPolicy policy) {
        return withLimits(limits -> limits.overflowPolicy(policy));
    }

    /**
     * Sets the number of queued bytes at which a queue counts as drained: 0 or more. Default 512 KiB.
     *
     * @see ConnectionLimits#queueLowWaterMark()
     */
    public S queueLowWaterMark(int size) {
        return withLimits(limits -> limits.queueLowWaterMark(size));
    }

    /**
     * Sets the maximum number of bytes of a connection that are read while its handler does not receive, so that pings
     * and Close frames among them are answered: 128 bytes to 16 MiB. Default: the server's {@code readBufferSize}.
     * These bytes count towards the server's {@code maxBufferedSize}; if that is used up, 128 bytes can still be read.
     */
    public S readAheadSize(int size) {
        return withLimits(limits -> limits.readAheadSize(size));
    }

    /** Sets how long the peer may be silent before a ping is sent: 1 ms to 20 days. Default 20 s. */
    public S pingInterval(Duration time) {
        return withTimeouts(timeouts -> timeouts.pingInterval(time));
    }

    /**
     * Sets how long the peer may be silent after a ping before the connection is aborted: 1 ms to 20 days. Default 20
     * s.
     */
    public S pongTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.pongTimeout(time));
    }

    /**
     * Sets the maximum time from the first byte of a message to its last, or, if it is received as a stream, from each
     * read to the arrival of the next bytes: 1 ms to 20 days. If the peer is slower, the connection is closed with
     * 1008. Default 60 s.
     */
    public S messageTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.messageTimeout(time));
    }

    /**
     * Sets how long data may wait to be written without the network accepting a single byte of it: 1 ms to 20 days.
     * Default 20 s.
     */
    public S writeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.writeTimeout(time));
    }

    /**
     * Sets the maximum time without a write to an outgoing stream while another message waits for the end of that
     * stream: 1 ms to 20 days. If it is exceeded, the connection fails with 1011. Default 60 s.
     */
    public S streamTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.streamTimeout(time));
    }

    /**
     * Sets the maximum time from the Close frame of this end until the peer has answered it and ended its output: 1 ms
     * to 20 days. Default 5 s.
     */
    public S closeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.closeTimeout(time));
    }

    /**
     * Sets {@link ConnectionTimeouts#handshakeTimeout()}. Only for the server, since the handshake begins before the
     * path is known.
     */
    S withHandshakeTimeout(Duration time) {
        return withTimeouts(timeouts -> timeouts.handshakeTimeout(time));
    }

    /**
     * Sets whether small writes are sent at once (TCP_NODELAY). Default true. An endpoint's setting applies after the
     * handshake.
     */
    public S tcpNoDelay(boolean tcpNoDelay) {
        return with(values -> values.sockets = values.sockets.withTcpNoDelay(tcpNoDelay));
    }

    /**
     * Sets whether the system also detects dead peers (SO_KEEPALIVE). Default false: pings detect them sooner. An
     * endpoint's setting applies after the handshake.
     */
    public S keepAlive(boolean keepAlive) {
        return with(values -> values.sockets = values.sockets.withKeepAlive(keepAlive));
    }

    /**
     * Sets the size in bytes of the system's receive buffer (SO_RCVBUF), at least 1. Default: chosen by the system. An
     * endpoint's setting applies after the handshake. It cannot change the TCP window scale (RFC 7323 §2.2), which is
     * fixed when the connection is established, and depends on the server's setting. To receive faster over a long
     * distance, change the server's setting.
     */
    public S receiveBufferSize(int size) {
        Bounds.check("receiveBufferSize", size, 1, Integer.MAX_VALUE);
        return with(values -> values.sockets = values.sockets.withReceiveBufferSize(size));
    }

    /**
     * Sets the size in bytes of the system's send buffer (SO_SNDBUF), at least 1. Default: chosen by the system. An
     * endpoint's setting applies after the handshake.
     */
    public S sendBufferSize(int size) {
        Bounds.check("sendBufferSize", size, 1, Integer.MAX_VALUE);
        return with(values -> values.sockets = values.sockets.withSendBufferSize(size));
    }

    /**
     * Sets how permessage-deflate (RFC 7692) is used. Default {@link DeflateSettings#DEFAULT}: messages are compressed
     * for clients that offer it, as browsers do. For compression, an idle connection keeps at most a few KiB, and no
     * zlib state.
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
