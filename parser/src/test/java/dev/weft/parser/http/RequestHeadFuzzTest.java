package dev.weft.parser.http;

import static dev.weft.parser.http.HeadAssertions.bytes;
import static dev.weft.parser.http.HeadAssertions.outcome;
import static dev.weft.parser.http.HeadAssertions.outcomeByteByByte;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HeadAssertions.Outcome;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mutated heads: however the bytes are cut, the result must be that of a naive reference, and no unexpected exception is
 * thrown.
 */
class RequestHeadFuzzTest {

    private static final int ROUNDS = 20_000;
    private static final HttpLimits SMALL = HttpLimits.builder().maxRequestLineSize(40).maxHeaderLineSize(30)
            .maxHeaderCount(8).maxHeadersSize(150).build();

    private static final List<String> SEEDS = List.of(
            "GET / HTTP/1.1\r\n\r\n",
            "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n\u0081\u0080",
            "\r\nGET http://a.b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n",
            "HEAD wss://[::1]:8 HTTP/1.0\r\n\r\n",
            "GET /c HTTP/1.2\r\nHost: a:1\r\nx:\r\ny: \t\u00e9 z \t\r\n\r\n",
            """
                    GET /chat HTTP/1.1\r
                    Host: server.example.com\r
                    Upgrade: websocket\r
                    Connection: keep-alive, Upgrade\r
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                    Sec-WebSocket-Protocol: chat, superchat\r
                    Sec-WebSocket-Version: 13\r
                    \r
                    """);
    private static final String SPICE = "\r\n\r\n \t::/#?@[]%,;=\"\\\0\u007f\u0080\u00ffG1.HTP";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void mutatedHeadsAreJudgedAsTheReferenceDoes(long seed) {
        Random random = new Random(seed);
        int accepted = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String text = mutated(random);
            Outcome outcome = outcome(HttpLimits.DEFAULT, bytes(text));
            assertEquals(HeadAssertions.referenceEnd(text), outcome.consumed(), HttpCharacters.escaped(text));
            accepted += outcome.consumed() >= 0 ? 1 : 0;
        }
        assertTrue(accepted > ROUNDS / 20 && accepted < ROUNDS / 2, "both kinds are met: " + accepted);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6})
    void mutatedHeadsAreJudgedAlikeHoweverTheyAreCut(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = bytes(mutated(random));
            HttpLimits limits = random.nextBoolean() ? HttpLimits.DEFAULT : SMALL;
            Outcome whole = outcome(limits, bytes);
            int[] cuts = random.ints(random.nextInt(5), 0, bytes.length + 1).sorted().toArray();
            assertEquals(whole, outcome(limits, bytes, cuts),
                    () -> HttpCharacters.escaped(new String(bytes, ISO_8859_1)));
            assertEquals(whole, outcomeByteByByte(limits, bytes));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {7, 8, 9})
    void randomBytesAreNoHead(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            Outcome whole = outcome(SMALL, bytes);
            assertEquals(-1, whole.consumed());
            assertEquals(whole, outcomeByteByByte(SMALL, bytes));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {10, 11, 12})
    void everyParsedHeadGetsAVerdict(long seed) throws HttpHeadException {
        Random random = new Random(seed);
        int upgrades = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = bytes(mutated(random));
            if (outcome(HttpLimits.DEFAULT, bytes).consumed() < 0) {
                continue;
            }
            RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
            parser.parse(bytes, 0, bytes.length);
            switch (OpeningHandshake.check(parser.head())) {
                case OpeningHandshake.Upgrade upgrade -> {
                    upgrades++;
                    assertEquals(16, Base64.getDecoder().decode(upgrade.key()).length);
                    assertEquals(1, parser.head().headers().count("Host"));
                    assertEquals("GET", parser.head().method());
                    assertTrue(parser.head().minorVersion() > 0);
                }
                case OpeningHandshake.NotUpgrade none ->
                    assertTrue(parser.head().minorVersion() == 0 || !parser.head().method().equals("GET")
                            || !parser.head().headers().containsToken("upgrade", "websocket"));
                case OpeningHandshake.Refused refused ->
                    assertTrue(List.of(400, 426).contains(refused.response().status()));
            }
        }
        assertTrue(upgrades > 100, "accepted ones are met: " + upgrades);
    }

    private static String mutated(Random random) {
        StringBuilder text = new StringBuilder(SEEDS.get(random.nextInt(SEEDS.size())));
        for (int mutations = random.nextInt(3) + 1; mutations > 0 && text.length() > 1; mutations--) {
            int at = random.nextInt(text.length());
            int end = Math.min(text.length(), at + 1 + random.nextInt(4));
            char spice = random.nextInt(4) == 0
                    ? (char) random.nextInt(0x100)
                    : SPICE.charAt(random.nextInt(SPICE.length()));
            switch (random.nextInt(5)) {
                case 0 -> text.setCharAt(at, spice);
                case 1 -> text.insert(at, spice);
                case 2 -> text.delete(at, end);
                case 3 -> text.insert(at, text.substring(at, end));
                default -> text.setLength(end);
            }
        }
        return text.toString();
    }
}
