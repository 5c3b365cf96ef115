package dev.weft.tools.conform.broken;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The server's side of the opening handshake. */
final class BrokenHandshake {
    private static final String FIELD = "[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e\\x80-\\xff]*";
    private static final int MAX_HEAD = 32_768;
    private static final int MAX_FIELDS = 100;

    private final Fault fault;
    private final Socket socket;
    private final InputStream in;
    private String[] lines;
    private BrokenDeflate deflate;

    BrokenHandshake(Fault fault, Socket socket) throws IOException {
        this.fault = fault;
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), 16_384);
    }

    /** The bytes after the head. */
    InputStream in() {
        return in;
    }

    /** The agreed compression; {@code null} if there is none. */
    BrokenDeflate deflate() {
        return deflate;
    }

    /** Answers the request; returns whether with 101. */
    boolean shake() throws IOException {
        int status = readHead();
        if (status == 0) {
            status = judge();
        }
        if (status != 101) {
            String more = status == 426
                    ? "Upgrade: websocket\r\n"
                            + (fault == Fault.HIDES_VERSION ? "" : "Sec-WebSocket-Version: 13\r\n")
                    : "";
            write("HTTP/1.1 " + status + " No\r\n" + more + "Content-Length: 0\r\nConnection: close\r\n\r\n");
            return false;
        }
        if (fault == Fault.DROPS_FIRST_FRAMES) {
            in.skip(in.available());
        } else if (fault == Fault.LOSES_HALF_FRAME && in.available() < 40) {
            in.skip(in.available());
        }
        accept();
        return true;
    }

    private int readHead() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            int b = in.read();
            if (b < 0) {
                return 400;
            }
            head.append((char) b);
            if (head.length() > MAX_HEAD) {
                return 431;
            }
        }
        lines = head.toString().split("\r\n");
        return lines.length > MAX_FIELDS ? 431 : 0;
    }

    private int judge() {
        if (lines.length == 0 || !lines[0].matches("[A-Za-z]+ \\S+ HTTP/1\\.[01]")
                || !Arrays.stream(lines).skip(1).allMatch(line -> line.matches(FIELD))) {
            return 400;
        }
        boolean get = lines[0].startsWith("GET ") || fault == Fault.ACCEPTS_POST && lines[0].startsWith("POST ");
        if (!get) {
            return 405;
        }
        String connection = fault == Fault.NEEDS_EXACT_CONNECTION ? String.join("", values("connection")) : "";
        if (lines[0].endsWith("1.0") || values("host").size() != 1 || !tokens("upgrade").contains("websocket")
                || !tokens("connection").contains("upgrade") || connection.contains(",")
                || fault == Fault.NEEDS_CAPITALS
                        && Arrays.stream(lines).noneMatch(line -> line.startsWith("Upgrade"))) {
            return 400;
        }
        List<String> versions = values("sec-websocket-version");
        if (versions.size() != 1) {
            return 400;
        }
        boolean good = versions.getFirst().equals("13")
                || fault == Fault.ACCEPTS_VERSION_12 && versions.getFirst().equals("12");
        if (!good) {
            return 426;
        }
        List<String> keys = values("sec-websocket-key");
        if (keys.isEmpty() && fault == Fault.ACCEPTS_NO_KEY) {
            return 101;
        }
        return keys.size() == 1 && isKey(keys.getFirst()) ? 101 : 400;
    }

    private boolean isKey(String key) {
        try {
            int length = Base64.getDecoder().decode(key).length;
            return length == 16 || fault == Fault.ACCEPTS_SHORT_KEY && length == 15;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void accept() throws IOException {
        String key = String.join("", values("sec-websocket-key"));
        StringBuilder head = new StringBuilder("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept(key) + "\r\n");
        if (fault == Fault.NAMES_SUBPROTOCOL) {
            head.append("Sec-WebSocket-Protocol: chat\r\n");
        }
        if (fault == Fault.NAMES_EXTENSION && !values("sec-websocket-extensions").isEmpty()) {
            head.append("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        } else {
            deflate = BrokenDeflate.negotiate(fault, values("sec-websocket-extensions"));
            if (deflate != null) {
                head.append("Sec-WebSocket-Extensions: ").append(deflate.response()).append("\r\n");
            }
        }
        write(head + "\r\n");
    }

    private String accept(String key) {
        try {
            String guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + guid).getBytes(ISO_8859_1));
            digest[19] ^= (byte) (fault == Fault.WRONG_ACCEPT ? 1 : 0);
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> values(String name) {
        List<String> values = new ArrayList<>();
        for (String line : lines) {
            if (line.toLowerCase(Locale.ROOT).startsWith(name + ":")) {
                values.add(line.substring(name.length() + 1).strip());
            }
        }
        return values;
    }

    private List<String> tokens(String name) {
        return values(name).stream().flatMap(value -> Stream.of(value.split(",")))
                .map(token -> token.strip().toLowerCase(Locale.ROOT)).toList();
    }

    private void write(String head) throws IOException {
        socket.getOutputStream().write(head.getBytes(ISO_8859_1));
    }
}
