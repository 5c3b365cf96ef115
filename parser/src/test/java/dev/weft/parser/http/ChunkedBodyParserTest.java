package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies in chunks (RFC 9112 §7.1): vectors, each cut at every byte, and a comparison with a naive reader. */
class ChunkedBodyParserTest {
    private static final int MOST = 1000;
    private static final String AFTER = "GET /next";

    /** The bytes that were read and the end of the body, or the status of the refusal. */
    private record Outcome(String body, int end, int status) {}

    /** Reads regions of at most this size; each is in its own array, so that no other byte can be accessed. */
    private static Outcome outcome(byte[] bytes, int firstCut, int size) {
        ChunkedBodyParser parser = new ChunkedBodyParser(MOST, HttpLimits.DEFAULT);
        StringBuilder body = new StringBuilder();
        int at = 0;
        try {
            while (at < bytes.length && !parser.isComplete()) {
                int end = Math.min(bytes.length, at < firstCut ? firstCut : at + size);
                byte[] region = java.util.Arrays.copyOfRange(bytes, at, end);
                int from = 0;
                while (from < region.length && !parser.isComplete()) {
                    from = parser.parse(region, from, region.length);
                    int count = (int) Math.min(parser.chunkLeft(), region.length - from);
                    body.append(new String(region, from, count, ISO_8859_1));
                    parser.take(count);
                    from += count;
                }
                at += from;
            }
            return new Outcome(body.toString(), parser.isComplete() ? at : -1, 0);
        } catch (HttpHeadException e) {
            assertThrows(IllegalStateException.class, () -> parser.parse(bytes, 0, bytes.length));
            return new Outcome("", -1, e.status());
        }
    }

    /** The outcome, which must be the same however the bytes are cut. */
    private static Outcome outcome(String text) {
        byte[] bytes = text.getBytes(ISO_8859_1);
        Outcome whole = outcome(bytes, bytes.length, bytes.length);
        for (int cut = 0; cut < bytes.length; cut++) {
            assertEquals(whole, outcome(bytes, cut, bytes.length), "cut at " + cut);
        }
        for (int size = 1; size < 5; size++) {
            assertEquals(whole, outcome(bytes, 0, size), "in regions of " + size);
        }
        return whole;
    }

    private static String withLineEnds(String text) {
        return text.replace("~", "\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "0~~                                 | ''",
            "000~~                               | ''",
            "3~abc~0~~                           | abc",
            "3~abc~2~de~0~~                      | abcde",
            "0003~abc~0000000000000000~~         | abc",
            "A~0123456789~0~~                    | 0123456789",
            "a~0123456789~00~~                   | 0123456789",
            "2~~~0~~                             | ~",
            "7~0~~0d~0~~                         | 0~~0d",
            "3;a~abc~0;b=c;d=\"e f\"~~           | abc",
            "3 ;a~abc~0~~                        | !400",
            "3;~abc~0~~                          | abc",
            "3~abc~0~A: b~C: d~~                 | abc"})
    void chunksAreJoined(String text, String body) {
        String chunks = withLineEnds(text);
        Outcome expected = body.startsWith("!")
                ? new Outcome("", -1, Integer.parseInt(body.substring(1)))
                : new Outcome(withLineEnds(body), chunks.length(), 0);
        assertEquals(expected, outcome(chunks + AFTER));
    }

    @ParameterizedTest
    @ValueSource(strings = {"~", "g~", "-1~a~", "+1~a~", "0x1~a~", " 1~a~", "1 ~a~", "1\t~a~", "1,~a~", ";a~",
            "1\na\r\n",
            "1\ra\r\n", "1~a", "1~ab~", "1~a\n0~~", "1~a\r0~~", "0\n\n", "0~\n", "0~\r\r", "0\r\r\n", "1;a\n~a~",
            "1;a\u0000~a~", "1;a\rb~", "0~A~~", "0~ A: b~~", "0~A: b~ c~~", "0~A : b~~", "0~: b~~", "0~A: \u0000~~",
            "0~A: b\n\n", "00000000000000001~a~", "\uff11~a~", "1_0~a~", "1.~a~"})
    void malformedChunksAre400(String text) {
        // Whatever follows: a refusal may occur later than its cause.
        assertEquals(400, outcome(withLineEnds(text) + "0~~".replace("~", "\r\n") + AFTER).status(), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3e9~", "ffffffff~", "7fffffffffffffff~", "8000000000000000~", "ffffffffffffffff~",
            "10000000000003e8~", "fffffffffffffc18~"})
    void chunkBeyondTheLimitIs413(String text) {
        assertEquals(413, outcome(withLineEnds(text) + "x".repeat(10)).status());
    }

    @Test
    void limitIsOfAllChunksTogether() {
        String chunk = "64\r\n" + "x".repeat(100) + "\r\n";
        assertEquals(0, outcome(chunk.repeat(10) + "0\r\n\r\n").status());
        assertEquals(413, outcome(chunk.repeat(10) + "1\r\nx\r\n0\r\n\r\n").status());
        assertEquals(413, outcome(chunk + "ffffffffffffffff\r\n").status());
        assertEquals(413, outcome(chunk + "7fffffffffffffff\r\n").status());
    }

    @Test
    void extensionsAreBoundedTogether() {
        int most = ChunkedBodyParser.MAX_EXTENSIONS_LENGTH;
        byte[] bytes = ("1;" + "x".repeat(most) + "\r\na\r\n0\r\n\r\n").getBytes(ISO_8859_1);
        assertEquals(0, outcome(bytes, 0, 1).status());
        bytes = ("1;" + "x".repeat(most) + "\r\na\r\n0;x\r\n\r\n").getBytes(ISO_8859_1);
        assertEquals(400, outcome(bytes, 0, 1000).status());
        bytes = ("1;xx\r\na\r\n".repeat(900) + "1;" + "x".repeat(most) + "\r\n").getBytes(ISO_8859_1);
        assertEquals(400, outcome(bytes, 0, 7).status());
    }

    @Test
    void trailersAreBounded() {
        String many = "A: b\r\n".repeat(HttpLimits.DEFAULT.maxHeaderCount() + 1);
        byte[] bytes = ("0\r\n" + many + "\r\n").getBytes(ISO_8859_1);
        assertEquals(431, outcome(bytes, 0, 100).status());
        bytes = ("0\r\nA: " + "b".repeat(100_000)).getBytes(ISO_8859_1);
        assertEquals(431, outcome(bytes, 0, 1000).status());
    }

    @Test
    void onlyBytesOfTheChunkAreTaken() throws HttpHeadException {
        ChunkedBodyParser parser = new ChunkedBodyParser(MOST, HttpLimits.DEFAULT);
        byte[] bytes = "3\r\nabc\r\n0\r\n\r\n".getBytes(ISO_8859_1);
        assertEquals(0, parser.chunkLeft());
        assertThrows(IllegalArgumentException.class, () -> parser.take(1));
        assertEquals(3, parser.parse(bytes, 0, bytes.length));
        assertEquals(3, parser.chunkLeft());
        assertThrows(IllegalArgumentException.class, () -> parser.take(4));
        assertThrows(IllegalArgumentException.class, () -> parser.take(-1));
        parser.take(3);
        assertFalse(parser.isComplete());
        assertEquals(bytes.length, parser.parse(bytes, 6, bytes.length));
        assertTrue(parser.isComplete());
        assertEquals(0, parser.chunkLeft());
        assertEquals(2, parser.parse(bytes, 2, bytes.length), "consumes nothing after the end");
        assertThrows(IndexOutOfBoundsException.class, () -> parser.parse(bytes, 0, bytes.length + 1));
    }

    // Differential: a reader that knows whole texts, by regular expressions

    private static Outcome naive(String text) {
        StringBuilder body = new StringBuilder();
        int at = 0;
        while (true) {
            var line = java.util.regex.Pattern.compile("([0-9a-fA-F]{1,16})(;[\\t -~\\x80-\\xff]*)?\r\n")
                    .matcher(text).region(at, text.length());
            if (!line.lookingAt()) {
                return new Outcome("", -1, 400);
            }
            at = line.end();
            long size = Long.parseUnsignedLong(line.group(1), 16);
            if (size < 0 || size > MOST - body.length()) {
                return new Outcome("", -1, 413);
            }
            if (size == 0) {
                var trailers = java.util.regex.Pattern
                        .compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t -~\\x80-\\xff]*\r\n)*\r\n")
                        .matcher(text).region(at, text.length());
                return trailers.lookingAt()
                        ? new Outcome(body.toString(), trailers.end(), 0)
                        : new Outcome("", -1, 400);
            }
            if (!text.startsWith("\r\n", at + (int) size)) {
                return new Outcome("", -1, 400);
            }
            body.append(text, at, at + (int) size);
            at += (int) size + 2;
        }
    }

    @Test
    void naiveReaderSeesTheSame() {
        Random random = new Random(20_261_128);
        String[] parts = {"0", "1", "2", "a", "F", "10", "3e8", "fffffffffffffffff", ";", ";x=y", "\r\n", "\r\n",
                "\r\n",
                "\r\n", "\r", "\n", " ", "x", "xx", "A: b\r\n", ":", "0\r\n\r\n", "1\r\nx\r\n", "2\r\n\r\n\r\n", "\0",
                "\u00e9"};
        int good = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int part = random.nextInt(9); part >= 0; part--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            // Completes a truncated body: two readers may refuse it at different positions, but both must refuse it.
            text.append("\r\n#\r\n#");
            byte[] bytes = text.toString().getBytes(ISO_8859_1);
            Outcome expected = naive(text.toString());
            Outcome actual = outcome(bytes, random.nextInt(bytes.length), 1 + random.nextInt(bytes.length));
            if (expected.status() == 0) {
                good++;
                assertEquals(expected, actual, text.toString());
            } else {
                assertEquals(-1, actual.end(), text.toString());
            }
        }
        assertTrue(good > 5_000, good + " good ones");
    }
}
