package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.NegotiatedDeflate.MAX_WINDOW_BITS;
import static dev.weft.parser.deflate.NegotiatedDeflate.MIN_WINDOW_BITS;

import dev.weft.parser.deflate.ExtensionHeader.Entry;
import dev.weft.parser.deflate.ExtensionHeader.Parameter;
import java.util.List;
import java.util.Optional;

/**
 * The parameters of one offer or response, read and written according to RFC 7692 §7.1.
 *
 * @param serverMaxWindowBits 8 to 15, or {@link #ABSENT}
 * @param clientMaxWindowBits 8 to 15, {@link #ABSENT}, or {@link #WITHOUT_VALUE} in an offer
 */
record DeflateParameters(boolean serverNoContextTakeover, boolean clientNoContextTakeover, int serverMaxWindowBits,
        int clientMaxWindowBits) {

    static final String EXTENSION = "permessage-deflate";
    static final int ABSENT = 0;
    /** §7.1.2.2: the client lets the server choose. */
    static final int WITHOUT_VALUE = -1;

    private static final String SERVER_NO_CONTEXT_TAKEOVER = "server_no_context_takeover";
    private static final String CLIENT_NO_CONTEXT_TAKEOVER = "client_no_context_takeover";
    private static final String SERVER_MAX_WINDOW_BITS = "server_max_window_bits";
    private static final String CLIENT_MAX_WINDOW_BITS = "client_max_window_bits";
    private static final int INVALID = -2;

    /**
     * The parameters of an offer or a response.
     *
     * @return empty if one is unknown, repeated or has an invalid value: such an offer is declined (§7.1.1, §7.1.2)
     */
    static Optional<DeflateParameters> of(List<Parameter> parameters, boolean offer) {
        boolean serverNoContextTakeover = false;
        boolean clientNoContextTakeover = false;
        int serverMaxWindowBits = ABSENT;
        int clientMaxWindowBits = ABSENT;
        for (Parameter parameter : parameters) {
            boolean valid;
            switch (parameter.name()) {
                case SERVER_NO_CONTEXT_TAKEOVER -> {
                    valid = !serverNoContextTakeover && parameter.value().isEmpty();
                    serverNoContextTakeover = true;
                }
                case CLIENT_NO_CONTEXT_TAKEOVER -> {
                    valid = !clientNoContextTakeover && parameter.value().isEmpty();
                    clientNoContextTakeover = true;
                }
                case SERVER_MAX_WINDOW_BITS -> {
                    valid = serverMaxWindowBits == ABSENT;
                    serverMaxWindowBits = windowBits(parameter, INVALID);
                    valid &= serverMaxWindowBits != INVALID;
                }
                case CLIENT_MAX_WINDOW_BITS -> {
                    valid = clientMaxWindowBits == ABSENT;
                    clientMaxWindowBits = windowBits(parameter, offer ? WITHOUT_VALUE : INVALID);
                    valid &= clientMaxWindowBits != INVALID;
                }
                default -> valid = false;
            }
            if (!valid) {
                return Optional.empty();
            }
        }
        return Optional.of(new DeflateParameters(serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits,
                clientMaxWindowBits));
    }

    /** §7.1.2: a decimal integer without leading zeroes, 8 to 15. */
    private static int windowBits(Parameter parameter, int withoutValue) {
        if (parameter.value().isEmpty()) {
            return withoutValue;
        }
        String value = parameter.value().get();
        for (int bits = MIN_WINDOW_BITS; bits <= MAX_WINDOW_BITS; bits++) {
            if (value.equals(Integer.toString(bits))) {
                return bits;
            }
        }
        return INVALID;
    }

    static boolean isDeflate(Entry entry) {
        return entry.name().equals(EXTENSION);
    }

    /** These parameters as a header value. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(EXTENSION);
        if (serverNoContextTakeover) {
            text.append("; ").append(SERVER_NO_CONTEXT_TAKEOVER);
        }
        if (clientNoContextTakeover) {
            text.append("; ").append(CLIENT_NO_CONTEXT_TAKEOVER);
        }
        if (serverMaxWindowBits != ABSENT) {
            text.append("; ").append(SERVER_MAX_WINDOW_BITS).append('=').append(serverMaxWindowBits);
        }
        if (clientMaxWindowBits != ABSENT) {
            text.append("; ").append(CLIENT_MAX_WINDOW_BITS);
            if (clientMaxWindowBits != WITHOUT_VALUE) {
                text.append('=').append(clientMaxWindowBits);
            }
        }
        return text.toString();
    }
}
