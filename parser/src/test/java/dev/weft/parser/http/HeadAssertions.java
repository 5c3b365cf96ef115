package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses every head whole, cut at every byte, and byte by byte, and expects the same result each time. */
public final class HeadAssertions {

    /** Neither a head nor a possible continuation of one. */
    private static final String FRAMES = "\u0081\u0085\u0001\u0002\u0003\u0004\r\n\r\n";

    /**
     * @param result
     *            the request as text, or the refusal
     * @param consumed
     *            the offset after the head; -1 if it is incomplete or refused
     */
    public record Outcome(String result, int consumed) {}

    /** All valid heads as one expression: the state machine must accept exactly these. */
    private static final Pattern REFERENCE = Pattern.compile("""
            (?:\\r\\n){0,4}+[!#$%&'*+.^_`|~0-9A-Za-z-]++\\x20\
            (?:(?<=(?:^|\\n)OPTIONS\\x20)\\*|\
            (?:(?i:https?|wss?)://\
            (?:\\[[0-9A-Fa-f:.]++]|(?:[0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})++)\
            (?::0*+(?:[0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?\
            (?=[/?\\x20]))?\
            (?:(?<!\\x20)(?=[?\\x20])|/)[!-"$-~]*+)\\x20HTTP/1\\.[0-9]\\r\\n\
            (?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\\t -~\\x80-\\xff]*+\\r\\n)*+\\r\\n""");

    private HeadAssertions() {}

    /** The end of the head at the beginning of the text, or -1: the expected result, without limits. */
    public static int referenceEnd(String text) {
        Matcher reference = REFERENCE.matcher(text);
        return reference.lookingAt() ? reference.end() : -1;
    }

    static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    static RequestHead parse(String text) {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        try {
            assertEquals(text.length(), parser.parse(bytes(text), 0, text.length()));
        } catch (HttpHeadException e) {
            throw new AssertionError(e);
        }
        return parser.head();
    }

    /** Feeds the regions between the cuts, until the head is complete. */
    public static Outcome outcome(HttpLimits limits, byte[] bytes, int... cuts) {
        RequestHeadParser parser = new RequestHeadParser(limits);
        try {
            int from = 0;
            for (int i = 0; i <= cuts.length; i++) {
                int to = i < cuts.length ? cuts[i] : bytes.length;
                int end = parser.parse(bytes, from, to);
                if (end >= 0) {
                    return new Outcome(rendered(parser.head()), end);
                }
                from = to;
            }
            return new Outcome("incomplete", -1);
        } catch (HttpHeadException e) {
            return new Outcome(e.status() + " " + e.getMessage(), -1);
        }
    }

    public static Outcome outcomeByteByByte(HttpLimits limits, byte[] bytes) {
        int[] cuts = new int[bytes.length];
        for (int i = 0; i < cuts.length; i++) {
            cuts[i] = i;
        }
        return outcome(limits, bytes, cuts);
    }

    static void assertSameHoweverCut(Outcome expected, String text) {
        byte[] bytes = bytes(text);
        assertEquals(expected, outcome(HttpLimits.DEFAULT, bytes), "whole");
        assertEquals(expected, outcomeByteByByte(HttpLimits.DEFAULT, bytes), "byte by byte");
        for (int cut = 0; cut <= bytes.length; cut++) {
            assertEquals(expected, outcome(HttpLimits.DEFAULT, bytes, cut), "cut at " + cut);
        }
    }

    /** The head is accepted with this request line and these field lines, and the bytes after it are not consumed. */
    static void assertParsed(String head, String... lines) {
        Outcome expected = new Outcome(String.join("\n", lines), head.length());
        assertSameHoweverCut(expected, head);
        assertSameHoweverCut(expected, head + FRAMES);
    }

    /** All bytes before the last one could begin a valid head; the last byte is refused at once. */
    static void assertRefusedAtLastByte(int status, String text) {
        int last = text.length() - 1;
        byte[] bytes = bytes(text);
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        try {
            assertEquals(-1, parser.parse(bytes, 0, last));
        } catch (HttpHeadException e) {
            throw new AssertionError("refused too early", e);
        }
        HttpHeadException refusal = assertThrows(HttpHeadException.class, () -> parser.parse(bytes, last, last + 1));
        assertEquals(status, refusal.status(), refusal.getMessage());
        assertEquals(0, refusal.getStackTrace().length);
        assertEquals("", refusal.getMessage().replaceAll("[ -~]", ""), "escaped");
        Outcome expected = new Outcome(status + " " + refusal.getMessage(), -1);
        assertSameHoweverCut(expected, text);
        assertSameHoweverCut(expected, text + "\r\nHost: a\r\n\r\n");
    }

    static String rendered(RequestHead head) {
        List<String> lines = new ArrayList<>();
        lines.add(head.method() + head.authority().map(" //"::concat).orElse(" ") + head.target()
                + (head.minorVersion() == 0 ? " HTTP/1.0" : ""));
        head.headers().forEach((name, value) -> lines.add(name + "=" + value));
        return String.join("\n", lines);
    }
}
