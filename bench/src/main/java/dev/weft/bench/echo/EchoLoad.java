package dev.weft.bench.echo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.HdrHistogram.Histogram;

/**
 * Loads an echo server over loopback from one thread of raw non-blocking sockets, checks every octet of every reply, and
 * tells the throughput, the latency and the CPU time that the server's process took for each message.
 * <pre>
 * taskset -c 1 java -cp 'bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*' dev.weft.bench.echo.EchoLoad \
 *     PORT SERVER_PID CONNECTIONS PAYLOAD WINDOW WARMUP_SECONDS SECONDS
 * </pre>
 * Each connection has WINDOW messages in flight: as many as were answered by one read are sent again by one write.
 * Latency is from the write of a message to the read that completed its reply; with nothing sent late on purpose there is
 * no schedule to fall behind, so it says how long a reply took, not how a fixed rate would fare.
 */
public final class EchoLoad {
    private static final int READ_LENGTH = 1 << 18;
    private static final int TICKS_PER_SECOND = 100;

    private final int window;
    /** WINDOW requests, and what their replies are; a reply's octets repeat with {@code replyLength}. */
    private final byte[] requests;
    private final byte[] replies;
    private final int requestLength;
    private final int replyLength;

    private final Selector selector = Selector.open();
    private final List<Client> clients = new ArrayList<>();
    private final ByteBuffer readBuffer = ByteBuffer.allocateDirect(READ_LENGTH);
    private final byte[] read = new byte[READ_LENGTH];
    private final Histogram latency = new Histogram(60_000_000_000L, 3);
    private long messages;

    private EchoLoad(int payloadLength, int window) throws IOException {
        this.window = window;
        byte[] payload = new byte[payloadLength];
        new Random(1).nextBytes(payload);
        byte[] request = frame(Role.CLIENT, payload);
        byte[] reply = frame(Role.SERVER, payload);
        this.requestLength = request.length;
        this.replyLength = reply.length;
        this.requests = repeat(request, window);
        this.replies = repeat(reply, READ_LENGTH / reply.length + 2);
    }

    /** Runs one load and prints one line. */
    public static void main(String[] args) throws IOException {
        if (args.length != 7) {
            System.err.println("usage: EchoLoad PORT SERVER_PID CONNECTIONS PAYLOAD WINDOW WARMUP_SECONDS SECONDS");
            System.exit(2);
        }
        int[] values = Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        EchoLoad load = new EchoLoad(values[3], values[4]);
        load.connect(values[0], values[2]);
        load.run(values[5]);
        load.messages = 0;
        load.latency.reset();
        long cpuBefore = cpuMicros(values[1]);
        long before = System.nanoTime();
        load.run(values[6]);
        double seconds = (System.nanoTime() - before) / 1e9;
        double cpu = cpuMicros(values[1]) - cpuBefore;
        System.out.printf("%d x %d B w%d: %,.0f messages/s, server CPU %.2f us/message, latency us p50 %.0f p99 %.0f "
                + "p99.9 %.0f max %.0f%n", values[2], values[3], values[4], load.messages / seconds,
                cpu / load.messages,
                load.latency.getValueAtPercentile(50) / 1e3, load.latency.getValueAtPercentile(99) / 1e3,
                load.latency.getValueAtPercentile(99.9) / 1e3, load.latency.getMaxValue() / 1e3);
    }

    /** User and system time of a process so far, from the system's accounting. */
    static long cpuMicros(int pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * (1_000_000 / TICKS_PER_SECOND);
    }

    private static byte[] frame(Role role, byte[] payload) {
        byte[] octets = new byte[payload.length + 14];
        int length = new FrameWriter(role).writeFrame(octets, 0, true, 0, Opcode.BINARY, payload, 0, payload.length);
        return Arrays.copyOf(octets, length);
    }

    private static byte[] repeat(byte[] octets, int times) {
        byte[] all = new byte[octets.length * times];
        for (int i = 0; i < times; i++) {
            System.arraycopy(octets, 0, all, i * octets.length, octets.length);
        }
        return all;
    }

    private void connect(int port, int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = Handshakes.open(port);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            Client client = new Client(channel);
            client.key = channel.register(selector, SelectionKey.OP_READ, client);
            clients.add(client);
        }
        for (Client client : clients) {
            client.send(window);
        }
    }

    private void run(int seconds) throws IOException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < end) {
            selector.select(key -> ((Client) key.attachment()).ready(key), 100);
        }
    }

    /** One connection. */
    private final class Client {
        private final SocketChannel channel;
        private final ByteBuffer out = ByteBuffer.wrap(requests);
        private SelectionKey key;
        private long sentAt;
        private int inReply;
        private int owed;

        Client(SocketChannel channel) {
            this.channel = channel;
            out.limit(0);
        }

        void ready(SelectionKey ready) {
            try {
                if (ready.isWritable()) {
                    write();
                }
                if (ready.isReadable()) {
                    read();
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        void send(int count) throws IOException {
            owed += count;
            if (!out.hasRemaining()) {
                write();
            }
        }

        private void write() throws IOException {
            while (out.hasRemaining() || owed > 0) {
                if (!out.hasRemaining()) {
                    out.limit(owed * requestLength).position(0);
                    owed = 0;
                    sentAt = System.nanoTime();
                }
                if (channel.write(out) == 0) {
                    key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                    return;
                }
            }
            if (key != null && key.interestOps() != SelectionKey.OP_READ) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }

        private void read() throws IOException {
            int count = channel.read(readBuffer.clear());
            if (count < 0) {
                throw new IOException("the server ended a connection");
            }
            readBuffer.flip().get(read, 0, count);
            if (!Arrays.equals(read, 0, count, replies, inReply, inReply + count)) {
                throw new IOException("a reply is not what was sent");
            }
            int complete = (inReply + count) / replyLength;
            inReply = (inReply + count) % replyLength;
            if (complete > 0) {
                latency.recordValueWithCount(System.nanoTime() - sentAt, complete);
                messages += complete;
                send(complete);
            }
        }
    }

    /** Opening handshakes by hand. */
    static final class Handshakes {
        private Handshakes() {}

        static SocketChannel open(int port) throws IOException {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            channel.write(ByteBuffer.wrap(("GET / HTTP/1.1\r\nHost: 127.0.0.1:" + port
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").getBytes(ISO_8859_1)));
            ByteBuffer reply = ByteBuffer.allocate(1024);
            String text = "";
            while (!text.endsWith("\r\n\r\n")) {
                if (channel.read(reply) < 0) {
                    throw new IOException("no handshake: " + text);
                }
                text = new String(reply.array(), 0, reply.position(), ISO_8859_1);
            }
            if (!text.startsWith("HTTP/1.1 101 ")) {
                throw new IOException("no handshake: " + text);
            }
            return channel;
        }
    }
}
