package dev.weft.tools.conform.wire;

import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * The request of an opening handshake, valid or invalid (RFC 6455 §4.1).
 *
 * @param key  the value of Sec-WebSocket-Key that the answer must match
 * @param head the head of the request
 */
public record Upgrade(String key, Head head) {
    private static final Random RANDOM = new Random();

    /** A valid request without extensions. */
    public static Upgrade to(Settings settings) {
        byte[] nonce = new byte[16];
        RANDOM.nextBytes(nonce);
        String key = Base64.getEncoder().encodeToString(nonce);
        return new Upgrade(key, new Head("GET " + settings.path() + " HTTP/1.1", List.of(
                "Host: " + settings.authority(), "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Version: 13")));
    }

    /** The same with another head, against which the answer is not checked. */
    public Upgrade head(UnaryOperator<Head> change) {
        return new Upgrade(key, change.apply(head));
    }

    /** This request with another request line. */
    public Upgrade line(String other) {
        return head(old -> old.line(other));
    }

    /** This request without any line of this header. */
    public Upgrade without(String name) {
        return head(old -> old.without(name));
    }

    /** This request with more header lines. */
    public Upgrade with(String... more) {
        return head(old -> old.with(more));
    }

    /** This request with this line in place of the header line with the same name. */
    public Upgrade replace(String field) {
        return head(old -> old.replace(field));
    }

    /** This request with another key, which the answer is checked against. */
    public Upgrade key(String other) {
        return new Upgrade(other, head.replace("Sec-WebSocket-Key: " + other));
    }

    /** This request with an offer of extensions. */
    public Upgrade offering(String extensions) {
        return with("Sec-WebSocket-Extensions: " + extensions);
    }

    /** The bytes of the head. */
    public byte[] bytes() {
        return head.bytes();
    }
}
