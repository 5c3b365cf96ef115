package dev.weft.bench.soak;

import dev.weft.bench.soak.RawClient.Received;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * One connection to a {@link SoakHandler}, which gets random orders. One thread writes them; another checks every received
 * byte, and that the messages of each order arrive in sequence. The seed decides everything except the timing.
 */
final class OrderedVisit {
    /** How a visit ends. */
    private enum End {
        /** The client, after all orders: each order must be done, and the closing handshake must be complete. */
        CLOSES_WHEN_DONE,
        /** The client, while orders are being carried out. */
        CLOSES_EARLY,
        /** The server, while orders are being carried out. */
        IS_CLOSED,
        /** The server abandons a message, of which only a part may arrive. */
        ABANDONS, RESETS, LEAVES_WITHIN_A_MESSAGE
    }

    /** The state of an order while its messages arrive. */
    private static final class State {
        private final Order order;
        private int next;
        private int received;
        private boolean done;

        State(Order order) {
            this.order = order;
        }
    }

    /** All verbs but those that end the connection; those that are quick to do more often. */
    private static final Order.Verb[] ORDERED = {Order.Verb.SEND, Order.Verb.SEND, Order.Verb.SLEEP, Order.Verb.SEND,
            Order.Verb.COMPUTE, Order.Verb.PING, Order.Verb.SEND_ELSEWHERE, Order.Verb.SEND_ELSEWHERE,
            Order.Verb.TRY_AGAIN,
            Order.Verb.TRY_AGAIN, Order.Verb.TRY_ONCE, Order.Verb.TRY_ONCE, Order.Verb.STREAM, Order.Verb.STREAM};

    private static final int READ_MILLIS = 60_000;
    /** A client with a small receive buffer gets some 10 kB/s over TLS, and this part of the orders. */
    private static final int NARROW = 3;
    /** The maximum time for all orders; the reader itself checks that any bytes arrive. */
    private static final int MINUTES_FOR_ALL = 10;
    private static final int MOST_ORDERS = 12;
    private static final int MOST_MESSAGES = 100;
    private static final int LARGEST_MESSAGE = 1 << 18;
    private static final int CLIENTS_CODE = 3456;

    private final Random random;
    private final End end;
    private final boolean readsSlowly;
    private final int longestPause;
    private final Counts counts;
    private final Map<Integer, State> orders = new ConcurrentHashMap<>();
    private final Queue<byte[]> echoes = new ConcurrentLinkedQueue<>();
    private final Queue<byte[]> pings = new ConcurrentLinkedQueue<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    /** Set when all orders that must be done have been sent. */
    private volatile boolean allGiven;
    /** Set when errors on the wire are caused by this client. */
    private volatile boolean leaving;
    private volatile int closeCode;
    private volatile Throwable failure;

    /**
     * A visit that has not started.
     *
     * @param longestPause milliseconds between two orders, at most
     */
    OrderedVisit(long seed, int longestPause, Counts counts) {
        this.random = new Random(seed);
        this.end = End.values()[random.nextInt(End.values().length)];
        this.readsSlowly = random.nextInt(4) == 0;
        this.longestPause = longestPause;
        this.counts = counts;
    }

    /** Makes the visit; fails if anything is wrong. Sends no further orders once {@code until} has passed. */
    void run(URI address, SSLContext tls, long until) throws Exception {
        boolean narrow = random.nextInt(4) == 0;
        try (RawClient client = connect(address, tls, narrow ? 4096 : 0)) {
            Random own = new Random(random.nextLong());
            Thread reader = Thread.startVirtualThread(() -> read(client, own));
            try {
                giveOrders(client, random.nextInt(narrow ? MOST_ORDERS / NARROW : MOST_ORDERS), until);
            } catch (IOException e) {
                fail(e);
            }
            reader.join();
        }
        if (failure != null) {
            throw new IOException("an ordered connection that " + end + " failed", failure);
        }
    }

    private RawClient connect(URI address, SSLContext tls, int receiveBuffer) throws IOException {
        try {
            return RawClient.connect(address, tls, random, READ_MILLIS, receiveBuffer);
        } catch (IOException e) {
            throw new IOException("could not connect", e);
        }
    }

    private void giveOrders(RawClient client, int count, long until) throws IOException, InterruptedException {
        for (int id = 1; id <= count && System.nanoTime() < until && failure == null; id++) {
            give(client,
                    new Order(ORDERED[random.nextInt(ORDERED.length)], id, random.nextInt(MOST_MESSAGES), length()));
            if (random.nextBoolean()) {
                LockSupport.parkNanos(1_000_000L * random.nextInt(longestPause + 1));
            }
            if (random.nextInt(3) == 0) {
                byte[] echo = bytes(length());
                echoes.add(echo);
                client.sendBinary(echo, 1 + random.nextInt(3));
            }
            if (random.nextInt(3) == 0) {
                byte[] ping = bytes(random.nextInt(126));
                pings.add(ping);
                client.ping(ping);
            }
        }
        switch (end) {
            case CLOSES_WHEN_DONE -> {
                // One at the end, so that there is a last one.
                allGiven = true;
                give(client, new Order(Order.Verb.SEND, 0, 1, 100));
                if (finished.await(MINUTES_FOR_ALL, TimeUnit.MINUTES)) {
                    close(client);
                } else {
                    fail(new RawClient.Wrong("not all orders were done"));
                    client.close();
                }
            }
            case CLOSES_EARLY -> close(client);
            case IS_CLOSED -> {
                closeCode = 4000 + random.nextInt(1000);
                client.sendText(new Order(Order.Verb.CLOSE, 0, closeCode, 100).toString());
            }
            case ABANDONS -> {
                closeCode = 1011;
                client.sendText(new Order(Order.Verb.ABANDON, 0, 1, length()).toString());
            }
            case RESETS -> {
                leaving = true;
                client.reset();
            }
            case LEAVES_WITHIN_A_MESSAGE -> {
                leaving = true;
                client.sendUnfinished(bytes(length()));
                client.close();
            }
        }
    }

    private void give(RawClient client, Order order) throws IOException {
        orders.put(order.id(), new State(order));
        client.sendText(order.toString());
    }

    private void close(RawClient client) throws IOException {
        closeCode = CLIENTS_CODE;
        client.sendClose(CLIENTS_CODE, "");
    }

    private int length() {
        return Order.HEADER + random.nextInt(switch (random.nextInt(10)) {
            case 0, 1, 2, 3, 4, 5 -> 126;
            case 6, 7, 8 -> 5000;
            default -> LARGEST_MESSAGE;
        });
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        if (length > 0) {
            // The first message of each order has number 0.
            bytes[0] = (byte) 0xff;
        }
        return bytes;
    }

    private void read(RawClient client, Random own) {
        try {
            Received received = client.read();
            while (received != null && !(received instanceof Received.Close)) {
                check(received);
                if (readsSlowly && own.nextInt(50) == 0) {
                    LockSupport.parkNanos(own.nextInt(100_000_000));
                }
                received = client.read();
            }
            checkEnd(client, (Received.Close) received);
        } catch (IOException | RuntimeException e) {
            fail(e);
        } finally {
            finished.countDown();
            if (failure != null) {
                client.closeQuietly();
            }
        }
    }

    private void check(Received received) throws IOException {
        switch (received) {
            case Received.Pong pong -> {
                // §5.5.3: only the newest of several pings needs an answer.
                byte[] ping;
                do {
                    ping = pings.poll();
                    RawClient.check(ping != null, "a pong that answers no ping");
                } while (!Arrays.equals(ping, pong.payload()));
                counts.pongs.increment();
            }
            case Received.Data data -> {
                counts.bytes.add(data.payload().length);
                counts.messages.increment();
                if (data.text()) {
                    checkDone(RawClient.utf8(data.payload()));
                } else if (data.payload().length > 0 && data.payload()[0] == (byte) 0xff) {
                    RawClient.check(Arrays.equals(echoes.poll(), data.payload()), "an echo that is not what was sent");
                } else {
                    checkMessage(data.payload());
                }
            }
            case Received.Close close -> throw new AssertionError(close);
        }
    }

    private void checkMessage(byte[] payload) throws IOException {
        RawClient.check(payload.length >= Order.HEADER, "a message of no order, " + payload.length + " bytes long");
        State state = orders.get(ByteBuffer.wrap(payload).getInt());
        int number = ByteBuffer.wrap(payload).getInt(4);
        RawClient.check(state != null && !state.done, "a message of no order, or behind its end");
        boolean inOrder = state.order.verb() == Order.Verb.TRY_ONCE ? number >= state.next : number == state.next;
        RawClient.check(inOrder && number < state.order.count(),
                "message " + number + " instead of " + state.next + " of " + state.order);
        RawClient.check(Arrays.equals(state.order.message(number), payload),
                "other bytes in message " + number + " of " + state.order);
        state.next = number + 1;
        state.received++;
    }

    private void checkDone(String text) throws IOException {
        Order.Done done = Order.Done.parse(text);
        State state = done == null ? null : orders.get(done.id());
        RawClient.check(state != null && !state.done, "the text " + text);
        RawClient.check(done.accepted() == state.received, text + ", though " + state.received + " came");
        RawClient.check(done.accepted() == state.order.count() || state.order.verb() == Order.Verb.TRY_ONCE,
                text + ", though " + state.order);
        state.done = true;
        // The state of the last order is set before the order is sent, and allGiven before that.
        if (allGiven && orders.values().stream().allMatch(each -> each.done) && orders.containsKey(0)) {
            finished.countDown();
        }
    }

    private void checkEnd(RawClient client, Received.Close close) throws IOException {
        if (close == null) {
            throw new EOFException("the server ended without a Close frame");
        }
        RawClient.check(close.code() == closeCode, "the close code " + close.code() + " instead of " + closeCode);
        RawClient.check(close.reason().equals(end == End.IS_CLOSED ? Order.REASON : "") || end == End.ABANDONS,
                "the reason " + close.reason());
        if (end == End.CLOSES_WHEN_DONE) {
            RawClient.check(close.brokenOff().length == 0, "a Close frame within a message");
            if (!echoes.isEmpty()) {
                RawClient.check(!client.mustHaveAllReplies(), "a Close frame before an echo");
                counts.lateReplies.increment();
            }
        }
        leaving = true;
        if (end == End.IS_CLOSED || end == End.ABANDONS) {
            client.sendClose(close.code(), "");
        }
        RawClient.check(client.read() == null, "something behind its Close frame");
    }

    /**
     * After this client has ended the connection abruptly, it has caused errors on the wire itself, but never a wrong message.
     */
    private void fail(Exception e) {
        boolean ofTheWire = e instanceof SocketException || e instanceof EOFException || e instanceof SSLException;
        if (!(leaving && ofTheWire) && failure == null) {
            failure = e;
        }
    }
}
