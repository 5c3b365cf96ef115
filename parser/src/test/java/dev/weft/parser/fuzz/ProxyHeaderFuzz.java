package dev.weft.parser.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.proxy.ForwardedAddress;
import dev.weft.parser.proxy.ForwardedFields;
import dev.weft.parser.proxy.ProxyHeaderParser;
import dev.weft.parser.proxy.ProxyHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Headers of the PROXY protocol: the result must be the same however they are cut and read, and only refusals may be thrown.
 * The same bytes are also values of Forwarded and X-Forwarded-For.
 *
 * <pre>
 * byte 0   bit 0: set for the smallest limit
 * byte 1   how the header is cut
 * then      the header, and what follows it
 * </pre>
 */
public final class ProxyHeaderFuzz {
    private ProxyHeaderFuzz() {}

    /** What a fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 2) {
            return;
        }
        int limit = (data[0] & 1) == 0 ? ProxyHeaderParser.LARGEST_LIMIT : ProxyHeaderParser.SMALLEST_LIMIT;
        byte[] bytes = Arrays.copyOfRange(data, 2, data.length);
        ProxyHeaders.Outcome whole = ProxyHeaders.outcome(bytes, limit);
        assertEquals(whole, ProxyHeaders.outcome(bytes, limit, Cuts.of(data[1], bytes.length)));
        assertEquals(whole, ProxyHeaders.outcome(bytes, limit, Cuts.everywhere(bytes.length)));
        assertEquals(whole, ProxyHeaders.outcomeOfExactReads(bytes, limit));
        readAsFields(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    private static void readAsFields(String text) {
        try {
            ForwardedFields.forwarded(List.of(text)).forEach(ProxyHeaderFuzz::check);
        } catch (IllegalArgumentException e) {
            assertTrue(e.getMessage().startsWith("malformed Forwarded"), e.getMessage());
        }
        ForwardedFields.xForwardedFor(List.of(text)).forEach(ProxyHeaderFuzz::check);
    }

    /** An address must not be hidden, and must be the same when it is written again. */
    private static void check(String node) {
        ForwardedAddress.parse(node).ifPresent(address -> {
            assertTrue(!ForwardedFields.isHidden(node));
            assertEquals(address, ForwardedAddress.parse(address.toString()).orElseThrow());
        });
    }
}
