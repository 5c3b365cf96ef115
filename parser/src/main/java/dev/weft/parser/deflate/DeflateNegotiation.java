package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.DeflateParameters.ABSENT;
import static dev.weft.parser.deflate.DeflateParameters.WITHOUT_VALUE;
import static dev.weft.parser.deflate.NegotiatedDeflate.MAX_WINDOW_BITS;

import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.deflate.ExtensionHeader.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** How permessage-deflate is offered, accepted and confirmed (RFC 7692 §5, §7.1). For any thread; never blocks. */
public final class DeflateNegotiation {

    /**
     * An offer that the server accepted.
     *
     * @param negotiated     the agreed parameters
     * @param responseValue the value of the response's {@code Sec-WebSocket-Extensions}
     */
    public record Accepted(NegotiatedDeflate negotiated, String responseValue) {
        /** Requires both components. */
        public Accepted {
            Objects.requireNonNull(negotiated, "negotiated");
            Objects.requireNonNull(responseValue, "responseValue");
        }
    }

    private DeflateNegotiation() {}

    /**
     * The server's step: accepts the first acceptable offer. An offer with an unknown, repeated or invalid parameter is not
     * acceptable.
     *
     * @param offers   all extensions that the client offers, the preferred one first
     * @param settings the server's settings
     * @return empty if all offers are declined: then the response does not name permessage-deflate
     */
    public static Optional<Accepted> accept(List<Entry> offers, DeflateSettings settings) {
        return offers.stream().filter(DeflateParameters::isDeflate)
                .flatMap(offer -> DeflateParameters.of(offer.parameters(), true).stream()).findFirst()
                .map(offer -> accept(offer, settings));
    }

    private static Accepted accept(DeflateParameters offer, DeflateSettings settings) {
        int serverBits = Math.min(settings.outgoingMaxWindowBits(), orMax(offer.serverMaxWindowBits()));
        // §7.1.2.2: the server can set a limit only for a client that offers this parameter. If the parameter has a value,
        // the client itself promises that limit.
        boolean canLimitClient = offer.clientMaxWindowBits() != ABSENT;
        int clientBits = canLimitClient
                ? Math.min(settings.incomingMaxWindowBits(), orMax(offer.clientMaxWindowBits()))
                : MAX_WINDOW_BITS;
        boolean serverNoTakeover = offer.serverNoContextTakeover() || !settings.outgoingContextTakeover();
        // §7.1.1.2: the server may demand this of every client, so our memory is bounded even where the window is not.
        boolean clientNoTakeover = offer.clientNoContextTakeover() || !settings.incomingContextTakeover()
                || clientBits > settings.incomingMaxWindowBits();
        // §7.1.2.1: the server may use a smaller window than it names. If the client offered no window, the server names
        // none: it does not have to, and some clients fail the connection if it does.
        DeflateParameters response = new DeflateParameters(serverNoTakeover, clientNoTakeover,
                offer.serverMaxWindowBits() == ABSENT ? ABSENT : serverBits,
                clientBits == MAX_WINDOW_BITS ? ABSENT : clientBits);
        return new Accepted(new NegotiatedDeflate(serverNoTakeover, clientNoTakeover, serverBits, clientBits),
                response.toString());
    }

    /**
     * The client's first step: the value of the request's {@code Sec-WebSocket-Extensions}.
     *
     * @param settings the client's settings
     */
    public static String offer(DeflateSettings settings) {
        StringBuilder value = new StringBuilder();
        for (DeflateParameters offer : offers(settings)) {
            value.append(value.isEmpty() ? "" : ", ").append(offer);
        }
        return value.toString();
    }

    /**
     * The offers, the preferred one first. A server that cannot limit its window can still drop its context between
     * messages, which bounds our memory as well. The last offer is for servers that accept the first one but ignore the limit
     * of the window, as Undertow and Jetty do: without it, their response would match no offer.
     */
    private static List<DeflateParameters> offers(DeflateSettings settings) {
        boolean clientNoTakeover = !settings.outgoingContextTakeover();
        int clientBits = settings.outgoingMaxWindowBits() == MAX_WINDOW_BITS
                ? WITHOUT_VALUE
                : settings.outgoingMaxWindowBits();
        List<DeflateParameters> offers = new ArrayList<>();
        if (settings.incomingContextTakeover()) {
            int serverBits = settings.incomingMaxWindowBits();
            offers.add(new DeflateParameters(false, clientNoTakeover,
                    serverBits == MAX_WINDOW_BITS ? ABSENT : serverBits, clientBits));
        }
        if (offers.isEmpty() || settings.incomingMaxWindowBits() < MAX_WINDOW_BITS) {
            offers.add(new DeflateParameters(true, clientNoTakeover, ABSENT, clientBits));
        }
        if (offers.size() > 1) {
            offers.add(new DeflateParameters(false, clientNoTakeover, ABSENT, clientBits));
        }
        return offers;
    }

    /**
     * The client's second step: checks the server's answer to {@link #offer}.
     *
     * @param response all extensions that the response names
     * @param settings the settings that the offer was made with
     * @return empty if the server declined
     * @throws ProtocolViolationException with 1002 if the answer matches no offer: the client must fail the connection (§7.1)
     */
    public static Optional<NegotiatedDeflate> confirm(List<Entry> response, DeflateSettings settings)
            throws ProtocolViolationException {
        List<Entry> named = response.stream().filter(DeflateParameters::isDeflate).toList();
        if (named.isEmpty()) {
            return Optional.empty();
        }
        // RFC 6455 §9.1, RFC 7692 §5: two instances of the same extension would claim the same RSV bit.
        if (named.size() > 1) {
            throw new ProtocolViolationException(CloseCode.PROTOCOL_ERROR, "RFC 7692 5",
                    "permessage-deflate is named twice");
        }
        DeflateParameters answer = DeflateParameters.of(named.getFirst().parameters(), false)
                .filter(each -> offers(settings).stream().anyMatch(offer -> answers(each, offer)))
                .orElseThrow(() -> new ProtocolViolationException(CloseCode.PROTOCOL_ERROR, "RFC 7692 7.1",
                        "permessage-deflate was not offered like this"));
        // Restrictions that this end sets for itself apply too; they cost the peer nothing.
        return Optional.of(new NegotiatedDeflate(answer.serverNoContextTakeover(),
                answer.clientNoContextTakeover() || !settings.outgoingContextTakeover(),
                orMax(answer.serverMaxWindowBits()),
                Math.min(settings.outgoingMaxWindowBits(), orMax(answer.clientMaxWindowBits()))));
    }

    /**
     * Returns the parameters in a server's response, for a connection whose handshake was answered by other code. Does
     * not check whether the response matches the offers.
     *
     * @param response all extensions that the response names
     * @throws IllegalArgumentException if the response names anything but permessage-deflate, exactly once and with valid
     *                                  parameters
     */
    public static NegotiatedDeflate agreed(List<Entry> response) {
        if (response.size() != 1 || !DeflateParameters.isDeflate(response.getFirst())) {
            throw new IllegalArgumentException("the extensions are not permessage-deflate alone");
        }
        DeflateParameters agreed = DeflateParameters.of(response.getFirst().parameters(), false)
                .orElseThrow(() -> new IllegalArgumentException("the parameters of permessage-deflate are not valid"));
        return new NegotiatedDeflate(agreed.serverNoContextTakeover(), agreed.clientNoContextTakeover(),
                orMax(agreed.serverMaxWindowBits()), orMax(agreed.clientMaxWindowBits()));
    }

    /**
     * The client's second step, starting from the response's header lines: like {@link #confirm(List, DeflateSettings)}, for a
     * client that offered no extension other than permessage-deflate.
     *
     * @param lines   the values of the response's {@code Sec-WebSocket-Extensions} header lines
     * @param offered the settings that the offer was made with; empty if nothing was offered
     * @return empty if nothing was offered, or the server declined
     * @throws ProtocolViolationException with 1002 if the lines are malformed, name an extension that was not offered,
     *                                    or match no offer: the client must fail the connection (RFC 6455 §4.1, §9.1)
     */
    public static Optional<NegotiatedDeflate> confirmLines(List<String> lines, Optional<DeflateSettings> offered)
            throws ProtocolViolationException {
        List<Entry> named = switch (ExtensionHeader.parse(lines)) {
            case ExtensionHeader.Valid valid -> valid.entries();
            case ExtensionHeader.Malformed malformed -> throw new ProtocolViolationException(CloseCode.PROTOCOL_ERROR,
                    "9.1", "Sec-WebSocket-Extensions: " + malformed.reason());
        };
        for (Entry each : named) {
            if (offered.isEmpty() || !DeflateParameters.isDeflate(each)) {
                throw new ProtocolViolationException(CloseCode.PROTOCOL_ERROR, "4.1",
                        "an extension that was not offered: " + each.name());
            }
        }
        return offered.isEmpty() ? Optional.empty() : confirm(named, offered.get());
    }

    /** Whether a response accepts this offer. A response may always demand no context takeover, and a smaller window. */
    private static boolean answers(DeflateParameters response, DeflateParameters offer) {
        return (response.serverNoContextTakeover() || !offer.serverNoContextTakeover())
                && (offer.serverMaxWindowBits() == ABSENT || response.serverMaxWindowBits() != ABSENT
                        && response.serverMaxWindowBits() <= offer.serverMaxWindowBits())
                && (offer.clientMaxWindowBits() != ABSENT || response.clientMaxWindowBits() == ABSENT);
    }

    private static int orMax(int bits) {
        return bits == ABSENT || bits == WITHOUT_VALUE ? MAX_WINDOW_BITS : bits;
    }
}
