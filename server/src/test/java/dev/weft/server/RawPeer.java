package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.TestKeys;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLSocket;

/**
 * A client without any knowledge of WebSocket: literal bytes over a socket, with or without TLS. Bytes are written in
 * hexadecimal. A read fails after ten seconds without a byte, and if the connection is reset.
 */
public final class RawPeer implements AutoCloseable {
    /** RFC 6455 §1.3. */
    public static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    public static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    /** A Close frame of the client with 1000; the masking key is 0. */
    public static final String CLOSE_1000 = "8882 00000000 03e8";

    private static final int PATIENCE_MILLIS = 10_000;
    private static final HexFormat HEX = HexFormat.of();

    private final Socket socket;
    private final PushbackInputStream in;

    private RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new PushbackInputStream(socket.getInputStream());
    }

    /** The answer to a request: its head with line ends, and what followed until the server's end of the bytes. */
    public record Answer(String head, String rest) {
        public String statusLine() {
            return head.substring(0, head.indexOf("\r\n"));
        }

        public int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        public boolean hasLine(String line) {
            return head.contains("\r\n" + line + "\r\n");
        }
    }

    /** By TLS if that is what the server speaks. */
    public static RawPeer connect(WebSocketServer server) throws IOException {
        RawPeer plain = connect(server.port());
        return server.configuration().tls().isPresent() ? plain.secured("TLSv1.3") : plain;
    }

    /** Behind a TLS handshake. */
    public RawPeer secured(String protocol) throws IOException {
        SSLSocket secured = (SSLSocket) TestKeys.context().getSocketFactory().createSocket(socket, "127.0.0.1",
                socket.getPort(), true);
        secured.setEnabledProtocols(new String[]{protocol});
        secured.startHandshake();
        return new RawPeer(secured);
    }

    public static RawPeer connect(int port) throws IOException {
        return connect(port, new Socket());
    }

    /** Waits until a server listens on this port. */
    public static RawPeer connectWhenListening(int port) {
        AtomicReference<RawPeer> connected = new AtomicReference<>();
        Await.until("the server listens", () -> {
            try {
                connected.set(connect(port));
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return connected.get();
    }

    /** Over a socket that is not yet connected, such as one that reads slowly; by TLS if that is what the server speaks. */
    public static RawPeer connect(WebSocketServer server, Socket socket) throws IOException {
        RawPeer plain = connect(server.port(), socket);
        return server.configuration().tls().isPresent() ? plain.secured("TLSv1.3") : plain;
    }

    /** Without TLS. */
    public static RawPeer connect(InetSocketAddress address) throws IOException {
        return connect(address, new Socket());
    }

    private static RawPeer connect(int port, Socket socket) throws IOException {
        return connect(new InetSocketAddress("127.0.0.1", port), socket);
    }

    private static RawPeer connect(InetSocketAddress address, Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(address, PATIENCE_MILLIS);
        return new RawPeer(socket);
    }

    /** With the opening handshake done, whose request may have more header lines. */
    public static RawPeer open(WebSocketServer server, String... lines) throws IOException {
        return connect(server).upgraded(lines);
    }

    /** Behind the opening handshake. */
    public RawPeer upgraded(String... lines) throws IOException {
        RawPeer peer = text(request(lines));
        String head = peer.readHead();
        if (!head.startsWith("HTTP/1.1 101 ")) {
            throw new AssertionError("not upgraded: " + head);
        }
        return peer;
    }

    /** Like {@link #open}, once a server that was full has room; it counts one connection less a moment before that. */
    public static RawPeer openWhenThereIsRoom(WebSocketServer server) {
        AtomicReference<RawPeer> opened = new AtomicReference<>();
        Await.until("there is room", () -> {
            try {
                RawPeer peer = connect(server);
                try {
                    if (peer.text(request()).readHead().startsWith("HTTP/1.1 101 ")) {
                        opened.set(peer);
                    }
                } finally {
                    if (opened.get() == null) {
                        peer.close();
                    }
                }
            } catch (IOException e) {
                // Closed or reset.
            }
            return opened.get() != null;
        });
        return opened.get();
    }

    /** The server's answer to a request on a new connection, which the server then ends. */
    public static Answer answerOf(WebSocketServer server, String request) throws IOException {
        try (RawPeer peer = connect(server)) {
            return peer.text(request).readAnswer();
        }
    }

    /** A valid opening handshake with more header lines. */
    public static String request(String... lines) {
        StringBuilder request = new StringBuilder("""
                GET /chat HTTP/1.1\r
                Host: server.example.com\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                """);
        for (String line : lines) {
            request.append(line).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    /** A masked frame whose masking key is 0, so that the payload is legible. */
    public static byte[] frame(int firstByte, byte[] payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(firstByte);
        if (payload.length < 126) {
            frame.write(0x80 | payload.length);
        } else if (payload.length <= 0xffff) {
            frame.write(0x80 | 126);
            frame.write(payload.length >>> 8);
            frame.write(payload.length);
        } else {
            frame.write(0x80 | 127);
            frame.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
        }
        frame.writeBytes(new byte[4]);
        frame.writeBytes(payload);
        return frame.toByteArray();
    }

    /** A text message in one frame. */
    public static byte[] textFrame(String text) {
        return frame(0x81, text.getBytes(UTF_8));
    }

    public static byte[] bytes(String hex) {
        return HEX.parseHex(hex.replace(" ", ""));
    }

    public RawPeer text(String text) throws IOException {
        return bytes(text.getBytes(ISO_8859_1));
    }

    public RawPeer hex(String hex) throws IOException {
        return bytes(bytes(hex));
    }

    public RawPeer bytes(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Shuts the output down: the server reads an end. */
    public RawPeer halfClose() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Reads up to the empty line, and no byte beyond. */
    public String readHead() throws IOException {
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("the server ended within a head: " + head);
            }
            head.append((char) b);
        }
        return head.toString();
    }

    /** Reads an answer, which the server ends by ending its bytes. */
    public Answer readAnswer() throws IOException {
        return new Answer(readHead(), new String(readToEnd(), ISO_8859_1));
    }

    /** Whether a byte, or the end, has arrived or arrives at once. */
    public boolean hasAnswer() throws IOException {
        socket.setSoTimeout(1);
        try {
            int b = in.read();
            if (b >= 0) {
                in.unread(b);
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } finally {
            socket.setSoTimeout(PATIENCE_MILLIS);
        }
    }

    /** Reads one byte, and discards it. */
    public void readByte() throws IOException {
        if (in.read() < 0) {
            throw new EOFException();
        }
    }

    /** Reads one unmasked frame, as hexadecimal: header, space, payload. */
    public String readFrame() throws IOException {
        byte[] header = read(2);
        int length = header[1] & 0xff;
        byte[] extended = read(length == 126 ? 2 : length == 127 ? 8 : 0);
        if (length > 125) {
            length = Integer.parseInt(HEX.formatHex(extended), 16);
        }
        return HEX.formatHex(header) + HEX.formatHex(extended) + " " + HEX.formatHex(read(length));
    }

    /** Reads a Close frame and the end of the bytes after it; returns the code. */
    public int readCloseAndEnd() throws IOException {
        byte[] frame = readToEnd();
        if (frame.length < 4 || frame[0] != (byte) 0x88 || frame[1] != frame.length - 2) {
            throw new AssertionError("not a Close frame and the end: " + HEX.formatHex(frame));
        }
        return (frame[2] & 0xff) << 8 | frame[3] & 0xff;
    }

    /** Reads all bytes until the server ends its output; fails if it resets the connection instead. */
    public byte[] readToEnd() throws IOException {
        return in.readAllBytes();
    }

    private byte[] read(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the server ended within a frame: " + HEX.formatHex(bytes));
        }
        return bytes;
    }

    /** Ends the connection before the block that holds it does. */
    public void leave() throws IOException {
        socket.close();
    }

    /** The incoming bytes, from the first one that no method of this class has read. */
    public InputStream input() {
        return in;
    }

    public Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
