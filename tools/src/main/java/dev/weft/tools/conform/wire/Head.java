package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The head of a request or of a response, valid or invalid, to send or as received (RFC 9112 §2).
 *
 * @param line   the request line or the status line
 * @param fields the header lines in order
 */
public record Head(String line, List<String> fields) {
    private static final int MAX_LENGTH = 65_536;

    /**
     * Reads a head, and not a byte more.
     *
     * @param what names the head in messages
     * @return the head, or {@code null} if the stream ends before its first byte
     * @throws Failure if the stream ends inside the head, or the head is too long
     */
    static Head read(InputStream in, String what) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        for (int state = 0; state < 4;) {
            int b = in.read();
            if (b < 0) {
                if (head.size() == 0) {
                    return null;
                }
                throw new Failure("the stream ended inside the head of the " + what);
            }
            head.write(b);
            state = b == "\r\n\r\n".charAt(state) ? state + 1 : b == '\r' ? 1 : 0;
            if (head.size() > MAX_LENGTH) {
                throw new Failure("the head of the " + what + " is longer than " + MAX_LENGTH + " bytes");
            }
        }
        String[] lines = head.toString(ISO_8859_1).split("\r\n");
        if (lines.length == 0) {
            throw new Failure("the head of the " + what + " has no lines");
        }
        return new Head(lines[0], List.copyOf(Arrays.asList(lines).subList(1, lines.length)));
    }

    /** The same with another first line. */
    public Head line(String other) {
        return new Head(other, fields);
    }

    /** The same without the lines of a header. */
    public Head without(String name) {
        List<String> rest = new ArrayList<>(fields);
        rest.removeIf(field -> isNamed(field, name));
        return new Head(line, rest);
    }

    /** The same with more header lines. */
    public Head with(String... more) {
        List<String> all = new ArrayList<>(fields);
        all.addAll(List.of(more));
        return new Head(line, all);
    }

    /** The same with this line in place of the header line with the same name. */
    public Head replace(String field) {
        String name = field.substring(0, field.indexOf(':')).strip();
        return each(old -> isNamed(old, name) ? field : old);
    }

    /** The same with each header line changed. */
    public Head each(UnaryOperator<String> change) {
        return new Head(line, fields.stream().map(change).toList());
    }

    /** The same with its header lines in the opposite order. */
    public Head reversed() {
        return new Head(line, fields.reversed());
    }

    /** The same with the names of its headers in capitals, or in small letters. */
    public Head renamed(boolean capitals) {
        return each(field -> {
            String name = field.substring(0, field.indexOf(':'));
            return (capitals ? name.toUpperCase(Locale.ROOT) : name.toLowerCase(Locale.ROOT))
                    + field.substring(field.indexOf(':'));
        });
    }

    /** The values of a header's lines. */
    public List<String> values(String name) {
        return fields.stream().filter(field -> isNamed(field, name))
                .map(field -> field.substring(field.indexOf(':') + 1).strip()).toList();
    }

    /** The elements of a header that is a list, over all its lines. */
    public List<String> tokens(String name) {
        return values(name).stream().flatMap(value -> Stream.of(value.split(","))).map(String::strip)
                .filter(token -> !token.isEmpty()).toList();
    }

    private static boolean isNamed(String field, String name) {
        return field.regionMatches(true, 0, name + ":", 0, name.length() + 1);
    }

    /** The bytes of the head. */
    public byte[] bytes() {
        return (line + "\r\n" + String.join("\r\n", fields) + "\r\n\r\n").getBytes(ISO_8859_1);
    }
}
