package dev.weft.tools.conform.cases;

import java.util.List;
import java.util.function.BiConsumer;

/** Elements of {@code Sec-WebSocket-Extensions} that are valid, or invalid, both as an offer and as a response (RFC 7692 §7.1). */
final class DeflateElements {
    static final String PLAIN = "permessage-deflate";

    private DeflateElements() {}

    /** Passes on each valid element, with a name for its case. */
    static void valid(BiConsumer<String, String> elements) {
        elements.accept("plain", PLAIN);
        elements.accept("server-takeover", PLAIN + "; server_no_context_takeover");
        elements.accept("client-takeover", PLAIN + "; client_no_context_takeover");
        elements.accept("both-takeovers", PLAIN + "; server_no_context_takeover; client_no_context_takeover");
        for (int bits = 8; bits <= 15; bits++) {
            elements.accept("client-bits-" + bits, PLAIN + "; client_max_window_bits=" + bits);
            elements.accept("server-bits-" + bits, PLAIN + "; server_max_window_bits=" + bits);
        }
        elements.accept("all-four", PLAIN + "; server_no_context_takeover; client_no_context_takeover"
                + "; server_max_window_bits=10; client_max_window_bits=11");
    }

    /** Passes on each invalid element, with a name for its case. */
    static void invalid(BiConsumer<String, String> elements) {
        elements.accept("unknown-parameter", PLAIN + "; x_unknown");
        elements.accept("unknown-parameter-value", PLAIN + "; server_no_context_takeover; level=9");
        elements.accept("client-takeover-with-value", PLAIN + "; client_no_context_takeover=true");
        elements.accept("server-bits-without-value", PLAIN + "; server_max_window_bits");
        for (String bits : List.of("0", "7", "16", "08", "015", "-9", "8.5", "1e1", "x", "99999999999")) {
            elements.accept("server-bits-" + bits, PLAIN + "; server_max_window_bits=" + bits);
            elements.accept("client-bits-" + bits, PLAIN + "; client_max_window_bits=" + bits);
        }
        elements.accept("repeated-takeover", PLAIN + "; server_no_context_takeover; server_no_context_takeover");
        elements.accept("repeated-bits", PLAIN + "; server_max_window_bits=10; server_max_window_bits=10");
    }
}
