package dev.weft.server;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import java.util.Objects;
import java.util.Optional;

/** What a policy makes of a handshake. */
public sealed interface HandshakeDecision {
    /**
     * The connection is opened.
     *
     * @param subprotocol one of those offered; empty leaves the choice to the server's setting
     * @param headers     more header fields for the reply
     * @param attachment  for the handler ({@link dev.weft.WebSocketConnection#attachment()}), may be {@code null}
     */
    record Accept(Optional<String> subprotocol, Headers headers, Object attachment) implements HandshakeDecision {
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
         * The same with one more header field in the reply.
         *
         * @throws IllegalArgumentException if it is not a header field
         */
        public Accept withHeader(String name, String value) {
            return new Accept(subprotocol, Headers.builder().addAll(headers).add(name, value).build(), attachment);
        }

        /** The same with something for the handler, such as who the user is. */
        public Accept withAttachment(Object something) {
            return new Accept(subprotocol, headers, something);
        }
    }

    /**
     * The connection is refused, and closed behind the response.
     *
     * @param response the answer
     */
    record Reject(HttpResponse response) implements HandshakeDecision {
        /** The connection is refused. */
        public Reject {
            Objects.requireNonNull(response);
        }
    }

    /** Opens the connection. */
    static Accept accept() {
        return new Accept(Optional.empty(), Headers.EMPTY, null);
    }

    /** Refuses the connection with this status and a text for people. */
    static Reject reject(int status, String text) {
        return new Reject(HttpResponse.of(status, text + "\n"));
    }
}
