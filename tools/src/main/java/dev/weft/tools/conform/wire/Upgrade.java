package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The head of an opening handshake request, valid or invalid (RFC 6455 §4.1).
 *
 * @param line   the request line
 * @param key    the value of Sec-WebSocket-Key that the answer must match
 * @param fields the header lines in order
 */
public record Upgrade(String line, String key, List<String> fields) {
    private static final Random RANDOM = new Random();

    /** A valid request without extensions. */
    public static Upgrade to(Settings settings) {
        byte[] nonce = new byte[16];
        RANDOM.nextBytes(nonce);
        String key = Base64.getEncoder().encodeToString(nonce);
        return new Upgrade("GET " + settings.path() + " HTTP/1.1", key, List.of("Host: " + settings.authority(),
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + key,
                "Sec-WebSocket-Version: 13"));
    }

    /** This request with another request line. */
    public Upgrade line(String other) {
        return new Upgrade(other, key, fields);
    }

    /** This request without any line of this header. */
    public Upgrade without(String name) {
        List<String> rest = new ArrayList<>(fields);
        rest.removeIf(field -> isNamed(field, name));
        return new Upgrade(line, key, rest);
    }

    /** This request with more header lines. */
    public Upgrade with(String... more) {
        List<String> all = new ArrayList<>(fields);
        all.addAll(List.of(more));
        return new Upgrade(line, key, all);
    }

    /** This request with this line in place of the header line with the same name. */
    public Upgrade replace(String field) {
        String name = field.substring(0, field.indexOf(':')).strip();
        List<String> all = new ArrayList<>(fields);
        all.replaceAll(old -> isNamed(old, name) ? field : old);
        return new Upgrade(line, key, all);
    }

    /** This request with another key, which the answer is checked against. */
    public Upgrade key(String other) {
        return new Upgrade(line, other, fields).replace("Sec-WebSocket-Key: " + other);
    }

    /** This request with an offer of extensions. */
    public Upgrade offering(String extensions) {
        return with("Sec-WebSocket-Extensions: " + extensions);
    }

    /** The values of all lines of a header. */
    public List<String> values(String name) {
        return fields.stream().filter(field -> isNamed(field, name))
                .map(field -> field.substring(field.indexOf(':') + 1).strip()).toList();
    }

    private static boolean isNamed(String field, String name) {
        return field.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":");
    }

    /** The bytes of the head. */
    public byte[] bytes() {
        return (line + "\r\n" + String.join("\r\n", fields) + "\r\n\r\n").getBytes(ISO_8859_1);
    }
}
