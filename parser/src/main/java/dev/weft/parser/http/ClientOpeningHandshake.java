package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of the opening handshake (RFC 6455 §4.1) as pure functions; the server's is {@link OpeningHandshake}. May
 * be called from any thread.
 *
 * <pre>{@code
 * byte[] request = ClientOpeningHandshake.request("/chat", "example.com", key, List.of("chat"), null, Headers.EMPTY);
 * switch (ClientOpeningHandshake.check(responseHead, key, List.of("chat"))) {
 *     case ClientOpeningHandshake.Accepted accepted -> open(accepted.subprotocol());
 *     case ClientOpeningHandshake.Declined none -> readBody();
 *     case ClientOpeningHandshake.Invalid invalid -> fail(invalid.reason());
 * }
 * }</pre>
 */
public final class ClientOpeningHandshake {

    /** What a response means for the client. */
    public sealed interface Checked {}

    /**
     * The server has accepted the handshake. The connection is open if the extensions match those that were offered.
     *
     * @param subprotocol
     *            the one that the server chose, if any
     * @param extensions
     *            the values of the {@code Sec-WebSocket-Extensions} header lines, as received
     */
    public record Accepted(Optional<String> subprotocol, List<String> extensions) implements Checked {

        /** Copies the list. */
        public Accepted {
            Objects.requireNonNull(subprotocol, "subprotocol");
            extensions = List.copyOf(extensions);
        }
    }

    /** The status is not 101: a refusal, a redirect, or the answer of a server that does not support WebSocket. */
    public record Declined() implements Checked {}

    /**
     * A response with the status 101 that breaks the protocol: the connection must be failed.
     *
     * @param reason
     *            the broken rule; text from the peer is escaped
     */
    public record Invalid(String reason) implements Checked {

        /** Requires a reason. */
        public Invalid {
            Objects.requireNonNull(reason, "reason");
        }
    }

    private ClientOpeningHandshake() {}

    /**
     * The bytes of the request that opens a connection (§4.1).
     *
     * @param target
     *            path and query of the resource, in origin form
     * @param host
     *            the host and, after a colon, the port if it is not the scheme's default
     * @param key
     *            16 random bytes in base64, new for each request
     * @param subprotocols
     *            the offered subprotocols, the preferred one first; may be empty
     * @param extensionsOrNull
     *            the value of {@code Sec-WebSocket-Extensions}
     * @param extra
     *            more headers, such as {@code Origin} or {@code Authorization}
     * @throws IllegalArgumentException if the target is not in origin form, the host is not valid, the key is not 16
     * bytes in base64, a subprotocol is not a token or is offered twice, the extensions are not a valid header value,
     * or an extra header belongs to the handshake ({@code Host}, {@code Upgrade}, {@code Connection},
     * {@code Sec-WebSocket-…}) or describes a body ({@code Content-Length}, {@code Transfer-Encoding})
     */
    @SuppressWarnings("exports") // callers need no annotations
    public static byte[] request(String target, String host, String key, List<String> subprotocols,
            @Nullable String extensionsOrNull, Headers extra) {
        requireRequest(target, host, key);
        Headers.Builder headers = Headers.builder().add("Host", host).add("Upgrade", "websocket")
                .add("Connection", "Upgrade").add("Sec-WebSocket-Key", key)
                .add("Sec-WebSocket-Version", OpeningHandshake.VERSION);
        if (!subprotocols.isEmpty()) {
            requireDifferentTokens(subprotocols);
            headers.add("Sec-WebSocket-Protocol", String.join(", ", subprotocols));
        }
        if (extensionsOrNull != null) {
            headers.add("Sec-WebSocket-Extensions", extensionsOrNull);
        }
        extra.forEach((name, value) -> headers.add(requireExtra(name), value));
        StringBuilder head = new StringBuilder(256).append("GET ").append(target).append(" HTTP/1.1\r\n");
        headers.build().appendTo(head);
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    private static void requireRequest(String target, String host, String key) {
        if (!HttpCharacters.isOriginForm(target)) {
            throw new IllegalArgumentException("not a target in origin form: '" + HttpCharacters.escaped(target) + "'");
        }
        if (!HostSyntax.isValid(host)) {
            throw new IllegalArgumentException("not a host: '" + HttpCharacters.escaped(host) + "'");
        }
        if (!OpeningHandshake.isKey(key)) {
            throw new IllegalArgumentException("the key is not 16 bytes in base64");
        }
    }

    /** §4.1: subprotocols must differ from each other. */
    private static void requireDifferentTokens(List<String> subprotocols) {
        Set<String> seen = new HashSet<>();
        for (String subprotocol : subprotocols) {
            if (!HttpCharacters.isToken(subprotocol)) {
                throw new IllegalArgumentException("not a subprotocol: '" + HttpCharacters.escaped(subprotocol) + "'");
            }
            if (!seen.add(subprotocol)) {
                throw new IllegalArgumentException("the subprotocol '" + subprotocol + "' is offered twice");
            }
        }
    }

    /**
     * Returns the name if a caller may add a header of this name to a request.
     *
     * @throws IllegalArgumentException
     *             if the handshake itself sets it, or it describes a body
     */
    public static String requireExtra(String name) {
        if (name.toLowerCase(Locale.ROOT).equals("host")) {
            throw new IllegalArgumentException(name + " is set by the handshake itself");
        }
        return OpeningHandshake.requireExtra(name);
    }

    /**
     * Checks a response head according to §4.1, except the parameters of the extensions. Takes time linear in the
     * length of the head.
     *
     * @param head
     *            the head of the response
     * @param key
     *            the key of the request
     * @param offered
     *            the subprotocols of the request
     */
    public static Checked check(ResponseHead head, String key, List<String> offered) {
        if (head.status() != 101) {
            return new Declined();
        }
        Headers headers = head.headers();
        // RFC 9110 §7.8: HTTP/1.0 has no Upgrade.
        if (head.minorVersion() == 0) {
            return new Invalid("§4.2.2: the response is not by HTTP/1.1 or higher");
        }
        if (headers.count("Upgrade") != 1
                || !headers.first("Upgrade").orElseThrow().equalsIgnoreCase("websocket")) {
            return new Invalid("§4.1: Upgrade must be websocket, and is " + named(headers, "Upgrade"));
        }
        if (!headers.containsToken("Connection", "Upgrade")) {
            return new Invalid("§4.1: Connection must name Upgrade, and is " + named(headers, "Connection"));
        }
        if (headers.count("Sec-WebSocket-Accept") != 1
                || !headers.first("Sec-WebSocket-Accept").orElseThrow().equals(OpeningHandshake.acceptKey(key))) {
            return new Invalid("§4.1: Sec-WebSocket-Accept does not answer the key: "
                    + named(headers, "Sec-WebSocket-Accept"));
        }
        Optional<String> subprotocol = headers.first("Sec-WebSocket-Protocol");
        if (headers.count("Sec-WebSocket-Protocol") > 1 || subprotocol.isPresent()
                && !offered.contains(subprotocol.get())) {
            return new Invalid("§4.1: Sec-WebSocket-Protocol must be one that was offered, and is "
                    + named(headers, "Sec-WebSocket-Protocol"));
        }
        return new Accepted(subprotocol, headers.all("Sec-WebSocket-Extensions"));
    }

    /** The header's values, for an error message. */
    private static String named(Headers headers, String name) {
        List<String> values = headers.all(name);
        return values.isEmpty() ? "absent" : "'" + HttpCharacters.escaped(String.join("', '", values)) + "'";
    }
}
