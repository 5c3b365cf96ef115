package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Many connections to an echo server, served by one thread; each of them sends as soon as it has received its reply. */
final class SaturatingClients implements AutoCloseable {
    private static final byte[] REQUEST = RawPeer.textFrame("0123456789abcdef");
    private static final int REPLY_LENGTH = REQUEST.length - 4;
    private static final int MOST_SAMPLES = 1 << 20;

    private final Selector selector = Selector.open();
    private final List<Client> clients = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 12);
    private final long[] samples = new long[MOST_SAMPLES];
    private long replies;

    /** What the connections saw: the fewest replies of any, the 99th percentile of all, and the slowest of any. */
    record Outcome(long replies, long fewest, Duration p99, Duration slowest) {}

    SaturatingClients(WebSocketServer server, int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(server.address());
            channel.socket().setTcpNoDelay(true);
            channel.write(ByteBuffer.wrap(RawPeer.request().getBytes(ISO_8859_1)));
            clients.add(new Client(channel));
        }
        for (Client client : clients) {
            client.readHead();
            client.channel.configureBlocking(false);
            client.channel.register(selector, SelectionKey.OP_READ, client);
        }
    }

    /** Keeps all connections busy for so long. */
    Outcome run(Duration length) throws IOException {
        for (Client client : clients) {
            client.send();
        }
        long end = System.nanoTime() + length.toNanos();
        while (System.nanoTime() < end) {
            selector.select(key -> ((Client) key.attachment()).receive(), 100);
        }
        long now = System.nanoTime();
        // A request that is still without its reply has waited, too.
        long slowest = clients.stream().mapToLong(client -> Math.max(client.slowest, now - client.sentAt)).max()
                .orElseThrow();
        int count = (int) Math.min(replies, MOST_SAMPLES);
        long[] sorted = Arrays.copyOf(samples, count);
        Arrays.sort(sorted);
        return new Outcome(replies, clients.stream().mapToLong(client -> client.replies).min().orElseThrow(),
                Duration.ofNanos(count == 0 ? 0 : sorted[count * 99 / 100]), Duration.ofNanos(slowest));
    }

    @Override
    public void close() throws IOException {
        for (Client client : clients) {
            client.channel.close();
        }
        selector.close();
    }

    private final class Client {
        private final SocketChannel channel;
        private long sentAt;
        private long slowest;
        private long replies;
        private final byte[] reply = new byte[REPLY_LENGTH];
        private int received;

        Client(SocketChannel channel) {
            this.channel = channel;
        }

        void readHead() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                if (channel.read(buffer.clear()) < 0) {
                    throw new EOFException("no handshake: " + head);
                }
                head.append(ISO_8859_1.decode(buffer.flip()));
            }
        }

        void send() throws IOException {
            sentAt = System.nanoTime();
            channel.write(ByteBuffer.wrap(REQUEST));
        }

        void receive() {
            try {
                int count = channel.read(buffer.clear());
                if (count < 0) {
                    throw new EOFException(channel.getLocalAddress() + ": the server ended a connection behind "
                            + HexFormat.of().formatHex(reply, 0, received) + " after " + replies + " replies");
                }
                buffer.flip().get(reply, received, count);
                received += count;
                if (received == REPLY_LENGTH && !Arrays.equals(reply, 2, REPLY_LENGTH, REQUEST, 6, REQUEST.length)) {
                    throw new IOException("a reply is not what was sent: " + HexFormat.of().formatHex(reply));
                }
                if (received == REPLY_LENGTH) {
                    received = 0;
                    long took = System.nanoTime() - sentAt;
                    samples[(int) (SaturatingClients.this.replies++ % MOST_SAMPLES)] = took;
                    replies++;
                    slowest = Math.max(slowest, took);
                    send();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
