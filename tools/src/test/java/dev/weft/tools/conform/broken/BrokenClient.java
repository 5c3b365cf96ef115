package dev.weft.tools.conform.broken;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.tools.conform.wire.Side;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/** An echo client that is correct except for one fault. With {@link Fault#NONE}, it passes the suite. */
public final class BrokenClient {
    private static final String FIELD = "[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e\\x80-\\xff]*";
    private static final int MAX_HEAD = 32_768;
    private static final int MAX_FIELDS = 100;
    private static final int TIMEOUT_MILLIS = 60_000;

    private final Fault fault;
    private final int port;

    /** A client for a server on this machine. */
    public BrokenClient(Fault fault, int port) {
        this.fault = fault;
        this.port = port;
    }

    private boolean has(Fault other) {
        return fault == other;
    }

    /** Opens a connection and echoes until it ends. */
    public void visit(String target) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            InputStream in = new BufferedInputStream(socket.getInputStream(), 16_384);
            String key = Base64.getEncoder().encodeToString(nonce());
            socket.getOutputStream().write(request(target, key).getBytes(ISO_8859_1));
            String[] head = readHead(in);
            String extensions = head == null ? "" : String.join(", ", values(head, "sec-websocket-extensions"));
            BrokenDeflate deflate = extensions.isEmpty() ? null : BrokenDeflate.answered(fault, extensions);
            if (head == null || !isGood(head, key)
                    || !extensions.isEmpty() && deflate == null && !has(Fault.IGNORES_EXTENSION)) {
                if (has(Fault.CLOSES_UNESTABLISHED)) {
                    socket.getOutputStream().write(new byte[]{(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, 3, (byte) 0xea});
                    BrokenServer.drain(socket);
                }
                return;
            }
            if (has(Fault.DROPS_FIRST_FRAMES)) {
                in.skip(in.available());
            }
            new BrokenConnection(fault, Side.CLIENT, socket, in, deflate).run();
        } catch (IOException | RuntimeException e) {
            // The server has ended the connection; the test checks what the suite has found.
        }
    }

    private byte[] nonce() {
        byte[] nonce = new byte[has(Fault.SENDS_SHORT_KEY) ? 15 : 16];
        if (!has(Fault.SAME_KEY)) {
            new Random().nextBytes(nonce);
        }
        return nonce;
    }

    private String request(String target, String key) {
        return "GET " + target + " HTTP/1.1\r\n" + (has(Fault.SENDS_NO_HOST) ? "" : "Host: 127.0.0.1:" + port + "\r\n")
                + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key
                + "\r\nSec-WebSocket-Version: " + (has(Fault.SENDS_VERSION_8) ? 8 : 13)
                + "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    }

    /** The lines of the last head, or {@code null} if there is none or it is too long. */
    private String[] readHead(InputStream in) throws IOException {
        for (int heads = 0; heads < 10; heads++) {
            StringBuilder head = new StringBuilder();
            while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
                int b = in.read();
                if (b < 0 || head.length() > (has(Fault.NO_HEAD_LIMIT) ? 1 << 28 : 16 * MAX_HEAD)) {
                    return null;
                }
                head.append((char) b);
            }
            String[] lines = head.toString().split("\r\n");
            boolean limited = lines.length <= MAX_FIELDS && head.length() <= MAX_HEAD;
            if (!limited && !has(Fault.NO_FIELD_LIMIT)) {
                return null;
            }
            boolean interim = lines[0].matches("HTTP/1\\.1 1[0-9]{2}( .*)?") && !lines[0].startsWith("HTTP/1.1 101");
            if (!interim || has(Fault.REFUSES_INTERIM)) {
                return lines;
            }
        }
        return null;
    }

    private boolean isGood(String[] head, String key) {
        String status = has(Fault.IGNORES_STATUS) ? "[0-9]{3}" : "101";
        String version = has(Fault.LAX_STATUS_LINE) ? "HTTP/\\S+" : "HTTP/1\\.1";
        List<String> upgrade = values(head, "upgrade");
        List<String> connection = Stream.of(String.join(",", values(head, "connection")).split(","))
                .map(token -> token.strip().toLowerCase(Locale.ROOT)).toList();
        boolean upgrades = has(Fault.IGNORES_UPGRADE) || upgrade.size() == 1
                && (upgrade.getFirst().equalsIgnoreCase("websocket")
                        || has(Fault.UPGRADE_LIKE) && upgrade.getFirst().startsWith("websocket"));
        boolean exact = !has(Fault.NEEDS_EXACT_CONNECTION) || connection.size() == 1;
        boolean capitals = !has(Fault.NEEDS_CAPITALS)
                || Arrays.stream(head).anyMatch(line -> line.startsWith("Upgrade"));
        return head[0].matches(version + " " + status + "( .*)?")
                && Arrays.stream(head).skip(1).allMatch(line -> line.matches(FIELD)) && upgrades && exact && capitals
                && (connection.contains("upgrade") || has(Fault.IGNORES_CONNECTION))
                && (values(head, "sec-websocket-protocol").isEmpty() || has(Fault.IGNORES_SUBPROTOCOL))
                && isAccepted(values(head, "sec-websocket-accept"), accept(key));
    }

    private boolean isAccepted(List<String> values, String expected) {
        if (values.isEmpty() && has(Fault.NEEDS_NO_ACCEPT) || has(Fault.IGNORES_ACCEPT)) {
            return true;
        }
        if (values.size() != 1) {
            return false;
        }
        String value = values.getFirst();
        return value.equals(expected) || has(Fault.COMPARES_ACCEPT_PREFIX) && value.startsWith(expected)
                || has(Fault.COMPARES_ACCEPT_WITHOUT_CASE) && value.equalsIgnoreCase(expected);
    }

    private static String accept(String key) {
        try {
            String guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest((key + guid).getBytes(ISO_8859_1)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> values(String[] head, String name) {
        return Arrays.stream(head).filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip()).toList();
    }
}
