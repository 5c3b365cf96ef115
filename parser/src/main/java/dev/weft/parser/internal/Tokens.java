package dev.weft.parser.internal;

/** The token of HTTP and of WebSocket's extensions (RFC 9110 §5.6.2). */
public final class Tokens {
    private static final String MARKS = "!#$%&'*+-.^_`|~";

    private Tokens() {}

    /** Whether a token may have this character. */
    public static boolean mayHave(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || MARKS.indexOf(c) >= 0;
    }
}
