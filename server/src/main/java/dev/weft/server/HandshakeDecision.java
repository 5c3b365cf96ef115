package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.internal.Bounds;
import dev.weft.internal.connection.Attachments;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The decision of a policy about a handshake. */
public sealed interface HandshakeDecision {
    /** Accepts the handshake: the connection is opened. Immutable. */
    final class Accept implements HandshakeDecision {
        private static final Accept PLAIN = new Accept(null, Headers.EMPTY, null, null, null, true);

        private final @Nullable String subprotocol;
        private final Headers headers;
        private final @Nullable Object attachment;
        private final @Nullable Expiry expiry;
        private final @Nullable String rateShare;
        private final boolean deflate;

        private Accept(@Nullable String subprotocol, Headers headers, @Nullable Object attachment,
                @Nullable Expiry expiry, @Nullable String rateShare, boolean deflate) {
            this.subprotocol = subprotocol;
            this.headers = headers;
            this.attachment = attachment;
            this.expiry = expiry;
            this.rateShare = rateShare;
            this.deflate = deflate;
        }

        /** The subprotocol, one of those offered; if empty, the server's setting decides. */
        public Optional<String> subprotocol() {
            return Optional.ofNullable(subprotocol);
        }

        /** The additional header fields for the response. */
        public Headers headers() {
            return headers;
        }

        /** The objects for the handler ({@link dev.weft.WebSocketConnection#attachment(Class)}), in the order they were attached. */
        public List<Object> attachments() {
            return Attachments.list(attachment);
        }

        @Nullable
        Object keptAttachment() {
            return attachment;
        }

        /** The time at which the authorization of the connection expires; empty if it does not expire. */
        public Optional<Expiry> expiry() {
            return Optional.ofNullable(expiry);
        }

        /** The share of the server's rates to which the connection belongs; empty if it is that of its endpoint. */
        public Optional<String> rateShare() {
            return Optional.ofNullable(rateShare);
        }

        /** Whether messages may be compressed, if the endpoint and the client agree to that. */
        public boolean allowsDeflate() {
            return deflate;
        }

        /** Returns a copy with this subprotocol. If it is not one of those offered, the policy counts as failed. */
        public Accept withSubprotocol(String chosen) {
            return new Accept(Objects.requireNonNull(chosen), headers, attachment, expiry, rateShare, deflate);
        }

        /**
         * Returns a copy with a header field for the response, which replaces all fields of the same name.
         *
         * @throws IllegalArgumentException if it is not a valid header field, or the handshake itself sets it
         */
        public Accept withHeader(String name, String value) {
            return withHeaders(Headers.builder().addAll(headers).set(OpeningHandshake.requireExtra(name), value));
        }

        /**
         * Returns a copy with one more header field for the response. Fields of the same name are kept, as {@code
         * Set-Cookie} requires.
         *
         * @throws IllegalArgumentException as {@link #withHeader}
         */
        public Accept withAddedHeader(String name, String value) {
            return withHeaders(Headers.builder().addAll(headers).add(OpeningHandshake.requireExtra(name), value));
        }

        private Accept withHeaders(Headers.Builder changed) {
            return new Accept(subprotocol, changed.build(), attachment, expiry, rateShare, deflate);
        }

        /**
         * Returns a copy with an object for the handler, such as the identity of the user. It replaces an object of the
         * same class; others stay.
         */
        public Accept withAttachment(Object something) {
            return new Accept(subprotocol, headers, Attachments.add(attachment, Objects.requireNonNull(something)),
                    expiry, rateShare, deflate);
        }

        /**
         * Returns a copy whose authorization expires at this time. The connection is then closed with the code 3000
         * (Unauthorized, in IANA's registry of close codes), unless the handler
         * {@linkplain dev.weft.WebSocketConnection#renew renews} the authorization before.
         */
        public Accept withExpiresAt(Instant time) {
            return withExpiresAt(time, new CloseReason(Expiry.UNAUTHORIZED, "the authorization has expired"));
        }

        /**
         * Returns a copy whose authorization expires at this time, with another code and reason for the Close frame.
         *
         * @throws IllegalArgumentException if the code must not be sent, or the reason is too long (RFC 6455 §5.5.1, §7.4)
         */
        public Accept withExpiresAt(Instant time, CloseReason reason) {
            return new Accept(subprotocol, headers, attachment, new Expiry(time, reason), rateShare, deflate);
        }

        /**
         * Returns a copy with another share of the server's rates than that of the endpoint: one of
         * {@link WebSocketServerBuilder#rateShares}. If there is no share of this name, the policy counts as failed.
         */
        public Accept withRateShare(String name) {
            return new Accept(subprotocol, headers, attachment, expiry, Objects.requireNonNull(name), deflate);
        }

        /**
         * Returns a copy that declines permessage-deflate (RFC 7692), for example for a connection that carries secrets
         * next to text that an attacker chooses.
         */
        public Accept withoutDeflate() {
            return new Accept(subprotocol, headers, attachment, expiry, rateShare, false);
        }

        /**
         * Combines this decision with a later one. The result has the subprotocol and the rate share of the later one,
         * or of this one if the later one has none; the attachments of both, as if
         * {@linkplain #withAttachment attached} one after the other; all header fields of this decision, followed by
         * all of the later one; and the earlier of the two times of expiry. It allows compression if both do.
         */
        public Accept merge(Accept later) {
            Headers both = Headers.builder().addAll(headers).addAll(later.headers).build();
            Object kept = attachment;
            for (Object each : later.attachments()) {
                kept = Attachments.add(kept, each);
            }
            return new Accept(later.subprotocol != null ? later.subprotocol : subprotocol, both, kept,
                    first(expiry, later.expiry),
                    later.rateShare != null ? later.rateShare : rateShare, deflate && later.deflate);
        }

        private static @Nullable Expiry first(@Nullable Expiry one, @Nullable Expiry other) {
            return one == null || other != null && other.at().isBefore(one.at()) ? other : one;
        }
    }

    /**
     * When the authorization of a connection expires.
     *
     * @param at     the time; if it is in the past, the connection is closed within about a second after the handshake
     * @param reason the code and reason of the Close frame
     */
    record Expiry(Instant at, CloseReason reason) {
        /**
         * The code 3000, "Unauthorized" in IANA's registry of close codes. Unlike 1008, it tells a client to get a new
         * token.
         */
        public static final int UNAUTHORIZED = 3000;

        /**
         * Creates an expiry.
         *
         * @throws IllegalArgumentException if the code must not be sent (RFC 6455 §7.4)
         */
        public Expiry {
            Objects.requireNonNull(at, "at");
            CloseReason.sendable(reason.code(), reason.reason());
        }
    }

    /**
     * Rejects the handshake: the connection is closed after the response.
     *
     * @param response the response, with a status of 300 to 599; its body must not be one that is written to a stream
     * @param reason   the reason under which the refusal is counted and logged
     */
    record Reject(HttpResponse response, RefusalReason reason) implements HandshakeDecision {
        /** Rejects the handshake. */
        public Reject {
            Bounds.check("status", response.status(), 300, 599);
            if (response.writer().isPresent()) {
                throw new IllegalArgumentException("a refusal has its body in an array");
            }
            Objects.requireNonNull(reason, "reason");
        }

        /** Rejects the handshake with the reason {@link RefusalReason#POLICY_REJECTED}. */
        public Reject(HttpResponse response) {
            this(response, RefusalReason.POLICY_REJECTED);
        }

        /**
         * Returns a decision whose response also has this header, such as {@code WWW-Authenticate}, which a response with the
         * status 401 must have (RFC 9110 §15.5.2).
         *
         * @throws IllegalArgumentException as {@link HttpResponse#withHeader}
         */
        public Reject withHeader(String name, String value) {
            return new Reject(response.withHeader(name, value), reason);
        }
    }

    /** Returns a decision that accepts the handshake. */
    static Accept accept() {
        return Accept.PLAIN;
    }

    /**
     * Returns a decision that rejects the handshake with this status and a text for people to read.
     *
     * @param status 300 to 599
     */
    static Reject reject(int status, String text) {
        return new Reject(HttpResponse.text(status, text + "\n"));
    }
}
