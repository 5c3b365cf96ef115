package dev.weft.tools.conform.wire;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The parameters of permessage-deflate that both ends agreed on (RFC 7692 §7.1).
 *
 * @param serverNoContextTakeover whether the server discards its window after each message
 * @param clientNoContextTakeover whether the client discards its window after each message
 * @param serverBits              log2 of the server's window, 8 to 15
 * @param clientBits              log2 of the client's window, 8 to 15
 */
public record AgreedParameters(boolean serverNoContextTakeover, boolean clientNoContextTakeover, int serverBits,
        int clientBits) {
    static final String EXTENSION = "permessage-deflate";
    private static final String SERVER_TAKEOVER = "server_no_context_takeover";
    private static final String CLIENT_TAKEOVER = "client_no_context_takeover";
    private static final String SERVER_BITS = "server_max_window_bits";
    private static final String CLIENT_BITS = "client_max_window_bits";

    /** Log2 of an end's window. */
    public int bits(Side side) {
        return side == Side.SERVER ? serverBits : clientBits;
    }

    /** Whether an end forgets its window after each message. */
    public boolean noContextTakeover(Side side) {
        return side == Side.SERVER ? serverNoContextTakeover : clientNoContextTakeover;
    }

    /**
     * The parameters that a response agrees to.
     *
     * @return the agreement, or {@code null} if the response names no extension
     * @throws Failure if the response does not match any offer of the request
     */
    static AgreedParameters of(Head request, Head response) {
        List<String> extensions = response.tokens("Sec-WebSocket-Extensions");
        if (extensions.isEmpty()) {
            return null;
        }
        if (extensions.size() > 1) {
            throw new Failure("RFC 7692 §5: agreed to more than one of the offers: " + extensions);
        }
        Map<String, String> answer = parse(extensions.getFirst());
        if (offers(request).stream().noneMatch(offer -> fits(offer, answer))) {
            throw new Failure("RFC 7692 §7.1: the response \"" + extensions.getFirst() + "\" matches no offer of "
                    + request.values("Sec-WebSocket-Extensions"));
        }
        return of(answer);
    }

    /**
     * An answer that agrees to parameters, and to what else the request insists on.
     *
     * @param element the wanted element; {@code client_max_window_bits} without a value means nothing in an answer
     * @return the element of the answer, or {@code null} if no offer of the request allows it
     */
    static String answer(Head request, String element) {
        Map<String, String> wanted = lenient(element);
        wanted.remove(CLIENT_BITS, "");
        List<Map<String, String>> offers = offers(request);
        return Stream.of(false, true).flatMap(lower -> offers.stream().map(offer -> fitted(offer, wanted, lower)))
                .filter(Objects::nonNull).findFirst().orElse(null);
    }

    /**
     * What is wanted, and what else an offer insists on.
     *
     * @param lower whether the wanted window of the server may be made smaller
     * @return the element, or {@code null} if the offer does not allow it
     */
    private static String fitted(Map<String, String> offer, Map<String, String> wanted, boolean lower) {
        Map<String, String> answer = new LinkedHashMap<>(wanted);
        if (offer.containsKey(SERVER_TAKEOVER)) {
            answer.put(SERVER_TAKEOVER, "");
        }
        if (offer.containsKey(SERVER_BITS)) {
            answer.merge(SERVER_BITS, offer.get(SERVER_BITS),
                    (mine, limit) -> !lower || atMost(mine, limit) ? mine : limit);
        }
        if (!fits(offer, answer)) {
            return null;
        }
        StringBuilder element = new StringBuilder(EXTENSION);
        answer.forEach((name, value) -> element.append("; ").append(name)
                .append(value.isEmpty() ? "" : "=" + value));
        return element.toString();
    }

    /** Whether a request allows an element as its answer. */
    static boolean allows(Head request, String element) {
        return offers(request).stream().anyMatch(offer -> fits(offer, lenient(element)));
    }

    private static List<Map<String, String>> offers(Head request) {
        return request.tokens("Sec-WebSocket-Extensions").stream().filter(offer -> name(offer).equals(EXTENSION))
                .map(AgreedParameters::lenient).toList();
    }

    private static AgreedParameters of(Map<String, String> answer) {
        return new AgreedParameters(answer.containsKey(SERVER_TAKEOVER), answer.containsKey(CLIENT_TAKEOVER),
                Integer.parseInt(answer.getOrDefault(SERVER_BITS, "15")),
                Integer.parseInt(answer.getOrDefault(CLIENT_BITS, "15")));
    }

    /** An element of the response, which must be valid. */
    private static Map<String, String> parse(String element) {
        Map<String, String> parameters = new HashMap<>();
        for (String parameter : parameters(element)) {
            String name = parameter.split("=", 2)[0].strip();
            String value = parameter.contains("=") ? unquote(parameter.split("=", 2)[1].strip()) : "";
            boolean good = switch (name) {
                case SERVER_TAKEOVER, CLIENT_TAKEOVER -> !parameter.contains("=");
                case SERVER_BITS, CLIENT_BITS -> value.matches("[89]|1[0-5]");
                default -> false;
            };
            if (!good || parameters.put(name, value) != null) {
                throw new Failure("RFC 7692 §7.1: parameter \"" + parameter + "\" in the response \"" + element + '"');
            }
        }
        return parameters;
    }

    /** An element that may be invalid. */
    private static Map<String, String> lenient(String element) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String parameter : parameters(element)) {
            parameters.put(parameter.split("=", 2)[0].strip(),
                    parameter.contains("=") ? unquote(parameter.split("=", 2)[1].strip()) : "");
        }
        return parameters;
    }

    private static boolean fits(Map<String, String> offer, Map<String, String> answer) {
        if (offer.containsKey(SERVER_TAKEOVER) && !answer.containsKey(SERVER_TAKEOVER)) {
            return false; // §7.1.1.1
        }
        if (offer.containsKey(SERVER_BITS)
                && (!answer.containsKey(SERVER_BITS) || !atMost(answer.get(SERVER_BITS), offer.get(SERVER_BITS)))) {
            return false; // §7.1.2.1
        }
        // §7.1.2.2
        return !answer.containsKey(CLIENT_BITS)
                || offer.containsKey(CLIENT_BITS) && atMost(answer.get(CLIENT_BITS), offer.get(CLIENT_BITS));
    }

    private static boolean atMost(String value, String limit) {
        return limit.isEmpty() || limit.matches("[0-9]{1,2}") && Integer.parseInt(value) <= Integer.parseInt(limit);
    }

    private static List<String> parameters(String element) {
        return Arrays.stream(element.split(";")).skip(1).map(String::strip).toList();
    }

    private static String name(String element) {
        return element.split(";")[0].strip();
    }

    private static String unquote(String value) {
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}
