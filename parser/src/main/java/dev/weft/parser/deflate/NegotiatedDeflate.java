package dev.weft.parser.deflate;

import dev.weft.parser.Role;
import dev.weft.parser.internal.Bounds;

/**
 * The parameters that bind both ends once permessage-deflate is negotiated (RFC 7692 §7.1).
 *
 * @param serverNoContextTakeover whether the server compresses each message independently (§7.1.1.1)
 * @param clientNoContextTakeover whether the client compresses each message independently (§7.1.1.2)
 * @param serverMaxWindowBits     8 to 15: the server's back references reach at most 2 to this power bytes back (§7.1.2.1)
 * @param clientMaxWindowBits     8 to 15: the client's back references reach at most 2 to this power bytes back (§7.1.2.2)
 */
public record NegotiatedDeflate(boolean serverNoContextTakeover, boolean clientNoContextTakeover,
        int serverMaxWindowBits, int clientMaxWindowBits) {

    /** The minimum of {@code server_max_window_bits} and {@code client_max_window_bits}. */
    public static final int MIN_WINDOW_BITS = 8;
    /** The maximum of both parameters, which also applies if they are absent. */
    public static final int MAX_WINDOW_BITS = 15;

    /**
     * Checks the window bits.
     *
     * @throws IllegalArgumentException if they are not 8 to 15
     */
    public NegotiatedDeflate {
        requireWindowBits("serverMaxWindowBits", serverMaxWindowBits);
        requireWindowBits("clientMaxWindowBits", clientMaxWindowBits);
    }

    /** Whether this sender compresses each message independently. */
    public boolean noContextTakeover(Role sender) {
        return sender == Role.SERVER ? serverNoContextTakeover : clientNoContextTakeover;
    }

    /** How far this sender's messages may refer back, as a power of two. */
    public int maxWindowBits(Role sender) {
        return sender == Role.SERVER ? serverMaxWindowBits : clientMaxWindowBits;
    }

    static void requireWindowBits(String setting, int bits) {
        Bounds.check(setting, bits, MIN_WINDOW_BITS, MAX_WINDOW_BITS);
    }
}
