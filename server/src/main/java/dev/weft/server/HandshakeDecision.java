package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The decision of a policy about a handshake. */
public sealed interface HandshakeDecision {
    /**
     * Accepts the handshake: the connection is opened.
     *
     * @param subprotocol one of those offered; if empty, the server's setting decides
     * @param headers     additional header fields for the response
     * @param attachment  an object for the handler ({@link dev.weft.WebSocketConnection#attachment(Class)}), may be {@code
     *                    null}
     * @param expiry      when the authorization of the connection expires; empty if it does not
     * @param rateShare   the share of the server's rates to which the connection belongs; empty if it is that of its endpoint
     */
    @SuppressWarnings("exports") // users of this API do not need the annotations
    record Accept(Optional<String> subprotocol, Headers headers,
            @Nullable Object attachment, Optional<Expiry> expiry,
            Optional<String> rateShare) implements HandshakeDecision {
        /** Accepts the handshake. */
        public Accept {
            Objects.requireNonNull(subprotocol);
            Objects.requireNonNull(headers);
            Objects.requireNonNull(expiry);
            Objects.requireNonNull(rateShare);
        }

        /** Returns a copy with this subprotocol, which must be one of those offered. */
        public Accept withSubprotocol(String chosen) {
            return new Accept(Optional.of(chosen), headers, attachment, expiry, rateShare);
        }

        /**
         * Returns a copy with a header field for the response, which replaces all fields of the same name.
         *
         * @throws IllegalArgumentException if it is not a valid header field
         */
        public Accept withHeader(String name, String value) {
            return new Accept(subprotocol, Headers.builder().addAll(headers).set(name, value).build(), attachment,
                    expiry, rateShare);
        }

        /**
         * Returns a copy with one more header field for the response. Fields of the same name are kept, as {@code
         * Set-Cookie} requires.
         *
         * @throws IllegalArgumentException if it is not a valid header field
         */
        public Accept withAddedHeader(String name, String value) {
            return new Accept(subprotocol, Headers.builder().addAll(headers).add(name, value).build(), attachment,
                    expiry, rateShare);
        }

        /** Returns a copy with an object for the handler, such as the identity of the user. */
        public Accept withAttachment(Object something) {
            return new Accept(subprotocol, headers, something, expiry, rateShare);
        }

        /**
         * Returns a copy whose authorization expires at this time. The connection is then closed with the code 3000
         * (Unauthorized, in IANA's registry of close codes), unless the handler {@linkplain
         * dev.weft.WebSocketConnection#renew renews} it before.
         */
        public Accept withExpiresAt(Instant time) {
            return withExpiresAt(time, new CloseReason(Expiry.UNAUTHORIZED, "the authorization has expired"));
        }

        /**
         * Returns a copy whose authorization expires at this time, with another code and reason for the Close frame.
         *
         * @throws IllegalArgumentException if the code must not be sent (RFC 6455 §7.4)
         */
        public Accept withExpiresAt(Instant time, CloseReason reason) {
            return new Accept(subprotocol, headers, attachment, Optional.of(new Expiry(time, reason)), rateShare);
        }

        /**
         * Returns a copy with another share of the server's rates than that of the endpoint: one of {@link
         * WebSocketServerBuilder#rateShares}. If there is none of this name, the policy counts as failed.
         */
        public Accept withRateShare(String name) {
            return new Accept(subprotocol, headers, attachment, expiry, Optional.of(name));
        }

        /**
         * Combines this decision with a later one. The result has the subprotocol, the attachment and the rate share
         * of the later one, or of this one if the later one has none; all header fields of this decision, followed by all of
         * the later one; and the expiry that comes first.
         */
        public Accept merge(Accept later) {
            Headers both = Headers.builder().addAll(headers).addAll(later.headers).build();
            return new Accept(later.subprotocol.or(() -> subprotocol), both,
                    later.attachment != null ? later.attachment : attachment,
                    Stream.of(expiry, later.expiry).flatMap(Optional::stream).min(Comparator.comparing(Expiry::at)),
                    later.rateShare.or(() -> rateShare));
        }
    }

    /**
     * When the authorization of a connection expires.
     *
     * @param at     the time; one in the past closes the connection within about a second after the handshake
     * @param reason the code and reason of the Close frame
     */
    record Expiry(Instant at, CloseReason reason) {
        /** Unauthorized, in IANA's registry of close codes: unlike 1008, it tells a client to get a new token. */
        public static final int UNAUTHORIZED = 3000;

        /**
         * Describes an expiry.
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
     * @param response the response; its body must not be one that is written to a stream
     * @param reason   the reason under which the refusal is counted and logged
     */
    record Reject(HttpResponse response, RefusalReason reason) implements HandshakeDecision {
        /** Rejects the handshake. */
        public Reject {
            if (response.writer().isPresent()) {
                throw new IllegalArgumentException("a refusal has its body in an array");
            }
            Objects.requireNonNull(reason, "reason");
        }

        /** Rejects the handshake with the reason {@link RefusalReason#POLICY_REJECTED}. */
        public Reject(HttpResponse response) {
            this(response, RefusalReason.POLICY_REJECTED);
        }
    }

    /** Returns a decision that accepts the handshake. */
    static Accept accept() {
        return new Accept(Optional.empty(), Headers.EMPTY, null, Optional.empty(), Optional.empty());
    }

    /** Returns a decision that rejects the handshake with this status and a text for people to read. */
    static Reject reject(int status, String text) {
        return new Reject(HttpResponse.text(status, text + "\n"));
    }
}
