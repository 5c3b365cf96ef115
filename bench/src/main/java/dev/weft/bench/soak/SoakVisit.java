package dev.weft.bench.soak;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection to an echo server, from handshake to end. One thread writes random messages, another reads what comes and
 * compares every byte; so the server may hold up either. The seed decides everything but the timing.
 */
final class SoakVisit {
    /** How a visit ends. */
    private enum End {
        /** Twice, so that most visits end well: every reply must have come, and the closing handshake be complete. */
        CLOSES, CLOSES_TOO, RESETS, LEAVES_WITHIN_A_MESSAGE, HALF_CLOSES_AND_LEAVES
    }

    /** A reply that is to come; a pong is one too. */
    private record Reply(Opcode opcode, byte[] payload) {}

    private static final int READ_LENGTH = 1 << 16;
    private static final int CONNECT_MILLIS = 10_000;
    /** No reply takes so long: what the server grants a peer that does not read is less. */
    private static final int READ_MILLIS = 60_000;
    private static final int MOST_MESSAGES = 200;
    private static final int LARGEST_MESSAGE = 1 << 18;

    private final Random random;
    private final End end;
    private final boolean readsSlowly;
    private final int longestPause;
    private final FrameWriter writer = new FrameWriter(Role.CLIENT);
    private final Queue<Reply> replies = new ConcurrentLinkedQueue<>();
    private final Queue<byte[]> pongs = new ConcurrentLinkedQueue<>();
    private final Counts counts;

    private volatile boolean leaving;
    private volatile Throwable failure;

    /**
     * A visit that has not begun.
     *
     * @param longestPause milliseconds between two messages, at most
     */
    SoakVisit(long seed, int longestPause, Counts counts) {
        this.random = new Random(seed);
        this.end = End.values()[random.nextInt(End.values().length)];
        this.readsSlowly = random.nextInt(4) == 0;
        this.longestPause = longestPause;
        this.counts = counts;
    }

    /** Makes the visit; fails if anything is not as it should be. Ends early, in its own way, once {@code until} is past. */
    void run(URI address, long until) throws Exception {
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(READ_MILLIS);
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), CONNECT_MILLIS);
            shakeHands(socket, address);
            long readerSeed = random.nextLong();
            Thread reader = Thread.startVirtualThread(() -> read(socket, new Random(readerSeed)));
            try {
                write(socket, until);
            } catch (IOException e) {
                fail(e);
            }
            reader.join();
            if (failure != null) {
                throw new IOException("a connection that " + end + " failed", failure);
            }
        }
    }

    private static void shakeHands(Socket socket, URI address) throws IOException {
        String path = address.getRawPath().isEmpty() ? "/" : address.getRawPath();
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: " + address.getAuthority()
                + "\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .getBytes(ISO_8859_1));
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = socket.getInputStream().read();
            if (b < 0 || head.size() > READ_LENGTH) {
                throw new EOFException("no handshake: " + head.toString(ISO_8859_1));
            }
            head.write(b);
        }
        if (!head.toString(ISO_8859_1).startsWith("HTTP/1.1 101 ")) {
            throw new IOException("no handshake: " + head.toString(ISO_8859_1));
        }
    }

    private void write(Socket socket, long until) throws IOException {
        OutputStream out = socket.getOutputStream();
        int messages = random.nextInt(MOST_MESSAGES);
        for (int i = 0; i < messages && System.nanoTime() < until && failure == null; i++) {
            sendMessage(out);
            if (random.nextBoolean()) {
                LockSupport.parkNanos(1_000_000L * random.nextInt(longestPause + 1));
            }
        }
        leaving = true;
        switch (end) {
            case CLOSES, CLOSES_TOO -> {
                replies.add(new Reply(Opcode.CLOSE, new byte[]{3, (byte) 0xe8}));
                frame(out, true, Opcode.CLOSE, new byte[]{3, (byte) 0xe8});
            }
            case RESETS -> {
                socket.setSoLinger(true, 0);
                socket.close();
            }
            case LEAVES_WITHIN_A_MESSAGE -> {
                frame(out, false, Opcode.BINARY, new byte[random.nextInt(10_000)]);
                socket.close();
            }
            case HALF_CLOSES_AND_LEAVES -> socket.shutdownOutput();
        }
    }

    /** One message in random fragments, with pings before some of them. */
    private void sendMessage(OutputStream out) throws IOException {
        boolean text = random.nextBoolean();
        byte[] payload = text ? text(length()) : binary(length());
        replies.add(new Reply(text ? Opcode.TEXT : Opcode.BINARY, payload));
        int fragments = random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(5);
        int from = 0;
        for (int i = 1; i <= fragments; i++) {
            int to = i == fragments ? payload.length : from + random.nextInt(payload.length - from + 1);
            if (random.nextInt(10) == 0) {
                byte[] ping = binary(random.nextInt(126));
                pongs.add(ping);
                frame(out, true, Opcode.PING, ping);
            }
            frame(out, i == fragments, i > 1 ? Opcode.CONTINUATION : text ? Opcode.TEXT : Opcode.BINARY,
                    Arrays.copyOfRange(payload, from, to));
            from = to;
        }
    }

    private int length() {
        return random.nextInt(switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> 126;
            case 4, 5, 6 -> 2000;
            case 7, 8 -> READ_LENGTH + 100;
            default -> LARGEST_MESSAGE + 1;
        });
    }

    private byte[] binary(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** UTF-8 of about this number of bytes, in characters of one to four. */
    private byte[] text(int length) {
        StringBuilder text = new StringBuilder();
        for (int bytes = 0; bytes < length; bytes += 11) {
            text.append((char) ('a' + random.nextInt(26))).append('-').append((char) ('\u00e0' + random.nextInt(20)))
                    .append('\u20ac')
                    .appendCodePoint(0x1f600 + random.nextInt(40));
        }
        return text.toString().getBytes(UTF_8);
    }

    private void frame(OutputStream out, boolean fin, Opcode opcode, byte[] payload) throws IOException {
        byte[] bytes = new byte[writer.headerLength(payload.length) + payload.length];
        writer.writeFrame(bytes, 0, fin, 0, opcode, payload, 0, payload.length);
        out.write(bytes);
    }

    private void read(Socket socket, Random own) {
        try {
            readReplies(socket, own);
            Reply left = replies.peek();
            if (mustEndWell() && left != null) {
                fail(new EOFException(
                        "the server ended before a reply, " + left.opcode() + " of " + left.payload().length));
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        } catch (ProtocolViolationException e) {
            fail(new IOException(e));
        } finally {
            if (failure != null) {
                closeQuietly(socket);
            }
        }
    }

    private void readReplies(Socket socket, Random own) throws IOException, ProtocolViolationException {
        FrameParser parser = new FrameParser(Role.CLIENT, LARGEST_MESSAGE + READ_LENGTH);
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        ByteArrayOutputStream control = new ByteArrayOutputStream();
        Opcode opcode = null;
        byte[] region = new byte[READ_LENGTH];
        InputStream in = socket.getInputStream();
        int count;
        while ((count = in.read(region)) >= 0) {
            parser.feed(region, 0, count);
            counts.bytes.add(count);
            FrameParser.Event event;
            while ((event = parser.next()) != FrameParser.Event.NEED_INPUT) {
                boolean isControl = parser.opcode().isControl();
                if (!isControl && parser.opcode() != Opcode.CONTINUATION) {
                    opcode = parser.opcode();
                }
                ByteArrayOutputStream target = isControl ? control : message;
                if (event == FrameParser.Event.FRAME || event == FrameParser.Event.PAYLOAD) {
                    target.write(parser.array(), parser.payloadOffset(), parser.payloadLength());
                }
                if (event == FrameParser.Event.FRAME || event == FrameParser.Event.FRAME_END) {
                    if (isControl) {
                        check(parser.opcode(), control);
                    } else if (parser.fin()) {
                        check(opcode, message);
                    }
                }
            }
            if (readsSlowly && own.nextInt(8) == 0) {
                LockSupport.parkNanos(own.nextInt(100_000_000));
            }
        }
    }

    /** Compares a message or control frame with what must come next. */
    private void check(Opcode opcode, ByteArrayOutputStream bytes) throws IOException {
        byte[] payload = bytes.toByteArray();
        bytes.reset();
        if (opcode == Opcode.PONG) {
            // §5.5.3: only the newest of several pings needs an answer.
            byte[] ping;
            do {
                ping = pongs.poll();
                if (ping == null) {
                    throw new IOException("a pong of " + payload.length + " bytes that answers no ping");
                }
            } while (!Arrays.equals(payload, ping));
            counts.pongs.increment();
            return;
        }
        if (opcode == Opcode.PING) {
            throw new IOException("pinged, though never idle for so long");
        }
        Reply expected = replies.poll();
        if (expected == null || expected.opcode() != opcode || !Arrays.equals(expected.payload(), payload)) {
            throw new IOException("a reply, " + opcode + " of " + payload.length + " bytes, is not what was sent");
        }
        if (opcode != Opcode.CLOSE) {
            counts.messages.increment();
        }
    }

    private boolean mustEndWell() {
        return end == End.CLOSES || end == End.CLOSES_TOO;
    }

    /** What goes wrong at the wire once we left rudely is our own doing; what is wrong with a reply never is. */
    private void fail(Exception e) {
        boolean ours = leaving && !mustEndWell()
                && (e instanceof java.net.SocketException || e instanceof EOFException);
        if (!ours && failure == null) {
            failure = e;
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It failed before.
        }
    }
}
