package dev.weft.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.parser.http.OpeningHandshake;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that implements nothing of WebSocket except the key: it sends literal bytes by script, each connection on its own
 * thread. Every read fails after ten seconds.
 */
public final class ScriptedServer implements AutoCloseable {
    /** The script for one connection, which is closed afterwards. */
    @FunctionalInterface
    public interface Script {
        void run(Peer peer) throws Exception;
    }

    private static final int PATIENCE_MILLIS = 10_000;
    private static final HexFormat HEX = HexFormat.of();
    private static final Pattern KEY = Pattern.compile("\r\nSec-WebSocket-Key: ([^\r]*)\r\n");

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
    private final Script script;

    public ScriptedServer(Script script) throws IOException {
        this.script = script;
        Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
        while (true) {
            Socket socket;
            try {
                socket = listener.accept();
            } catch (IOException e) {
                return;
            }
            Thread.ofVirtual().start(() -> serve(socket));
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            script.run(new Peer(socket));
            ends.add("done");
        } catch (Throwable e) {
            ends.add(e.toString());
        }
    }

    public int port() {
        return listener.getLocalPort();
    }

    public URI uri() {
        return URI.create("ws://127.0.0.1:" + port() + "/chat");
    }

    /** How the script of the next connection ended: "done", or its exception. */
    public String end() throws InterruptedException {
        String end = ends.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        if (end == null) {
            throw new AssertionError("the script goes on");
        }
        return end;
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    /** The connection's end at the server. */
    public static final class Peer {
        private final Socket socket;
        private final InputStream in;

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
        }

        public Socket socket() {
            return socket;
        }

        /** Reads the request's head. */
        public String readRequest() throws IOException {
            StringBuilder head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) read());
            }
            return head.toString();
        }

        private int read() throws IOException {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("the client has left");
            }
            return b;
        }

        /** The value of Sec-WebSocket-Accept that answers this request. */
        public static String accept(String request) {
            Matcher key = KEY.matcher(request);
            if (!key.find()) {
                throw new AssertionError("no key: " + request);
            }
            return OpeningHandshake.acceptKey(key.group(1));
        }

        /** Reads a request and accepts it, with more header lines. Returns the request. */
        public String upgrade(String... lines) throws IOException {
            String request = readRequest();
            StringBuilder head = new StringBuilder("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    + "Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept(request) + "\r\n");
            for (String line : lines) {
                head.append(line).append("\r\n");
            }
            text(head.append("\r\n").toString());
            return request;
        }

        public void text(String text) throws IOException {
            bytes(text.getBytes(ISO_8859_1));
        }

        public void hex(String hex) throws IOException {
            bytes(HEX.parseHex(hex.replace(" ", "")));
        }

        public void bytes(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        /** Reads one masked frame: first byte, space, payload without its mask, as hexadecimal. */
        public String readFrame() throws IOException {
            int first = read();
            int second = read();
            if ((second & 0x80) == 0) {
                throw new AssertionError("not masked");
            }
            int length = second & 0x7f;
            if (length > 125) {
                int bytes = length == 126 ? 2 : 8;
                length = 0;
                for (int i = 0; i < bytes; i++) {
                    length = length << 8 | read();
                }
            }
            byte[] key = in.readNBytes(4);
            byte[] payload = in.readNBytes(length);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= key[i % 4];
            }
            return HEX.toHexDigits((byte) first) + " " + HEX.formatHex(payload);
        }

        /** Reads up to a Close frame and answers it; returns its code. */
        public int readClose() throws IOException {
            String frame = readFrame();
            while (!frame.startsWith("88 ")) {
                frame = readFrame();
            }
            String payload = frame.substring(3);
            hex("88" + HEX.toHexDigits((byte) (payload.length() / 2)) + payload);
            return payload.isEmpty() ? 1005 : Integer.parseInt(payload.substring(0, 4), 16);
        }

        /** Reads until the client ends its bytes. */
        public byte[] readToEnd() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            in.transferTo(bytes);
            return bytes.toByteArray();
        }
    }
}
