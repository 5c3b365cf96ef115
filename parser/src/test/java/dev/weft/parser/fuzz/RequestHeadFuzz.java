package dev.weft.parser.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.http.HeadAssertions;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.RequestHeadParser;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Request heads: however they are cut, the result must be that of a naive reference; only refusals may be thrown; and every
 * accepted head can be checked and answered.
 *
 * <pre>
 * byte 0   bit 0: set for small limits
 * byte 1   how the head is cut
 * then      the head, and what follows it
 * </pre>
 */
public final class RequestHeadFuzz {
    private static final HttpLimits SMALL = HttpLimits.builder().maxRequestLineSize(40).maxHeaderLineSize(30)
            .maxHeaderCount(8).maxHeadersSize(150).build();

    private RequestHeadFuzz() {}

    /** What a fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 2) {
            return;
        }
        HttpLimits limits = (data[0] & 1) == 0 ? HttpLimits.DEFAULT : SMALL;
        byte[] bytes = Arrays.copyOfRange(data, 2, data.length);
        HeadAssertions.Outcome whole = HeadAssertions.outcome(limits, bytes);
        assertEquals(whole, HeadAssertions.outcome(limits, bytes, Cuts.of(data[1], bytes.length)));
        assertEquals(whole, HeadAssertions.outcomeByteByByte(limits, bytes));
        String text = new String(bytes, ISO_8859_1);
        if (limits != SMALL && bytes.length <= 8192 && text.lines().count() <= 100) {
            assertEquals(HeadAssertions.referenceEnd(text), whole.consumed());
        }
        if (whole.consumed() >= 0) {
            judge(parsed(limits, bytes), text.substring(0, whole.consumed()));
        }
    }

    private static RequestHead parsed(HttpLimits limits, byte[] bytes) {
        RequestHeadParser parser = new RequestHeadParser(limits);
        try {
            parser.parse(bytes, 0, bytes.length);
        } catch (HttpHeadException e) {
            throw new AssertionError("accepted before", e);
        }
        return parser.head();
    }

    private static void judge(RequestHead head, String text) {
        String begun = text.stripLeading();
        assertTrue(begun.startsWith(head.method() + " ") && begun.endsWith("\r\n\r\n"));
        if (head.authority().isEmpty()) {
            assertTrue(
                    begun.startsWith(head.method() + " " + head.target() + " HTTP/1." + head.minorVersion() + "\r\n"));
        } else {
            String target = begun.substring(begun.indexOf(' ') + 1, begun.indexOf(" HTTP/1."));
            String rest = target.substring(target.indexOf("//") + 2 + head.authority().get().length());
            assertEquals(rest.startsWith("/") ? rest : "/" + rest, head.target());
        }
        assertEquals(begun.lines().count() - 2, head.headers().size());
        assertEquals(head.target(), head.path() + head.query().map("?"::concat).orElse(""));
        assertFalse(head.cookies().containsKey(""));
        switch (OpeningHandshake.check(head)) {
            case OpeningHandshake.Upgrade upgrade -> accept(head, upgrade);
            case OpeningHandshake.NotUpgrade none -> assertTrue(
                    head.minorVersion() == 0 || !head.method().equals("GET")
                            || !head.headers().containsToken("Upgrade", "websocket"));
            case OpeningHandshake.Refused refused -> {
                assertTrue(List.of(400, 426).contains(refused.response().status()));
                assertTrue(refused.response().encode().length > 0);
            }
        }
    }

    private static void accept(RequestHead head, OpeningHandshake.Upgrade upgrade) {
        assertEquals("GET", head.method());
        assertEquals(1, head.headers().count("Host"));
        assertEquals(16, Base64.getDecoder().decode(upgrade.key()).length);
        assertTrue(ExtensionHeader.parse(upgrade.extensionOffers()) != null);
        String subprotocol = upgrade.subprotocols().isEmpty() ? null : upgrade.subprotocols().getLast();
        String reply = new String(upgrade.accept(subprotocol, null, Headers.EMPTY), ISO_8859_1);
        assertTrue(reply.startsWith("HTTP/1.1 101 ") && reply.endsWith("\r\n\r\n"));
        assertEquals(subprotocol != null, reply.toLowerCase(Locale.ROOT).contains("\nsec-websocket-protocol:"));
        assertEquals(subprotocol == null ? 5 : 6, reply.lines().count(), reply);
    }
}
