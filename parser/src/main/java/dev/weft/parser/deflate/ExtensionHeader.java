package dev.weft.parser.deflate;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The parsed {@code Sec-WebSocket-Extensions} header lines of a request or a response (RFC 6455 §9.1). For any thread.
 *
 * <pre>{@code
 * switch (ExtensionHeader.parse(upgrade.extensionOffers())) {
 *     case ExtensionHeader.Valid valid -> DeflateNegotiation.accept(valid.entries(), settings);
 *     case ExtensionHeader.Malformed malformed -> refuse(400, malformed.reason());
 * }
 * }</pre>
 */
public sealed interface ExtensionHeader {
    /** The maximum number of names and parameters together in a header; a header with more is {@link Malformed}. */
    int MAX_ITEMS = 100;

    /**
     * A header that obeys the grammar.
     *
     * @param entries the extensions of all lines, in order; empty if there was no line
     */
    record Valid(List<Entry> entries) implements ExtensionHeader {
        /** Copies the list. */
        public Valid {
            entries = List.copyOf(entries);
        }
    }

    /**
     * A header that breaks the grammar or is too long, so that a request with it may be refused (RFC 6455 §4.2.1).
     *
     * @param reason what is wrong, without any bytes from the peer
     */
    record Malformed(String reason) implements ExtensionHeader {
        /** Requires a reason. */
        public Malformed {
            Objects.requireNonNull(reason, "reason");
        }
    }

    /**
     * An extension that a request offers or a response accepts.
     *
     * @param name       its token, as received @param parameters in their order, repeated ones included
     */
    record Entry(String name, List<Parameter> parameters) {
        /** Copies the list. */
        public Entry {
            Objects.requireNonNull(name, "name");
            parameters = List.copyOf(parameters);
        }
    }

    /**
     * An extension parameter.
     *
     * @param name  its token, as received
     * @param value its value, a token; a quoted one without quotes and escapes
     */
    record Parameter(String name, Optional<String> value) {
        /** Requires both components. */
        public Parameter {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
        }
    }

    /**
     * Reads header lines; takes time and memory linear in their length.
     *
     * @param lines the values of the header lines, in their order
     */
    static ExtensionHeader parse(List<String> lines) {
        return new ExtensionHeaderParser().parse(lines);
    }
}
