package dev.weft.tools.conform.wire;

import java.util.Base64;
import java.util.List;

/**
 * A client's request of the opening handshake (RFC 6455 §4.1), and the answer to it (§4.2.2).
 *
 * @param head its head
 */
record Request(Head head) {
    private static final int NONCE_LENGTH = 16;

    /**
     * Checks that this asks for a WebSocket as a client must.
     *
     * @throws Failure if it does not
     */
    void check() {
        require(head.line().matches("GET [!-~]+ HTTP/1\\.1"), "the request line is \"" + head.line() + '"');
        for (String field : head.fields()) {
            require(field.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t -~\\x80-\\xff]*"), "header line \"" + field + '"');
        }
        require(head.values("Host").size() == 1 && !head.values("Host").getFirst().isEmpty(),
                "expected one Host, got " + head.values("Host"));
        require(head.tokens("Upgrade").stream().anyMatch("websocket"::equalsIgnoreCase),
                "expected Upgrade: websocket, got " + head.values("Upgrade"));
        require(head.tokens("Connection").stream().anyMatch("upgrade"::equalsIgnoreCase),
                "expected Connection: Upgrade, got " + head.values("Connection"));
        require(head.values("Sec-WebSocket-Version").equals(List.of("13")),
                "expected version 13, got " + head.values("Sec-WebSocket-Version"));
        List<String> keys = head.values("Sec-WebSocket-Key");
        require(keys.size() == 1 && isKey(keys.getFirst()), "expected the base64 of 16 bytes as the key, got " + keys);
    }

    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == NONCE_LENGTH && key.length() == 24;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new Failure("§4.1: " + otherwise);
        }
    }

    /** The head of the response that accepts this, without extension or subprotocol. */
    Head answer() {
        return new Head("HTTP/1.1 101 Switching Protocols", List.of("Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: " + Response.accept(head.values("Sec-WebSocket-Key").getFirst())));
    }
}
