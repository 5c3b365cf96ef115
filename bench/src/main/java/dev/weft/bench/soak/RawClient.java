package dev.weft.bench.soak;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;

/**
 * A WebSocket client (RFC 6455) over a plain or TLS socket, with its own framing and masking, so that no bug in Weft's parser
 * can hide a bug of its server. It is strict: {@link #read()} fails on every violation by the server. One thread may read while
 * any others write.
 */
final class RawClient implements AutoCloseable {
    /** A complete item that the server sent. */
    sealed interface Received {
        /** A data message: binary, or text in UTF-8. */
        record Data(boolean text, byte[] payload) implements Received {}

        /** A Pong frame. */
        record Pong(byte[] payload) implements Received {}

        /** The server's Close frame, with the received part of an incomplete message. Only the end of the stream follows. */
        record Close(int code, String reason, byte[] brokenOff) implements Received {}
    }

    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int CONNECT_MILLIS = 10_000;
    private static final int LONGEST_HEAD = 1 << 14;
    private static final int LONGEST_MESSAGE = 1 << 26;
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /** How long a server waits for the replies of its handler before it answers a Close frame. */
    private static final long SERVERS_PATIENCE = 500_000_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    private final Random masks;

    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    /** The opcode of the current message, 0 if there is none. */
    private int underWay;
    /** 0 if no Close frame was sent. */
    private volatile long closeSentAt;

    private RawClient(Socket socket, Random masks) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
        this.masks = masks;
    }

    /**
     * Connects and shakes hands.
     *
     * @param tls           for an address that begins with wss
     * @param readMillis    after so long without a byte, reading fails
     * @param receiveBuffer the socket's receive buffer (SO_RCVBUF), 0 for the system's
     */
    static RawClient connect(URI address, SSLContext tls, Random random, int readMillis, int receiveBuffer)
            throws IOException {
        Socket socket = new Socket();
        try {
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(readMillis);
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), CONNECT_MILLIS);
            Socket wire = "wss".equals(address.getScheme())
                    ? tls.getSocketFactory().createSocket(socket, address.getHost(), address.getPort(), true)
                    : socket;
            RawClient client = new RawClient(wire, new Random(random.nextLong()));
            client.shakeHands(address);
            return client;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void shakeHands(URI address) throws IOException {
        byte[] nonce = new byte[16];
        masks.nextBytes(nonce);
        String key = Base64.getEncoder().encodeToString(nonce);
        String path = address.getRawPath().isEmpty() ? "/" : address.getRawPath();
        out.write(("GET " + path + " HTTP/1.1\r\nHost: " + address.getAuthority()
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                + key + "\r\n\r\n").getBytes(ISO_8859_1));
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            if (head.length() > LONGEST_HEAD) {
                throw new IOException("no end of the head: " + head);
            }
            head.append((char) next());
        }
        if (!head.toString().startsWith("HTTP/1.1 101 ")
                || !head.toString().contains("\r\nSec-WebSocket-Accept: " + accept(key) + "\r\n")) {
            throw new IOException("no handshake: " + head);
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

    // Sending

    void sendText(String text) throws IOException {
        frame(true, TEXT, text.getBytes(UTF_8));
    }

    /** Sends a binary message in this number of fragments, split at random positions. */
    void sendBinary(byte[] payload, int fragments) throws IOException {
        send(false, payload, fragments, () -> {});
    }

    /** Something to send before a fragment. */
    @FunctionalInterface
    interface Before {
        void send() throws IOException;
    }

    /** Sends a message in this number of fragments, split at random positions. */
    void send(boolean text, byte[] payload, int fragments, Before before) throws IOException {
        int from = 0;
        for (int i = 1; i <= fragments; i++) {
            int to = i == fragments ? payload.length : from + masks.nextInt(payload.length - from + 1);
            before.send();
            frame(i == fragments, i > 1 ? 0 : text ? TEXT : BINARY, Arrays.copyOfRange(payload, from, to));
            from = to;
        }
    }

    /** Sends the beginning of a message that is never completed. */
    void sendUnfinished(byte[] payload) throws IOException {
        frame(false, BINARY, payload);
    }

    void ping(byte[] payload) throws IOException {
        frame(true, PING, payload);
    }

    void sendClose(int code, String reason) throws IOException {
        closeSentAt = System.nanoTime();
        byte[] text = reason.getBytes(UTF_8);
        frame(true, CLOSE, ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array());
    }

    /**
     * After the end: whether all replies must have come before the server's Close frame. It waits half a second for them (see
     * docs/decisions/read-ahead.md), which a handler exceeds if the machine is overloaded.
     */
    boolean mustHaveAllReplies() {
        return closeSentAt == 0 || System.nanoTime() - closeSentAt < SERVERS_PATIENCE;
    }

    /** A masked frame (§5.3), in one write. */
    private void frame(boolean fin, int opcode, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        frame.put((byte) ((fin ? 0x80 : 0) | opcode));
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length <= 0xffff) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        writing.lock();
        try {
            byte[] mask = new byte[4];
            masks.nextBytes(mask);
            frame.put(mask);
            for (int i = 0; i < payload.length; i++) {
                frame.put((byte) (payload[i] ^ mask[i & 3]));
            }
            out.write(frame.array(), 0, frame.position());
        } finally {
            writing.unlock();
        }
    }

    // Receiving

    /** The next message, Pong or Close frame; {@code null} at the end of the stream. Answers pings. */
    Received read() throws IOException {
        while (true) {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            int opcode = first & 0xf;
            boolean fin = (first & 0x80) != 0;
            byte[] payload = payload();
            check((first & 0x70) == 0, "a reserved bit");
            if (opcode >= CLOSE) {
                check(fin && payload.length <= 125, "a control frame that is long or in fragments");
                switch (opcode) {
                    case PING -> frame(true, PONG, payload);
                    case PONG -> {
                        return new Received.Pong(payload);
                    }
                    case CLOSE -> {
                        return close(payload);
                    }
                    default -> check(false, "opcode " + opcode);
                }
                continue;
            }
            check(opcode <= BINARY && (opcode == 0) == (underWay != 0), "opcode " + opcode + " within " + underWay);
            underWay = opcode == 0 ? underWay : opcode;
            message.writeBytes(payload);
            check(message.size() <= LONGEST_MESSAGE, "a message without end");
            if (fin) {
                Received.Data data = new Received.Data(underWay == TEXT, message.toByteArray());
                underWay = 0;
                message.reset();
                if (data.text()) {
                    utf8(data.payload());
                }
                return data;
            }
        }
    }

    private Received close(byte[] payload) throws IOException {
        check(payload.length != 1, "a close code of one byte");
        int code = payload.length == 0 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xffff;
        String reason = payload.length == 0 ? "" : utf8(Arrays.copyOfRange(payload, 2, payload.length));
        return new Received.Close(code, reason, message.toByteArray());
    }

    private byte[] payload() throws IOException {
        int second = next();
        check((second & 0x80) == 0, "a masked frame");
        long length = second;
        if (second >= 126) {
            length = 0;
            for (int i = second == 126 ? 2 : 8; i > 0; i--) {
                length = length << 8 | next();
            }
            // §5.2: in as few bytes as it needs.
            check(second == 126 ? length > 125 : length > 0xffff, "a length in more bytes than it needs: " + length);
        }
        check(length >= 0 && length <= LONGEST_MESSAGE, "a frame of " + length + " bytes");
        byte[] payload = in.readNBytes((int) length);
        if (payload.length < length) {
            throw new EOFException("the end cuts a payload");
        }
        return payload;
    }

    private int next() throws IOException {
        int next = in.read();
        if (next < 0) {
            throw new EOFException("the end cuts a head or a frame's header");
        }
        return next;
    }

    static String utf8(byte[] bytes) throws IOException {
        try {
            return UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Wrong("a text that is not UTF-8");
        }
    }

    static void check(boolean holds, String what) throws Wrong {
        if (!holds) {
            throw new Wrong("the server sent " + what);
        }
    }

    /** The server violated a rule; a dead wire is another {@link IOException}. */
    static final class Wrong extends IOException {
        private static final long serialVersionUID = 1;

        Wrong(String message) {
            super(message);
        }
    }

    // The end

    /** Ends the connection with a reset. */
    void reset() throws IOException {
        if (socket instanceof javax.net.ssl.SSLSocket) {
            // A TLS socket does not pass the option on, and first sends close_notify.
            socket.close();
        } else {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    /** Ends its own direction without a Close frame. */
    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Closes after a failure, which says more than another one would. */
    void closeQuietly() {
        try {
            close();
        } catch (IOException e) {
            // It had already failed.
        }
    }
}
