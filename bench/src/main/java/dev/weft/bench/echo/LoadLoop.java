package dev.weft.bench.echo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/** Many connections to one server, served by the calling thread; the scenario decides what it does with them. */
final class LoadLoop implements AutoCloseable {
    private static final int SELECT_MILLIS = 20;
    private static final long AFTER_NANOS = 20_000_000;
    private static final long CONNECT_NANOS = 60_000_000_000L;
    private static final long LONGEST_LATENCY = 600_000_000_000L;

    private final int port;
    private final Selector selector = Selector.open();
    private final List<LoadClient> clients = new ArrayList<>();
    private final ByteBuffer in = ByteBuffer.allocateDirect(Messages.READ_LENGTH);
    private final byte[] bytes = new byte[Messages.READ_LENGTH];
    private final Histogram latency = new Histogram(LONGEST_LATENCY, 3);
    /** Messages sent or due before this time count as warm-up: their latency is not recorded. */
    private long recordFrom = Long.MAX_VALUE;
    private OnAnswer onAnswer = (client, count, now) -> {};

    LoadLoop(int port) throws IOException {
        this.port = port;
    }

    /** The scenario's action when replies are complete. */
    @FunctionalInterface
    interface OnAnswer {
        void answered(LoadClient client, int count, long now) throws IOException;
    }

    /** Opens connections, one after the other; gives up after a minute. */
    void connect(int connections, String path, Messages messages) throws IOException {
        long end = System.nanoTime() + CONNECT_NANOS;
        for (int i = 0; i < connections; i++) {
            if (System.nanoTime() > end) {
                throw new IOException("only " + i + " of " + connections + " connections within a minute");
            }
            connect(path, messages, 0);
        }
    }

    LoadClient connect(String path, Messages messages, int receiveBuffer) throws IOException {
        SocketChannel channel = Handshakes.open(port, path, messages.extension(), receiveBuffer);
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        LoadClient client = new LoadClient(this, messages, channel, key);
        key.attach(client);
        clients.add(client);
        return client;
    }

    List<LoadClient> clients() {
        return clients;
    }

    void onAnswer(OnAnswer action) {
        onAnswer = action;
    }

    /** Records the latency of replies from now on whose messages were sent or due at or after that time. */
    void startRecording(long from) {
        recordFrom = from;
        clients.forEach(LoadClient::forgetSlowest);
    }

    Histogram latency() {
        return latency;
    }

    ByteBuffer in() {
        return in;
    }

    byte[] bytes() {
        return bytes;
    }

    void record(long stamp, long now) {
        if (stamp >= recordFrom) {
            latency.recordValue(Math.min(now - stamp, LONGEST_LATENCY));
        }
    }

    void answered(LoadClient client, int count, long now) throws IOException {
        onAnswer.answered(client, count, now);
    }

    long answered() {
        return clients.stream().mapToLong(LoadClient::answered).sum();
    }

    long missing() {
        return clients.stream().mapToLong(LoadClient::missing).sum();
    }

    /** Serves the connections until that time. */
    void runUntil(long end) throws IOException {
        while (System.nanoTime() < end) {
            turn(SELECT_MILLIS);
        }
    }

    /** Serves the connections until the condition holds; returns whether it held before that time. */
    boolean runUntil(BooleanSupplier done, long end) throws IOException {
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            turn(SELECT_MILLIS);
        }
        return true;
    }

    /** Serves the ready connections after waiting for at most this time; 0 does not wait. */
    void turn(int millis) throws IOException {
        try {
            if (millis == 0) {
                selector.selectNow(LoadLoop::ready);
            } else {
                selector.select(LoadLoop::ready, millis);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void ready(SelectionKey key) {
        try {
            ((LoadClient) key.attachment()).ready();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for all outstanding replies; throws if one is missing. After that, nothing more may be received. */
    void drain(long nanos) throws IOException {
        onAnswer = (client, count, now) -> {};
        if (!runUntil(() -> missing() == 0, System.nanoTime() + nanos)) {
            throw new IOException(
                    missing() + " replies are missing " + nanos / 1_000_000 + " ms after the last message");
        }
        runUntil(System.nanoTime() + AFTER_NANOS); // a reply that arrives now answers no message, and is reported
    }

    @Override
    public void close() throws IOException {
        clients.forEach(LoadClient::close);
        selector.close();
    }
}
