package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.RateLimits;
import dev.weft.WebSocketHandler;
import dev.weft.parser.deflate.DeflateSettings;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Serves the connections of one path: a handler with its own settings. For settings that an endpoint does not set,
 * those of the server apply. {@snippet class = "dev.weft.server.Snippets" region = "endpoints"} Immutable: each method
 * that changes a setting returns a copy.
 */
public final class Endpoint extends ConnectionSettings<Endpoint> {
    private final WebSocketHandler handler;
    private final boolean keepsHeaders;
    private final RateLimits totalRateLimits;
    private final Optional<String> rateShare;
    private final Values values;

    private Endpoint(WebSocketHandler handler, boolean keepsHeaders, RateLimits totalRateLimits,
            Optional<String> rateShare, Values values) {
        this.handler = handler;
        this.keepsHeaders = keepsHeaders;
        this.totalRateLimits = totalRateLimits;
        this.rateShare = rateShare;
        this.values = values;
    }

    /** Creates an endpoint with this handler and the server's settings. */
    public static Endpoint of(WebSocketHandler handler) {
        return new Endpoint(Objects.requireNonNull(handler, "handler"), false, RateLimits.NONE, Optional.empty(),
                new Values());
    }

    @Override
    Endpoint with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new Endpoint(handler, keepsHeaders, totalRateLimits, rateShare, changed);
    }

    /**
     * Keeps the headers of the handshake for as long as the connection lasts, for {@link
     * dev.weft.WebSocketConnection#request()}. This needs a few KiB for each connection of a browser. Default: they are
     * discarded when the policy has decided.
     */
    public Endpoint keepHeaders() {
        return new Endpoint(handler, true, totalRateLimits, rateShare, values);
    }

    /**
     * Sets the rates of all connections of this endpoint together, which apply in addition to those of the server. A
     * handshake over its rate gets 429. These rates do not apply to {@linkplain AddressLimits.Builder#exempt exempt}
     * networks. Default {@link RateLimits#NONE}.
     */
    public Endpoint totalRateLimits(RateLimits totalRateLimits) {
        return new Endpoint(handler, keepsHeaders, Objects.requireNonNull(totalRateLimits, "totalRateLimits"),
                rateShare, values);
    }

    /**
     * Sets the share of the server's rates to which the connections of this endpoint belong: one of
     * {@link WebSocketServerBuilder#rateShares}. Default: none.
     */
    public Endpoint rateShare(String name) {
        return new Endpoint(handler, keepsHeaders, totalRateLimits, Optional.of(Objects.requireNonNull(name, "name")),
                values);
    }

    // The endpoint's values, for a server.

    /** Whether a server needs rates to serve this. */
    boolean hasRates() {
        return !totalRateLimits.isEmpty() || rateShare.isPresent()
                || values.rateLimits.filter(limits -> !limits.isEmpty()).isPresent();
    }

    Optional<RateLimits> rateLimits() {
        return values.rateLimits;
    }

    RateLimits totalRateLimits() {
        return totalRateLimits;
    }

    Optional<String> rateShare() {
        return rateShare;
    }

    WebSocketHandler handler() {
        return handler;
    }

    HandshakePolicy policyOr(HandshakePolicy server) {
        return values.policy.orElse(server);
    }

    Optional<Duration> maxLifetimeOr(Optional<Duration> server) {
        return values.maxLifetime.or(() -> server);
    }

    Duration policyTimeoutOr(Duration server) {
        return values.policyTimeout.orElse(server);
    }

    List<String> subprotocolsOr(List<String> server) {
        return values.subprotocols.orElse(server);
    }

    ConnectionLimits limits(ConnectionLimits server) {
        return values.limits(server);
    }

    ConnectionTimeouts timeouts(ConnectionTimeouts server) {
        return values.timeouts(server);
    }

    Optional<DeflateSettings> deflateOr(Optional<DeflateSettings> server) {
        return values.deflate.orElse(server);
    }

    SocketSettings sockets() {
        return values.sockets;
    }

    boolean keepsHeaders() {
        return keepsHeaders;
    }
}
