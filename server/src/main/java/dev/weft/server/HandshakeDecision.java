package dev.weft.server;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a policy makes of a handshake. */
public sealed interface HandshakeDecision {
    /**
     * The connection is opened.
     *
     * @param subprotocol one of those offered; empty leaves the choice to the server's setting
     * @param headers     more header fields for the reply
     * @param attachment  for the handler ({@link dev.weft.WebSocketConnection#attachment(Class)}), may be {@code null}
     */
    @SuppressWarnings("exports") // who uses this needs no annotations
    record Accept(Optional<String> subprotocol, Headers headers,
            @Nullable Object attachment) implements HandshakeDecision {
        /** The connection is opened. */
        public Accept {
            Objects.requireNonNull(subprotocol);
            Objects.requireNonNull(headers);
        }

        /** The same with this subprotocol, which must be one of those offered. */
        public Accept withSubprotocol(String chosen) {
            return new Accept(Optional.of(chosen), headers, attachment);
        }

        /**
         * The same with a header field in the reply, which replaces those of its name.
         *
         * @throws IllegalArgumentException if it is not a header field
         */
        public Accept withHeader(String name, String value) {
            return new Accept(subprotocol, Headers.builder().addAll(headers).set(name, value).build(), attachment);
        }

        /**
         * The same with one more header field in the reply; those of its name stay, as with {@code Set-Cookie}.
         *
         * @throws IllegalArgumentException if it is not a header field
         */
        public Accept withAddedHeader(String name, String value) {
            return new Accept(subprotocol, Headers.builder().addAll(headers).add(name, value).build(), attachment);
        }

        /** The same with something for the handler, such as who the user is. */
        public Accept withAttachment(Object something) {
            return new Accept(subprotocol, headers, something);
        }

        /**
         * What this and a later decision say together: the later subprotocol and attachment where it has one, else those of
         * this; all header fields of this, and all of the later one after them.
         */
        public Accept merge(Accept later) {
            Headers both = Headers.builder().addAll(headers).addAll(later.headers).build();
            return new Accept(later.subprotocol.or(() -> subprotocol), both,
                    later.attachment != null ? later.attachment : attachment);
        }
    }

    /**
     * The connection is refused, and closed after the response.
     *
     * @param response the answer; its body is not one that is written to a stream
     * @param reason   what it is counted and logged as
     */
    record Reject(HttpResponse response, RefusalReason reason) implements HandshakeDecision {
        /** The connection is refused. */
        public Reject {
            if (response.writer().isPresent()) {
                throw new IllegalArgumentException("a refusal has its body in an array");
            }
            Objects.requireNonNull(reason, "reason");
        }

        /** The connection is refused, and counted as {@link RefusalReason#POLICY_REJECTED}. */
        public Reject(HttpResponse response) {
            this(response, RefusalReason.POLICY_REJECTED);
        }
    }

    /** Opens the connection. */
    static Accept accept() {
        return new Accept(Optional.empty(), Headers.EMPTY, null);
    }

    /** Refuses the connection with this status and a text for people. */
    static Reject reject(int status, String text) {
        return new Reject(HttpResponse.text(status, text + "\n"));
    }
}
