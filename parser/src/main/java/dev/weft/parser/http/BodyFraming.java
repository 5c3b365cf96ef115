package dev.weft.parser.http;

import java.util.List;

/**
 * Where the body of a request ends, according to its head (RFC 9112 §6.3). The check is stricter than the RFC wherever
 * two recipients could see different ends: one of them could treat bytes as a body that the other treats as the next
 * request. So it refuses a second {@code Content-Length} or {@code Transfer-Encoding} even if that repeats the first
 * one, and it refuses both fields together.
 */
public sealed interface BodyFraming {

    /** A body of this number of bytes; 0 if there is none. */
    record Fixed(long length) implements BodyFraming {}

    /** A body in chunks: {@link ChunkedBodyParser} finds its end. */
    record Chunked() implements BodyFraming {}

    /** There is no body. */
    BodyFraming NONE = new Fixed(0);

    /**
     * Returns the framing that a head announces. Takes time linear in the length of the head.
     *
     * @throws HttpHeadException with 400 if the framing is ambiguous or malformed, with 501 if it has a transfer coding
     *             other than chunked
     */
    static BodyFraming of(RequestHead head) throws HttpHeadException {
        List<String> codings = head.headers().all("Transfer-Encoding");
        List<String> lengths = head.headers().all("Content-Length");
        if (codings.isEmpty()) {
            return lengths.isEmpty() ? NONE : new Fixed(length(lengths));
        }
        // §6.1: a proxy may have forwarded it without understanding it.
        if (head.minorVersion() == 0) {
            throw HttpHeadException.malformed("Transfer-Encoding in an HTTP/1.0 request");
        }
        // §6.3: this suggests an attempt at request smuggling.
        if (!lengths.isEmpty()) {
            throw HttpHeadException.malformed("both Transfer-Encoding and Content-Length");
        }
        if (codings.size() > 1) {
            throw HttpHeadException.malformed("more than one Transfer-Encoding");
        }
        return coding(codings.getFirst());
    }

    private static BodyFraming coding(String value) throws HttpHeadException {
        if (value.equalsIgnoreCase("chunked")) {
            return new Chunked();
        }
        if (HttpCharacters.isToken(value)) {
            throw HttpHeadException.unsupportedCoding(value);
        }
        // §6.1, §6.3: unless the last coding is chunked, the end of the body is unknown; chunked must not be applied twice.
        String last = HttpCharacters.trimmed(value, value.lastIndexOf(',') + 1, value.length());
        String others = value.substring(0, Math.max(0, value.lastIndexOf(',')));
        if (last.equalsIgnoreCase("chunked") && List.of(others.split(",", -1)).stream().map(String::strip)
                .allMatch(each -> HttpCharacters.isToken(each) && !each.equalsIgnoreCase("chunked"))) {
            throw HttpHeadException.unsupportedCoding(value);
        }
        throw HttpHeadException.malformed("Transfer-Encoding must be 'chunked'");
    }

    private static long length(List<String> lengths) throws HttpHeadException {
        if (lengths.size() > 1) {
            throw HttpHeadException.malformed("more than one Content-Length");
        }
        String value = lengths.getFirst();
        long length = 0;
        for (int i = 0; i < value.length(); i++) {
            int digit = value.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw HttpHeadException.malformed("Content-Length must be a number");
            }
            // This exceeds any limit, whatever follows.
            length = length > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : 10 * length + digit;
        }
        if (value.isEmpty()) {
            throw HttpHeadException.malformed("Content-Length must be a number");
        }
        return length;
    }
}
