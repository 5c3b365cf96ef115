package dev.weft.tools.conform.cases;

import static dev.weft.tools.conform.cases.DeflateElements.PLAIN;
import static dev.weft.tools.conform.cases.Payloads.words;
import static dev.weft.tools.conform.wire.Frame.text;

/**
 * Which answers to its offer of permessage-deflate a client accepts, and which it must refuse (RFC 7692 §5, §7.1). Nothing is
 * named that the offer does not allow, except to be refused.
 */
final class DeflateAnswers {
    private DeflateAnswers() {}

    static void add(Cases cases) {
        DeflateElements.valid((name, element) -> accepts(cases, name, element));
        accepts(cases, "order", PLAIN + "; client_max_window_bits=13; server_max_window_bits=12; "
                + "client_no_context_takeover; server_no_context_takeover");
        written(cases, "blanks", PLAIN + "  ;  server_no_context_takeover  ");
        written(cases, "no-blanks", PLAIN + ";server_no_context_takeover;server_max_window_bits=9");
        written(cases, "quoted-value", PLAIN + "; server_max_window_bits=\"9\"");

        DeflateElements.invalid((name, element) -> refuses(cases, name, element));
        refuses(cases, "server-takeover-with-value", PLAIN + "; server_no_context_takeover=1");
        refuses(cases, "client-bits-without-value", PLAIN + "; client_max_window_bits");
        refuses(cases, "server-bits-empty", PLAIN + "; server_max_window_bits=\"\"");
        refuses(cases, "client-bits-empty", PLAIN + "; client_max_window_bits=\"\"");
        refuses(cases, "twice", PLAIN + ", " + PLAIN);
        refuses(cases, "with-another", PLAIN + ", x-unasked");
        refuses(cases, "after-another", "x-unasked, " + PLAIN);
        refuses(cases, "case", "x-" + PLAIN);
        DeflateOffers.matrix(cases);
    }

    private static void accepts(Cases cases, String name, String element) {
        cases.body("accept." + name, "answer \"" + element + "\": accepted, and a message is echoed", "RFC 7692 §7.1",
                subject -> {
                    try (Deflating deflating = Deflating.open(subject, element)) {
                        deflating.echoes(text(words(2000, 1)));
                        deflating.finish();
                    }
                });
    }

    /** Adds a case with an answer that is sent as it is written here. */
    private static void written(Cases cases, String name, String element) {
        cases.client("accept." + name, "answer \"" + element + "\": accepted", "RFC 7692 §7.1", client -> {
            try (Deflating deflating = new Deflating(client.openDeflatingBy(element))) {
                deflating.echoes(text(words(2000, 1)));
                deflating.finish();
            }
        });
    }

    private static void refuses(Cases cases, String name, String element) {
        cases.client("refuse." + name, "answer \"" + element + "\" is refused", "RFC 7692 §7.1",
                client -> HandshakeAnswers.refuses(client.answerExtension(element, text("Hello"))));
    }
}
