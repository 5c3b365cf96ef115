package dev.weft.bench.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.bench.soak.RawClient.Received;
import dev.weft.bench.soak.RawClient.Received.Data;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection to an echo server, from the handshake to the end. One thread writes random messages; another reads, and
 * compares every byte; so the server may delay either. The seed decides everything except the timing.
 */
final class SoakVisit {
    /** How a visit ends. */
    private enum End {
        /**
         * Listed twice, so that most visits end properly: every reply must have arrived, and the closing handshake must be
         * complete.
         */
        CLOSES, CLOSES_TOO, RESETS, LEAVES_WITHIN_A_MESSAGE, HALF_CLOSES_AND_LEAVES
    }

    private static final int READ_LENGTH = 1 << 16;
    private static final int CLOSE_CODE = 1000;
    /** No reply takes this long: the server's deadline for a peer that does not read is shorter. */
    private static final int READ_MILLIS = 60_000;
    private static final int MOST_MESSAGES = 200;
    private static final int LARGEST_MESSAGE = 1 << 18;

    private final Random random;
    private final End end;
    private final boolean readsSlowly;
    private final int longestPause;
    private final Queue<Data> replies = new ConcurrentLinkedQueue<>();
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

    /** Makes the visit; fails if anything is wrong. Ends early, in its own way, once {@code until} has passed. */
    void run(URI address, long until) throws Exception {
        try (RawClient client = RawClient.connect(address, null, random, READ_MILLIS, 0)) {
            long readerSeed = random.nextLong();
            Thread reader = Thread.startVirtualThread(() -> read(client, new Random(readerSeed)));
            try {
                write(client, until);
            } catch (IOException e) {
                fail(e);
            }
            reader.join();
            if (failure != null) {
                throw new IOException("a connection that " + end + " failed", failure);
            }
        }
    }

    private void write(RawClient client, long until) throws IOException {
        int messages = random.nextInt(MOST_MESSAGES);
        for (int i = 0; i < messages && System.nanoTime() < until && failure == null; i++) {
            sendMessage(client);
            if (random.nextBoolean()) {
                LockSupport.parkNanos(1_000_000L * random.nextInt(longestPause + 1));
            }
        }
        leaving = true;
        switch (end) {
            case CLOSES, CLOSES_TOO -> client.sendClose(CLOSE_CODE, "");
            case RESETS -> client.reset();
            case LEAVES_WITHIN_A_MESSAGE -> {
                client.sendUnfinished(new byte[random.nextInt(10_000)]);
                client.close();
            }
            case HALF_CLOSES_AND_LEAVES -> client.shutdownOutput();
        }
    }

    /** One message in random fragments, with pings before some of them. */
    private void sendMessage(RawClient client) throws IOException {
        boolean text = random.nextBoolean();
        byte[] payload = text ? text(length()) : binary(length());
        replies.add(new Data(text, payload));
        client.send(text, payload, random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(5), () -> {
            if (random.nextInt(10) == 0) {
                byte[] ping = binary(random.nextInt(126));
                pongs.add(ping);
                client.ping(ping);
            }
        });
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

    private void read(RawClient client, Random own) {
        try {
            Received received = client.read();
            while (received != null && !(received instanceof Received.Close)) {
                check(received);
                if (readsSlowly && own.nextInt(20) == 0) {
                    LockSupport.parkNanos(own.nextInt(100_000_000));
                }
                received = client.read();
            }
            if (mustEndWell()) {
                checkEnd(client, (Received.Close) received);
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        } finally {
            if (failure != null) {
                client.closeQuietly();
            }
        }
    }

    /** Compares a message or a pong with the expected next one. */
    private void check(Received received) throws IOException {
        if (received instanceof Received.Pong pong) {
            // §5.5.3: only the newest of several pings needs an answer.
            byte[] ping;
            do {
                ping = pongs.poll();
                RawClient.check(ping != null, "a pong that answers no ping");
            } while (!Arrays.equals(ping, pong.payload()));
            counts.pongs.increment();
        } else if (received instanceof Data data) {
            Data expected = replies.poll();
            RawClient.check(
                    expected != null && expected.text() == data.text()
                            && Arrays.equals(expected.payload(), data.payload()),
                    "a reply of " + data.payload().length + " bytes that is not what was sent");
            counts.bytes.add(data.payload().length);
            counts.messages.increment();
        }
    }

    private void checkEnd(RawClient client, Received.Close close) throws IOException {
        if (close == null) {
            throw new EOFException("the server ended without a Close frame");
        }
        RawClient.check(close.code() == CLOSE_CODE, "the close code " + close.code() + " instead of " + CLOSE_CODE);
        if (!replies.isEmpty()) {
            RawClient.check(!client.mustHaveAllReplies(), "a Close frame before " + replies.size() + " replies");
            counts.lateReplies.increment();
        }
        RawClient.check(client.read() == null, "something after its Close frame");
    }

    private boolean mustEndWell() {
        return end == End.CLOSES || end == End.CLOSES_TOO;
    }

    /**
     * After this client has ended the connection abruptly, it has caused errors on the wire itself, but never a wrong reply.
     */
    private void fail(Exception e) {
        boolean ours = leaving && !mustEndWell()
                && (e instanceof SocketException || e instanceof EOFException);
        if (!ours && failure == null) {
            failure = e;
        }
    }
}
