package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/**
 * The head of the server's answer to the opening handshake (RFC 6455 §4.2.2).
 *
 * @param status the status code
 * @param fields the header lines
 */
public record Response(int status, List<String> fields) {
    private static final int MAX_LENGTH = 65_536;
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /**
     * Reads a head, and no byte after it.
     *
     * @return the head, or {@code null} if the stream ends before its first byte
     * @throws Failure if the bytes are not a valid head
     */
    static Response read(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        for (int state = 0; state < 4;) {
            int b = in.read();
            if (b < 0) {
                if (head.size() == 0) {
                    return null;
                }
                throw new Failure("the stream ended inside the head of the response");
            }
            head.write(b);
            state = b == "\r\n\r\n".charAt(state) ? state + 1 : b == '\r' ? 1 : 0;
            if (head.size() > MAX_LENGTH) {
                throw new Failure("the head of the response is longer than " + MAX_LENGTH + " bytes");
            }
        }
        String[] lines = head.toString(ISO_8859_1).split("\r\n");
        if (!lines[0].matches("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) {
            throw new Failure("not a status line: " + lines[0]);
        }
        return new Response(Integer.parseInt(lines[0].substring(9, 12)), Arrays.asList(lines).subList(1, lines.length));
    }

    /** The values of all lines of a header. */
    public List<String> values(String name) {
        return fields.stream().filter(field -> field.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(field -> field.substring(name.length() + 1).strip()).toList();
    }

    /** The elements of a list header, from all its lines. */
    public List<String> tokens(String name) {
        return values(name).stream().flatMap(value -> Stream.of(value.split(","))).map(String::strip)
                .filter(token -> !token.isEmpty()).toList();
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
        List<String> offered = request.values("Sec-WebSocket-Protocol").stream()
                .flatMap(value -> Stream.of(value.split(","))).map(String::strip).toList();
        require(protocols.size() <= 1 && offered.containsAll(protocols),
                "§4.1: subprotocol " + protocols + " is not among those offered: " + offered);
        List<String> extensions = request.values("Sec-WebSocket-Extensions").stream()
                .flatMap(value -> Stream.of(value.split(","))).map(Response::name).toList();
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

    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
