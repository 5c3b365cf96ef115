package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** A client of HTTP/1.1 that sends literal bytes, and reads responses on a connection that stays open. */
public final class HttpPeer implements AutoCloseable {
    private final RawPeer peer;

    private HttpPeer(RawPeer peer) {
        this.peer = peer;
    }

    /** A response, whose body is free of chunks. */
    public record Response(String head, byte[] bytes) {
        public int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        public String body() {
            return new String(bytes, ISO_8859_1);
        }

        /** The value of the only header line of this name; empty if there is none. */
        public String header(String name) {
            String value = "";
            for (String line : head.split("\r\n")) {
                if (line.regionMatches(true, 0, name + ": ", 0, name.length() + 2)) {
                    if (!value.isEmpty()) {
                        throw new AssertionError("twice: " + line);
                    }
                    value = line.substring(name.length() + 2);
                }
            }
            return value;
        }
    }

    public static HttpPeer connect(WebSocketServer server) throws IOException {
        return new HttpPeer(RawPeer.connect(server));
    }

    public HttpPeer send(String text) throws IOException {
        peer.text(text);
        return this;
    }

    /** A request without a body. */
    public HttpPeer request(String method, String target, String... lines) throws IOException {
        return send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + joined(lines) + "\r\n");
    }

    private static String joined(String... lines) {
        StringBuilder joined = new StringBuilder();
        for (String line : lines) {
            joined.append(line).append("\r\n");
        }
        return joined.toString();
    }

    public Response get(String target, String... lines) throws IOException {
        return request("GET", target, lines).read();
    }

    public Response head(String target, String... lines) throws IOException {
        return request("HEAD", target, lines).readHead();
    }

    /** Reads a response that has no body, whatever its head says. */
    public Response readHead() throws IOException {
        return new Response(peer.readHead(), new byte[0]);
    }

    /** Reads a response up to its end. */
    public Response read() throws IOException {
        Response head = readHead();
        if (head.header("Transfer-Encoding").equals("chunked")) {
            return new Response(head.head(), readChunks());
        }
        String length = head.header("Content-Length");
        if (head.status() == 204 || head.status() == 304) {
            return head;
        }
        return new Response(head.head(), length.isEmpty() ? peer.readToEnd() : bytes(Integer.parseInt(length)));
    }

    private byte[] bytes(int count) throws IOException {
        byte[] bytes = peer.input().readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("the server ended within a body: " + bytes.length + " of " + count);
        }
        return bytes;
    }

    private byte[] readChunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line(), 16);
            body.writeBytes(bytes(size));
            if (!line().isEmpty()) {
                throw new AssertionError("no line end after a chunk");
            }
            if (size == 0) {
                return body.toByteArray();
            }
        }
    }

    private String line() throws IOException {
        InputStream in = peer.input();
        StringBuilder line = new StringBuilder();
        while (line.length() < 2 || !line.substring(line.length() - 2).equals("\r\n")) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("the server ended within a line: " + line);
            }
            line.append((char) b);
        }
        return line.substring(0, line.length() - 2);
    }

    /** Whether the server ends its bytes, and sends no more before. */
    public boolean isEnded() throws IOException {
        return peer.readToEnd().length == 0;
    }

    /** Ends the connection before the block that holds it does. */
    public void leave() throws IOException {
        peer.leave();
    }

    public RawPeer raw() {
        return peer;
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
