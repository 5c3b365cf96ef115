package dev.weft.bench.memory;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.bench.deflate.Corpus;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.MessageDeflater;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLSocketFactory;

/** Opens connections to an echo server on this machine, echoes over each of them, and then leaves them idle. */
final class IdleClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 20_000;
    private static final int WARM_UP_ECHOES = 10;
    private static final int LONGEST_HEAD = 4_096;
    /** "Hello", masked, and its echo (RFC 6455 §5.7). */
    private static final byte[] HELLO = {(byte) 0x81, (byte) 0x85, 0x37, (byte) 0xfa, 0x21, 0x3d, 0x7f, (byte) 0x9f,
            0x4d, 0x51, 0x58};
    private static final byte[] HELLO_ECHO = {(byte) 0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
    private static final int COMPRESSED_MESSAGES = 8;
    private static final int COMPRESSED_MESSAGE_SIZE = 1_024;

    private final int port;
    private final boolean deflate;
    private final SSLSocketFactory tls;
    private final List<byte[]> compressed;
    private final List<Socket> sockets = new ArrayList<>();

    /**
     * A client with no connection yet.
     *
     * @param deflate whether to offer permessage-deflate, insist on it, and echo some compressed messages on each
     *                connection, so that the windows are in use
     */
    IdleClient(int port, boolean deflate) {
        this(port, deflate, null);
    }

    /**
     * A client with no connection yet, over TLS.
     *
     * @param tls makes the sockets; {@code null} for plain ones
     */
    IdleClient(int port, boolean deflate, SSLSocketFactory tls) {
        this.port = port;
        this.deflate = deflate;
        this.tls = tls;
        this.compressed = deflate ? compress() : List.of();
    }

    /** Opens this number of further connections, each of which echoes once, or, with deflate, several messages. */
    void open(int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            Socket socket = connect();
            sockets.add(socket);
            handshake(socket);
            echo(socket);
            for (byte[] message : compressed) {
                socket.getOutputStream().write(message);
                requireCompressed(socket.getInputStream());
            }
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[]{127, 0, 0, 1}), port),
                    PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            return tls == null ? socket : tls.createSocket(socket, "127.0.0.1", port, true);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Warms up the server with the later requests, over this number of connections at a time, and closes them. */
    void warmUp(int rounds, int connections) throws IOException {
        for (int round = 0; round < rounds; round++) {
            open(connections);
            for (int i = 0; i < WARM_UP_ECHOES; i++) {
                echo();
            }
            close();
        }
    }

    /** Echoes once more over all open connections. */
    void echo() throws IOException {
        for (Socket socket : sockets) {
            echo(socket);
        }
    }

    int connections() {
        return sockets.size();
    }

    /** Closes all; more can be opened afterwards. */
    @Override
    public void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        sockets.clear();
    }

    private void handshake(Socket socket) throws IOException {
        socket.getOutputStream().write(("GET / HTTP/1.1\r\nHost: 127.0.0.1:" + port
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + (deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "")
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").getBytes(ISO_8859_1));
        byte[] head = new byte[LONGEST_HEAD];
        int length = 0;
        String text = "";
        while (!text.endsWith("\r\n\r\n")) {
            int count = socket.getInputStream().read(head, length, head.length - length);
            if (count <= 0) {
                throw new IOException("no handshake: " + text);
            }
            length += count;
            text = new String(head, 0, length, ISO_8859_1);
        }
        if (!text.startsWith("HTTP/1.1 101 ")) {
            throw new IOException("no handshake: " + text);
        }
        if (text.toLowerCase(Locale.ROOT).contains("permessage-deflate") != deflate) {
            throw new IOException(deflate ? "permessage-deflate was declined" : "permessage-deflate was not offered");
        }
    }

    private static void echo(Socket socket) throws IOException {
        socket.getOutputStream().write(HELLO);
        byte[] reply = socket.getInputStream().readNBytes(HELLO_ECHO.length);
        if (!Arrays.equals(reply, HELLO_ECHO)) {
            throw new IOException("not an echo: " + Arrays.toString(reply));
        }
    }

    private static void requireCompressed(InputStream in) throws IOException {
        byte[] head = in.readNBytes(2);
        if (head.length < 2) {
            throw new EOFException("no echo");
        }
        int length = head[1] & 0x7f;
        if (length == 126) {
            byte[] extended = in.readNBytes(2);
            length = (extended[0] & 0xff) << 8 | extended[1] & 0xff;
        }
        if ((head[0] & 0xff) != 0xc1 || in.readNBytes(length).length < length) {
            throw new IOException("not a compressed echo");
        }
    }

    /** Compressed text frames that refer to nothing before them. */
    private static List<byte[]> compress() {
        List<byte[]> frames = new ArrayList<>();
        byte[][] messages = Corpus.messages(COMPRESSED_MESSAGE_SIZE);
        byte[] target = new byte[2 * COMPRESSED_MESSAGE_SIZE];
        var writer = new FrameWriter(Role.CLIENT);
        var codecs = new DeflateCodecs(DeflateSettings.DEFAULT);
        try (MessageDeflater deflater = codecs.deflater(new NegotiatedDeflate(true, true, 15, 15), Role.CLIENT)) {
            for (int i = 0; i < COMPRESSED_MESSAGES; i++) {
                deflater.input(messages[i], 0, COMPRESSED_MESSAGE_SIZE, true);
                int length = deflater.output(target, 0, target.length);
                byte[] frame = new byte[FrameHeader.MAX_LENGTH + length];
                int end = writer.writeFrame(frame, 0, true, FrameHeader.RSV1, Opcode.TEXT, target, 0, length);
                frames.add(Arrays.copyOf(frame, end));
            }
        } finally {
            codecs.close();
        }
        return frames;
    }
}
