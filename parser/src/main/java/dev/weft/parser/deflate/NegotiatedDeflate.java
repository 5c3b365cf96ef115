package dev.weft.parser.deflate;

import dev.weft.parser.Role;
import dev.weft.parser.internal.Bounds;

/**
 * What both ends are bound to once permessage-deflate is negotiated (RFC 7692 §7.1).
 *
 * @param serverNoContextTakeover whether each message of the server's is compressed by itself (§7.1.1.1)
 * @param clientNoContextTakeover whether each message of the client's is compressed by itself (§7.1.1.2)
 * @param serverMaxWindowBits     no back reference of the server's reaches further than 2 to this (§7.1.2.1): 8 to 15
 * @param clientMaxWindowBits     no back reference of the client's reaches further than 2 to this (§7.1.2.2): 8 to 15
 */
public record NegotiatedDeflate(boolean serverNoContextTakeover, boolean clientNoContextTakeover,
        int serverMaxWindowBits, int clientMaxWindowBits) {

    /** The least that {@code server_max_window_bits} and {@code client_max_window_bits} may be. */
    public static final int MIN_WINDOW_BITS = 8;
    /** The most that they may be, and what holds where they are absent. */
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

    /** Whether each message that this end sends is compressed by itself. */
    public boolean noContextTakeover(Role sender) {
        return sender == Role.SERVER ? serverNoContextTakeover : clientNoContextTakeover;
    }

    /** How far the messages that this end sends may refer back, as a power of two. */
    public int maxWindowBits(Role sender) {
        return sender == Role.SERVER ? serverMaxWindowBits : clientMaxWindowBits;
    }

    static void requireWindowBits(String setting, int bits) {
        Bounds.check(setting, bits, MIN_WINDOW_BITS, MAX_WINDOW_BITS);
    }
}
