package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/**
 * The server's answer to the opening handshake (RFC 6455 §4.2.2).
 *
 * @param status the status code
 * @param head   the status line and the header lines
 */
public record Response(int status, Head head) {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /**
     * Reads the head of a response, and no byte after it.
     *
     * @return the response, or {@code null} if the stream ends before its first byte
     * @throws Failure if the bytes are not a valid head
     */
    static Response read(InputStream in) throws IOException {
        Head head = Head.read(in, "response");
        if (head == null) {
            return null;
        }
        if (!head.line().matches("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) {
            throw new Failure("not a status line: " + head.line());
        }
        return new Response(Integer.parseInt(head.line().substring(9, 12)), head);
    }

    /** The values of all lines of a header. */
    public List<String> values(String name) {
        return head.values(name);
    }

    /** The elements of a list header, from all its lines. */
    public List<String> tokens(String name) {
        return head.tokens(name);
    }

    /**
     * Checks that this response accepts the request correctly.
     *
     * @throws Failure if it does not
     */
    void checkAccepts(Upgrade request) {
        if (status != 101) {
            throw new Failure("§4.2.2: expected 101, got " + status);
        }
        require(values("Upgrade").size() == 1 && values("Upgrade").getFirst().equalsIgnoreCase("websocket"),
                "§4.2.2: expected Upgrade: websocket, got " + values("Upgrade"));
        require(tokens("Connection").stream().anyMatch("upgrade"::equalsIgnoreCase),
                "§4.2.2: expected Connection: Upgrade, got " + values("Connection"));
        require(values("Sec-WebSocket-Accept").equals(List.of(accept(request.key()))),
                "§4.2.2: Sec-WebSocket-Accept " + values("Sec-WebSocket-Accept") + " does not match the key");
        require(values("Content-Length").isEmpty() && values("Transfer-Encoding").isEmpty(),
                "RFC 9110 §15.2: a response with status 101 has no body");
        List<String> protocols = values("Sec-WebSocket-Protocol");
        List<String> offered = request.head().tokens("Sec-WebSocket-Protocol");
        require(protocols.size() <= 1 && offered.containsAll(protocols),
                "§4.1: subprotocol " + protocols + " is not among those offered: " + offered);
        List<String> extensions = request.head().tokens("Sec-WebSocket-Extensions").stream().map(Response::name)
                .toList();
        for (String extension : tokens("Sec-WebSocket-Extensions")) {
            require(extensions.contains(name(extension)), "§4.1: extension " + extension + " was not offered");
        }
    }

    private static String name(String extension) {
        return extension.split(";")[0].strip();
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new Failure(otherwise);
        }
    }

    /** The value of Sec-WebSocket-Accept for a key. */
    static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
