package dev.weft.tools.conform.cases;

import static dev.weft.tools.conform.cases.DeflateElements.PLAIN;
import static dev.weft.tools.conform.cases.Payloads.words;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Response;
import dev.weft.tools.conform.wire.Server;
import dev.weft.tools.conform.wire.Subject;
import dev.weft.tools.conform.wire.Unsupported;
import dev.weft.tools.conform.wire.Upgrade;
import dev.weft.tools.conform.wire.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Offers of permessage-deflate: which are accepted, with which response, and which are declined (RFC 7692 §5, §7.1). */
final class DeflateOffers {
    private DeflateOffers() {}

    static void add(Cases cases) {
        DeflateElements.valid((name, element) -> accepts(cases, name, element));
        accepts(cases, "client-bits", PLAIN + "; client_max_window_bits");
        accepts(cases, "order", PLAIN + "; client_max_window_bits; server_max_window_bits=12; "
                + "client_no_context_takeover; server_no_context_takeover");
        accepts(cases, "quoted-value", PLAIN + "; server_max_window_bits=\"12\"");
        accepts(cases, "blanks", "permessage-deflate  ;  client_max_window_bits  ;server_no_context_takeover");
        accepts(cases, "browser", PLAIN + "; client_max_window_bits, x-webkit-deflate-frame");
        fallbacks(cases);

        DeflateElements.invalid((name, element) -> declines(cases, name, element));
        declines(cases, "takeover-with-value", PLAIN + "; server_no_context_takeover=1");
        malformed(cases, "server-bits-empty", PLAIN + "; server_max_window_bits=\"\"");
        malformed(cases, "client-bits-empty", PLAIN + "; client_max_window_bits=\"\"");
        declines(cases, "repeated-client-bits", PLAIN + "; client_max_window_bits; client_max_window_bits=10");
        hostile(cases);
    }

    private static void accepts(Cases cases, String name, String offer) {
        cases.server("accept." + name,
                "offer \"" + offer + "\": accepted with a matching response, and a message is echoed",
                "RFC 7692 §7.1", server -> {
                    try (Deflating peer = Deflating.open(server, offer)) {
                        peer.echoes(text(words(2000, 1)));
                        peer.finish();
                    }
                });
    }

    private static void fallbacks(Cases cases) {
        cases.server("fallback.unknown", "the first offer has an unknown parameter: the second is accepted",
                "RFC 7692 §5",
                server -> second(server, server.upgrade().offering(PLAIN + "; x_unknown, " + PLAIN)));
        cases.server("fallback.two-lines", "the first offer is invalid, the second stands on a line of its own: it is "
                + "accepted", "RFC 7692 §5",
                server -> second(server, server.upgrade().offering(
                        PLAIN + "; server_max_window_bits=7").offering(PLAIN + "; client_no_context_takeover")));
        cases.server("fallback.other-extension", "another extension is offered first", "RFC 7692 §5",
                server -> second(server, server.upgrade().offering("x-unknown; a=\"b\"; c, " + PLAIN)));
        cases.server("fallback.third", "two invalid offers, then a good one", "RFC 7692 §5", server -> second(server,
                server.upgrade().offering(PLAIN + "; client_max_window_bits=16, " + PLAIN
                        + "; server_no_context_takeover=0, " + PLAIN + "; server_max_window_bits=9, " + PLAIN)));
    }

    private static void second(Server server, Upgrade request) {
        supported(server);
        Response response = server.request(request.bytes());
        if (response == null || response.status() != 101) {
            refuses(server, response);
            return;
        }
        Peer peer = server.open(request);
        if (peer.agreement() == null) {
            // A server does not have to accept every offer that it could accept.
            server.findings()
                    .nonStrict("RFC 7692 §5: declines all of " + request.head().values("Sec-WebSocket-Extensions"));
            peer.close();
            return;
        }
        try (Deflating deflating = new Deflating(peer)) {
            deflating.echoes(text(words(2000, 2)));
            deflating.finish();
        }
    }

    /** Checks that the server supports permessage-deflate at all. If it does not, declining an offer proves nothing. */
    private static void supported(Server server) {
        Deflating.open(server, PLAIN + "; client_max_window_bits").close();
    }

    private static void declines(Cases cases, String name, String offer) {
        cases.server("decline." + name, "offer \"" + offer + "\" is declined: 101 without an extension",
                "RFC 7692 §7.1",
                server -> decline(server, offer, false));
    }

    /** Adds a case with an offer that violates the grammar: the server may fail the whole handshake; read strictly, it must. */
    private static void malformed(Cases cases, String name, String offer) {
        cases.server("decline." + name, "offer \"" + offer + "\" is refused or declined", "§9.1",
                server -> decline(server, offer, true));
    }

    private static void decline(Server server, String offer, boolean mayRefuse) {
        supported(server);
        Upgrade request = server.upgrade().offering(offer);
        Response response = server.request(request.bytes());
        if (response == null || response.status() != 101) {
            if (!mayRefuse || response == null || response.status() != 400) {
                refuses(server, response);
            }
        } else if (!response.values("Sec-WebSocket-Extensions").isEmpty()) {
            throw new Failure(
                    "accepts \"" + offer + "\" by \"" + response.values("Sec-WebSocket-Extensions")
                            .getFirst() + '"');
        } else {
            Peer peer = server.open(request);
            peer.echoes(text("Hello"));
            peer.close();
        }
    }

    private static void refuses(Server server, Response response) {
        server.findings().nonStrict("RFC 7692 §5.1: refuses the handshake and not only the offer, by "
                + (response == null ? "ending the connection" : "status " + response.status()));
    }

    private static void hostile(Cases cases) {
        cases.server("hostile",
                "extension headers that are slow to parse (blanks, quotes, backslashes; 7,000 bytes) are answered "
                        + "quickly",
                "RFC 9110 §5.6.6", server -> server.forEach(
                        List.of(" ".repeat(7000) + "x", PLAIN + "; a=\"" + "\\".repeat(7000),
                                PLAIN + ";".repeat(7000), ",".repeat(7000) + PLAIN, "x; a=\"" + " ".repeat(7000)),
                        (value, part) -> {
                            long before = System.nanoTime();
                            Server one = (Server) part;
                            Response response = one.request(one.upgrade().offering(value).bytes());
                            long millis = (System.nanoTime() - before) / 1_000_000;
                            if (response == null) {
                                part.findings().nonStrict("ended without a response");
                            }
                            if (millis > 1000) {
                                part.findings().nonStrict("took " + millis + " ms");
                            }
                        }));
        matrix(cases);
    }

    /** Adds a case for all pairs of windows. */
    static void matrix(Cases cases) {
        List<String> elements = new ArrayList<>();
        IntStream.rangeClosed(8, 15).forEach(mine -> IntStream.rangeClosed(8, 15).forEach(yours -> elements.add(
                PLAIN + "; server_max_window_bits=" + yours + "; client_max_window_bits=" + mine)));
        cases.each("bits.matrix", "all 64 pairs of server_max_window_bits and client_max_window_bits: agreed, and 20 "
                + "messages are echoed", "RFC 7692 §7.1.2", settings -> elements, DeflateOffers::pair);
    }

    private static void pair(String element, Subject subject) {
        try (Deflating peer = Deflating.open(subject, element)) {
            for (int i = 0; i < 20; i++) {
                peer.echoes(text(words(100 * i, i)));
            }
            peer.finish();
        } catch (Unsupported e) {
            subject.findings().add(Verdict.UNSUPPORTED, e.getMessage(), List::of);
        }
    }
}
