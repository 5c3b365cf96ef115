package dev.weft.client.soak;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.CloseCause;
import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.OutgoingMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * What the two ends of one connection say to each other; the seed decides it. Both send at the same time and receive in every
 * way, and each compares every byte with what the other one was to send. The client closes after it has sent and received
 * everything. If faults end the connection earlier, each end must have received the first messages, unchanged.
 */
final class SeededExchange {
    private static final int DONE = 1000;
    private static final Duration SHORT_WAIT = Duration.ofMillis(5);

    private final long seed;
    /** The number of messages of each end, and about how long they are. */
    private final int[] counts;
    private final int longest;
    /** Whether bytes may be changed on the way without being noticed. */
    private final boolean unsafe;
    private final End client = new End(0);
    private final End server = new End(1);

    SeededExchange(long seed, int mostMessages, int longest, boolean unsafe) {
        Random random = new Random(seed);
        this.seed = seed;
        this.counts = new int[]{1 + random.nextInt(mostMessages), 1 + random.nextInt(mostMessages)};
        this.longest = longest;
        this.unsafe = unsafe;
    }

    End client() {
        return client;
    }

    End server() {
        return server;
    }

    /** Whether both ends have ended. Does not wait. */
    boolean isOver() {
        return client.over.isDone() && server.over.isDone();
    }

    /** Throws what an end has found wrong, and checks what the ends report against what they have received. */
    void check() throws Exception {
        CloseStatus of = client.over.get(0, TimeUnit.SECONDS);
        CloseStatus atServer = server.over.get(0, TimeUnit.SECONDS);
        if (!unsafe && isDone(atServer) && !isComplete()) {
            throw new AssertionError(this + ": messages are missing before the Close frame: " + of + ", " + atServer);
        }
    }

    private static boolean isDone(CloseStatus status) {
        return status.received().map(CloseReason::code).equals(Optional.of(DONE));
    }

    /** Whether both ends have received everything. */
    boolean isComplete() {
        return client.received == counts[1] && server.received == counts[0];
    }

    /** How both ends ended. Call it after both have. */
    List<CloseStatus> statuses() {
        return List.of(client.over.join(), server.over.join());
    }

    /** The message of this number that an end sends. */
    private byte[] message(int end, int number) {
        Random random = new Random(seed ^ (end + 1) * 0x9e3779b97f4a7c15L ^ number * 0xbf58476d1ce4e5b9L);
        int length = random.nextInt(4) > 0 ? random.nextInt(Math.min(longest, 300)) : random.nextInt(longest);
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return isText(end, number) ? new String(bytes, ISO_8859_1).getBytes(UTF_8) : bytes;
    }

    private boolean isText(int end, int number) {
        return (seed + end + number) % 3 == 0;
    }

    @Override
    public String toString() {
        return "exchange " + seed + ", received " + server.received + " of " + counts[0] + " and " + client.received
                + " of " + counts[1];
    }

    /** One end. */
    final class End {
        private final int number;
        private final Random random;
        private final CompletableFuture<Void> sent = new CompletableFuture<>();
        /** Completed with the status, or with what was found wrong. */
        private final CompletableFuture<CloseStatus> over = new CompletableFuture<>();
        private volatile int received;
        /** The number of messages, those that were changed on the way included. */
        private int seen;

        private End(int number) {
            this.number = number;
            this.random = new Random(seed + number);
        }

        /** There is no connection: the opening handshake failed. */
        void missing() {
            over.complete(new CloseStatus(Optional.empty(), Optional.empty(), Optional.empty(),
                    CloseCause.DISCONNECTED, Optional.empty()));
        }

        /** Speaks and listens until the connection has ended. */
        void run(WebSocketConnection ws) {
            Thread sender = Thread.ofVirtual().start(() -> send(ws));
            try {
                receive(ws);
                sender.join();
                over.complete(ws.awaitClose());
            } catch (IOException e) {
                over.complete(ws.closeStatus().orElseThrow());
            } catch (Throwable e) {
                ws.abort();
                over.completeExceptionally(new AssertionError(SeededExchange.this.toString(), e));
            }
        }

        private void receive(WebSocketConnection ws) throws IOException {
            boolean continues = true;
            while (continues) {
                if (seen == counts[1 - number] && number == 0) {
                    closeWhenSent(ws);
                }
                try {
                    continues = switch (random.nextInt(5)) {
                        case 0 -> take(ws.receive());
                        case 1 -> takeSoon(ws);
                        case 2 -> takeView(ws.receiveView());
                        case 3 -> takeStream(ws.receiveStream());
                        default -> {
                            Thread.yield();
                            yield take(ws.receive());
                        }
                    };
                } catch (IOException e) {
                    continues = false;
                }
            }
        }

        private void closeWhenSent(WebSocketConnection ws) {
            sent.join();
            ws.close(DONE, "");
        }

        private boolean take(Message message) {
            return switch (message) {
                case Message.Text(String text) -> compare(MessageType.TEXT, text.getBytes(UTF_8));
                case Message.Binary binary -> compare(MessageType.BINARY, binary.bytes());
                case Message.Close close -> false;
            };
        }

        private boolean takeSoon(WebSocketConnection ws) throws IOException {
            Optional<Message> message = ws.receive(SHORT_WAIT);
            // Part of a message may have been received, which only a receive of the whole can continue.
            return take(message.isPresent() ? message.get() : ws.receive());
        }

        private boolean takeView(MessageView view) {
            return view != null && compare(view.type(), view.bytes());
        }

        private boolean takeStream(IncomingMessage stream) throws IOException {
            return stream != null && compare(stream.type(), stream.inputStream().readAllBytes());
        }

        private boolean compare(MessageType type, byte[] bytes) {
            boolean same = seen < counts[1 - number]
                    && type == (isText(1 - number, seen) ? MessageType.TEXT : MessageType.BINARY)
                    && Arrays.equals(message(1 - number, seen), bytes);
            if (!same && !unsafe) {
                throw new AssertionError("message " + seen + " is not what was sent: " + difference(type, bytes));
            }
            if (same && seen == received) {
                received++;
            }
            seen++;
            return true;
        }

        /** How a received message differs from the one that was sent, and whether it is another one. */
        private String difference(MessageType type, byte[] bytes) {
            byte[] expected = message(1 - number, seen);
            List<Integer> same = IntStream.range(0, counts[1 - number])
                    .filter(other -> Arrays.equals(message(1 - number, other), bytes)).boxed().toList();
            return type + " of " + bytes.length + " bytes, like messages " + same + ", in place of " + expected.length
                    + " bytes, of which " + Math.max(Arrays.mismatch(expected, bytes), 0) + " are the same";
        }

        private void send(WebSocketConnection ws) {
            Random ways = new Random(seed - number);
            try {
                for (int i = 0; i < counts[number]; i++) {
                    send(ws, isText(number, i) ? MessageType.TEXT : MessageType.BINARY, message(number, i), ways);
                }
            } catch (IOException e) {
                // The connection has ended. The thread that receives finds that, too.
            } finally {
                sent.complete(null);
            }
        }

        private void send(WebSocketConnection ws, MessageType type, byte[] bytes, Random ways) throws IOException {
            switch (ways.nextInt(4)) {
                case 0 -> {
                    try (OutgoingMessage stream = ws.sendStream(type)) {
                        int from = 0;
                        while (from < bytes.length) {
                            int count = 1 + ways.nextInt(bytes.length - from);
                            stream.write(bytes, from, count);
                            from += count;
                        }
                        stream.complete();
                    }
                }
                case 1 -> {
                    SendResult result = ws.trySend(type, bytes, 0, bytes.length);
                    if (result != SendResult.ACCEPTED && result != SendResult.CLOSED) {
                        ws.send(type, bytes, 0, bytes.length);
                    }
                }
                default -> ws.send(type, bytes, 0, bytes.length);
            }
        }
    }
}
