package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of the opening handshake (RFC 6455 §4.2) as pure functions; the client's is {@link
 * ClientOpeningHandshake}. May be called from any thread.
 *
 * <pre>{@code
 * byte[] reply = switch (OpeningHandshake.check(head)) {
 *     case OpeningHandshake.Upgrade upgrade -> upgrade.accept("chat", null, Headers.EMPTY);
 *     case OpeningHandshake.NotUpgrade none -> OpeningHandshake.notUpgraded().encode();
 *     case OpeningHandshake.Refused refused -> refused.response().encode();
 * };
 * }</pre>
 */
public final class OpeningHandshake {

    /** §1.3: distinguishes an endpoint that understands WebSocket from one that echoes the key. */
    private static final byte[] GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11".getBytes(ISO_8859_1);
    static final String VERSION = "13";
    /** §4.1: 16 bytes in base64 are 22 characters plus two padding characters. */
    private static final int KEY_LENGTH = 24;
    private static final int KEY_DIGITS = 22;
    private static final String BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    /** Never updated, only cloned: {@code getInstance} stores data on each thread that calls it. */
    private static final MessageDigest SHA_1 = sha1();
    private static final Set<String> OWN_HEADERS = Set.of("upgrade", "connection", "content-length",
            "transfer-encoding");

    private static final List<String> NO_LENGTH = List.of("0");

    /** The kind of a request, determined from its head. */
    public sealed interface Checked {}

    /**
     * A valid opening handshake, which may be accepted.
     *
     * @param key
     *            the {@code Sec-WebSocket-Key}
     * @param subprotocols
     *            the offered subprotocols, the preferred one first
     * @param extensionOffers
     *            the values of the {@code Sec-WebSocket-Extensions} header lines, as received
     */
    public record Upgrade(String key, List<String> subprotocols, List<String> extensionOffers) implements Checked {

        /** Copies the lists. */
        public Upgrade {
            Objects.requireNonNull(key, "key");
            subprotocols = List.copyOf(subprotocols);
            extensionOffers = List.copyOf(extensionOffers);
        }

        /**
         * Like {@link OpeningHandshake#acceptResponse} with this key.
         *
         * @throws IllegalArgumentException
         *             also if the subprotocol was not offered (§4.2.2)
         */
        @SuppressWarnings("exports") // callers need no annotations
        public byte[] accept(@Nullable String subprotocolOrNull, @Nullable String extensionsOrNull, Headers extra) {
            if (subprotocolOrNull != null && !subprotocols.contains(subprotocolOrNull)) {
                throw new IllegalArgumentException(
                        "the subprotocol '" + HttpCharacters.escaped(subprotocolOrNull) + "' was not offered");
            }
            return acceptResponse(key, subprotocolOrNull, extensionsOrNull, extra);
        }
    }

    /**
     * A request that does not ask for an upgrade to WebSocket, or cannot ask for it because it is HTTP/1.0 or its
     * method is not GET. Its other headers may be invalid.
     */
    public record NotUpgrade() implements Checked {}

    /**
     * A request that must not be accepted.
     *
     * @param response the answer, after which the connection is closed
     */
    public record Refused(HttpResponse response) implements Checked {}

    private OpeningHandshake() {}

    /** Checks a request head according to §4.2.1. Takes time linear in the length of the head. */
    public static Checked check(RequestHead head) {
        Headers headers = head.headers();
        // RFC 9112 §3.2: every request, not only an upgrade, has exactly one valid Host; HTTP/1.0 did not have it.
        int hosts = headers.count("Host");
        if (hosts > 1 || hosts == 0 && head.minorVersion() > 0
                || !headers.first("Host").map(HostSyntax::isValid).orElse(true)) {
            return badRequest("exactly one valid Host is required");
        }
        // RFC 9110 §7.8: Upgrade is ignored in an HTTP/1.0 request: a proxy forwarded it without understanding it. A server
        // may ignore it in any request, and WebSocket is defined only for GET.
        if (head.minorVersion() == 0 || !head.method().equals("GET")
                || !headers.containsToken("Upgrade", "websocket")) {
            return new NotUpgrade();
        }
        if (!headers.containsToken("Connection", "Upgrade")) {
            return badRequest("Connection must name Upgrade");
        }
        // A proxy might treat as a body the bytes that we treat as frames.
        if (hasBody(headers)) {
            return badRequest("a handshake has no body");
        }
        // RFC 6454 §7.3: if there are two, the one that a policy checks may not be the browser's.
        if (headers.count("Origin") > 1) {
            return badRequest("more than one Origin");
        }
        return checkWebSocketHeaders(headers);
    }

    /** RFC 9112 §6.3: {@code Content-Length: 0} is no body, and some clients and proxies send it with every request. */
    private static boolean hasBody(Headers headers) {
        List<String> lengths = headers.all("Content-Length");
        return headers.contains("Transfer-Encoding") || !lengths.isEmpty() && !lengths.equals(NO_LENGTH);
    }

    private static Checked checkWebSocketHeaders(Headers headers) {
        // The version is checked before the key: drafts have other keys, and their clients should learn which version is
        // supported (§4.4).
        if (headers.count("Sec-WebSocket-Version") > 1) {
            return badRequest("more than one Sec-WebSocket-Version");
        }
        if (!headers.first("Sec-WebSocket-Version").orElse("").equals(VERSION)) {
            return new Refused(upgradeRequired("WebSocket version 13 is required\n")
                    .withHeader("Sec-WebSocket-Version", VERSION));
        }
        String key = headers.first("Sec-WebSocket-Key").orElse("");
        if (headers.count("Sec-WebSocket-Key") != 1 || !isKey(key)) {
            return badRequest("exactly one Sec-WebSocket-Key of 16 bytes in base64 is required");
        }
        // §4.1, §11.3.4: tokens that differ from each other; RFC 9110 §5.6.1: empty elements do not count.
        Set<String> subprotocols = new LinkedHashSet<>();
        for (String subprotocol : headers.tokens("Sec-WebSocket-Protocol")) {
            if (!HttpCharacters.isToken(subprotocol) || !subprotocols.add(subprotocol)) {
                return badRequest("Sec-WebSocket-Protocol must list different tokens");
            }
        }
        return new Upgrade(key, List.copyOf(subprotocols), headers.all("Sec-WebSocket-Extensions"));
    }

    /** Whether this decodes to 16 bytes; excess bits in the last character are ignored (RFC 4648 §3.5). */
    static boolean isKey(String key) {
        if (key.length() != KEY_LENGTH || !key.endsWith("==")) {
            return false;
        }
        for (int i = 0; i < KEY_DIGITS; i++) {
            if (BASE64.indexOf(key.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    private static Refused badRequest(String reason) {
        return new Refused(HttpResponse.text(400, reason + "\n"));
    }

    /** The default answer to a request that is not an upgrade: 426. */
    public static HttpResponse notUpgraded() {
        return upgradeRequired("This is a WebSocket endpoint\n");
    }

    /** RFC 9110 §15.5.22: a 426 names the protocol. */
    private static HttpResponse upgradeRequired(String text) {
        return HttpResponse.text(426, text).withHeader("Upgrade", "websocket");
    }

    /**
     * Returns the value of {@code Sec-WebSocket-Accept} that answers a key (§4.2.2, 5.4).
     *
     * @param key
     *            a {@code Sec-WebSocket-Key}
     */
    public static String acceptKey(String key) {
        try {
            MessageDigest digest = (MessageDigest) SHA_1.clone();
            digest.update(key.getBytes(ISO_8859_1));
            digest.update(GUID);
            return Base64.getEncoder().encodeToString(digest.digest());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the SHA-1 of this Java runtime cannot be cloned", e);
        }
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-1", e);
        }
    }

    /**
     * The bytes of the reply that opens the connection (§4.2.2): 101. {@link Upgrade#accept} checks whether the subprotocol was
     * offered; this method does not.
     *
     * @param key
     *            the key of the request
     * @param subprotocolOrNull
     *            the chosen subprotocol
     * @param extensionsOrNull
     *            the value of {@code Sec-WebSocket-Extensions}
     * @param extra
     *            more headers
     * @throws IllegalArgumentException if the subprotocol is not a token, the extensions are not a valid header value,
     * or an extra header belongs to the handshake ({@code Upgrade}, {@code Connection}, {@code Sec-WebSocket-…}) or
     * describes a body ({@code Content-Length}, {@code Transfer-Encoding})
     */
    @SuppressWarnings("exports") // callers need no annotations
    public static byte[] acceptResponse(String key, @Nullable String subprotocolOrNull,
            @Nullable String extensionsOrNull, Headers extra) {
        Headers.Builder headers = Headers.builder().add("Upgrade", "websocket").add("Connection", "Upgrade")
                .add("Sec-WebSocket-Accept", acceptKey(key));
        if (subprotocolOrNull != null) {
            if (!HttpCharacters.isToken(subprotocolOrNull)) {
                throw new IllegalArgumentException(
                        "not a subprotocol: '" + HttpCharacters.escaped(subprotocolOrNull) + "'");
            }
            headers.add("Sec-WebSocket-Protocol", subprotocolOrNull);
        }
        if (extensionsOrNull != null) {
            headers.add("Sec-WebSocket-Extensions", extensionsOrNull);
        }
        extra.forEach((name, value) -> headers.add(requireExtra(name), value));
        StringBuilder head = new StringBuilder(256).append("HTTP/1.1 101 Switching Protocols\r\n");
        headers.build().appendTo(head);
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    /**
     * Returns the name if a caller may add a header of this name to the response.
     *
     * @throws IllegalArgumentException
     *             if the handshake itself sets it, or it describes a body
     */
    public static String requireExtra(String name) {
        String folded = name.toLowerCase(Locale.ROOT);
        if (OWN_HEADERS.contains(folded) || folded.startsWith("sec-websocket-")) {
            throw new IllegalArgumentException(name + " is set by the handshake itself");
        }
        return name;
    }
}
