package dev.weft.parser.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.deflate.ExtensionHeader.Entry;
import dev.weft.parser.deflate.ExtensionHeader.Parameter;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Extension headers: no unexpected exception is thrown; a parsed header has the same meaning when it is written again; and the
 * reply accepts the first acceptable offer and names nothing that was not offered.
 *
 * <pre>
 * byte 0   bits 0 to 2: the server's outgoingMaxWindowBits - 8; bit 3: set for no outgoing context takeover
 * byte 1   the same for what comes in
 * then      the values of the header lines, LF between them
 * </pre>
 */
public final class ExtensionHeaderFuzz {
    private static final String DEFLATE = "permessage-deflate";
    private static final String BITS = "8|9|1[0-5]";

    private ExtensionHeaderFuzz() {}

    /** What a fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 2) {
            return;
        }
        DeflateSettings settings = DeflateSettings.builder()
                .outgoingMaxWindowBits(8 + (data[0] & 7)).outgoingContextTakeover((data[0] & 8) == 0)
                .incomingMaxWindowBits(8 + (data[1] & 7)).incomingContextTakeover((data[1] & 8) == 0).build();
        String text = new String(data, 2, data.length - 2, ISO_8859_1);
        if (ExtensionHeader.parse(List.of(text.split("\n", -1))) instanceof ExtensionHeader.Valid valid) {
            List<Entry> entries = valid.entries();
            assertEquals(valid, ExtensionHeader.parse(entries.stream().map(ExtensionHeaderFuzz::written).toList()));
            accept(entries, settings);
            confirm(entries, settings);
        }
    }

    private static String written(Entry entry) {
        return entry.name() + entry.parameters().stream()
                .map(p -> "; " + p.name() + p.value().map("="::concat).orElse("")).collect(Collectors.joining());
    }

    private static void accept(List<Entry> offers, DeflateSettings settings) {
        Optional<Map<String, String>> offer = offers.stream().filter(each -> each.name().equals(DEFLATE))
                .flatMap(each -> goodParameters(each, true).stream()).findFirst();
        Optional<DeflateNegotiation.Accepted> accepted = DeflateNegotiation.accept(offers, settings);
        assertEquals(offer.isPresent(), accepted.isPresent());
        if (accepted.isPresent()) {
            ExtensionHeader.Valid reply = assertInstanceOf(ExtensionHeader.Valid.class,
                    ExtensionHeader.parse(List.of(accepted.get().responseValue())));
            assertEquals(1, reply.entries().size());
            Entry entry = reply.entries().getFirst();
            assertEquals(DEFLATE, entry.name());
            answers(goodParameters(entry, false).orElseThrow(), accepted.get().negotiated(), offer.get(), settings);
        }
    }

    /**
     * Parameters by name; empty if the offer must be declined (RFC 7692 §7.1). A parameter without a value has the value "".
     */
    private static Optional<Map<String, String>> goodParameters(Entry entry, boolean offer) {
        Map<String, String> parameters = new HashMap<>();
        for (Parameter parameter : entry.parameters()) {
            boolean good = switch (parameter.name()) {
                case "server_no_context_takeover", "client_no_context_takeover" -> parameter.value().isEmpty();
                case "server_max_window_bits" -> parameter.value().orElse("").matches(BITS);
                case "client_max_window_bits" -> parameter.value().map(v -> v.matches(BITS)).orElse(offer);
                default -> false;
            };
            if (!good || parameters.put(parameter.name(), parameter.value().orElse("")) != null) {
                return Optional.empty();
            }
        }
        return Optional.of(parameters);
    }

    private static void answers(Map<String, String> reply, NegotiatedDeflate negotiated, Map<String, String> offer,
            DeflateSettings settings) {
        for (String end : List.of("server", "client")) {
            boolean server = end.equals("server");
            int agreed = server ? negotiated.serverMaxWindowBits() : negotiated.clientMaxWindowBits();
            String bits = end + "_max_window_bits";
            if (reply.containsKey(bits)) {
                assertTrue(offer.containsKey(bits), "not offered: " + bits);
                assertEquals(agreed, bits(reply, bits));
            }
            // §7.1.2.1, §7.1.2.2: a client's parameter for itself is a hint; its parameter for the server is a requirement.
            assertTrue(agreed <= bits(offer, bits));
            assertTrue(!server || agreed <= settings.outgoingMaxWindowBits());
            // The client knows only what the reply says.
            assertTrue(server || agreed == bits(reply, bits));

            String noTakeover = end + "_no_context_takeover";
            boolean alone = server ? negotiated.serverNoContextTakeover() : negotiated.clientNoContextTakeover();
            assertEquals(alone, reply.containsKey(noTakeover));
            assertTrue(alone || !offer.containsKey(noTakeover));
        }
        assertTrue(negotiated.clientNoContextTakeover()
                || settings.incomingContextTakeover()
                        && negotiated.clientMaxWindowBits() <= settings.incomingMaxWindowBits());
    }

    private static int bits(Map<String, String> parameters, String name) {
        String value = parameters.getOrDefault(name, "");
        return value.isEmpty() ? NegotiatedDeflate.MAX_WINDOW_BITS : Integer.parseInt(value);
    }

    /** The same header as an answer to a client. */
    private static void confirm(List<Entry> entries, DeflateSettings settings) {
        try {
            boolean named = entries.stream().anyMatch(each -> each.name().equals(DEFLATE));
            assertEquals(named, DeflateNegotiation.confirm(entries, settings).isPresent());
        } catch (ProtocolViolationException e) {
            assertEquals(1002, e.closeCode());
        }
    }
}
