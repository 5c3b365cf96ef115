package dev.weft.bench.echo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Hand-written opening handshakes. */
final class Handshakes {
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int LONGEST_HEAD = 4096;

    private Handshakes() {}

    /** The request. The key is always the same, so the answer is, too. */
    static byte[] request(int port, String path) {
        return request(port, path, "");
    }

    private static byte[] request(int port, String path, String extension) {
        return ("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + (extension.isEmpty() ? "" : "Sec-WebSocket-Extensions: " + extension + "\r\n")
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").getBytes(ISO_8859_1);
    }

    /** Whether the answer is complete; throws if it is not the expected one. */
    static boolean isAccepted(byte[] answer, int length) throws IOException {
        String text = new String(answer, 0, length, ISO_8859_1);
        if (!text.endsWith("\r\n\r\n")) {
            return false;
        }
        if (!text.startsWith("HTTP/1.1 101 ") || !text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) {
            throw new IOException("no handshake: " + text);
        }
        return true;
    }

    static InetSocketAddress address(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }

    /** Opens a connection with the path "/". */
    static SocketChannel open(int port) throws IOException {
        return open(port, "/", "", 0);
    }

    /**
     * Opens a connection; gives up after some seconds.
     *
     * @param extension     which the server has to accept; empty for none
     * @param receiveBuffer the socket's receive buffer in bytes; 0 for the system's default
     */
    static SocketChannel open(int port, String path, String extension, int receiveBuffer) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            if (receiveBuffer > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
            }
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.socket().connect(address(port), TIMEOUT_MILLIS);
            channel.write(ByteBuffer.wrap(request(port, path, extension)));
            channel.socket().setSoTimeout(TIMEOUT_MILLIS);
            InputStream in = channel.socket().getInputStream();
            byte[] answer = new byte[LONGEST_HEAD];
            int length = 0;
            while (!isAccepted(answer, length)) {
                int count = in.read(answer, length, answer.length - length);
                if (count <= 0) {
                    throw new IOException("no handshake: " + new String(answer, 0, length, ISO_8859_1));
                }
                length += count;
            }
            String name = extension.split(";")[0];
            if (!new String(answer, 0, length, ISO_8859_1).contains(name)) {
                throw new IOException("the server does not use " + name);
            }
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Ends a connection with a reset, which leaves no port waiting. */
    static void reset(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
        } catch (IOException e) {
            // Nothing to do: the socket is closed in any case.
        }
    }
}
