package dev.weft.bench.deflate;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Measures how much a prepared message saves: the CPU time that the broadcasting thread needs for each delivery of a text of 1
 * KiB, to connections with permessage-deflate and context takeover in the same process.
 *
 * <pre>
 * mvn -q -Pbench test-compile
 * java @scripts/loop.options -cp bench/target/classes:server/target/classes:parser/target/classes \
 *     dev.weft.bench.deflate.BroadcastCost 1000 40
 * </pre>
 *
 * The arguments are the number of connections and of rounds.
 */
public final class BroadcastCost {
    private static final int LENGTH = 1024;
    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

    private BroadcastCost() {}

    /** Measures, and prints medians and their ratio. */
    public static void main(String[] arguments) throws Exception {
        int connections = Integer.parseInt(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        Set<WebSocketConnection> room = ConcurrentHashMap.newKeySet();
        List<SocketChannel> peers = new ArrayList<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            room.add(ws);
            ws.awaitClose();
        }).start()) {
            for (int i = 0; i < connections; i++) {
                peers.add(connect(server.port()));
            }
            while (room.size() < connections) {
                Thread.onSpinWait();
            }
            measure(room, rounds);
            for (SocketChannel peer : peers) {
                peer.close();
            }
        }
    }

    private static SocketChannel connect(int port) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
        channel.write(ByteBuffer.wrap(REQUEST.getBytes(US_ASCII)));
        Thread.ofVirtual().start(() -> {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 14);
            try {
                while (channel.read(buffer.clear()) >= 0) {
                    // The content does not matter.
                }
            } catch (IOException e) {
                // The connection has ended.
            }
        });
        return channel;
    }

    private static void measure(Set<WebSocketConnection> room, int rounds) {
        long[] texts = new long[rounds];
        long[] prepared = new long[rounds];
        Random random = new Random(1);
        for (int i = -rounds; i < rounds; i++) {
            String text = text(random);
            long ofText = cpu(room, each -> deliver(each, text));
            PreparedMessage message = PreparedMessage.text(text(random));
            long ofPrepared = cpu(room, each -> deliver(each, message));
            // Earlier rounds are warm-up.
            if (i >= 0) {
                texts[i] = ofText;
                prepared[i] = ofPrepared;
            }
        }
        Arrays.sort(texts);
        Arrays.sort(prepared);
        System.out.printf("CPU per delivery: text %d ns, prepared %d ns, ratio %.2f%n", texts[rounds / 2],
                prepared[rounds / 2], (double) prepared[rounds / 2] / texts[rounds / 2]);
    }

    private static void deliver(WebSocketConnection connection, String text) {
        if (!connection.trySend(text).isAccepted()) {
            throw new IllegalStateException("a peer does not keep up");
        }
    }

    private static void deliver(WebSocketConnection connection, PreparedMessage message) {
        if (!connection.trySend(message).isAccepted()) {
            throw new IllegalStateException("a peer does not keep up");
        }
    }

    private static long cpu(Set<WebSocketConnection> room, Consumer<WebSocketConnection> delivery) {
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        room.forEach(delivery);
        return (threads.getCurrentThreadCpuTime() - start) / room.size();
    }

    /** JSON-like text, different each time. */
    private static String text(Random random) {
        StringBuilder text = new StringBuilder("[");
        while (text.length() < LENGTH) {
            text.append("{\"symbol\":\"AAPL\",\"price\":").append(random.nextInt(100_000)).append("},");
        }
        return text.substring(0, LENGTH);
    }
}
