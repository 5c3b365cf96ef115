package dev.weft.client;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Connects to one of several addresses as RFC 8305 §4 and §5 describe ("happy eyeballs"). The address families alternate. The
 * next attempt starts when the previous one has failed or 250 ms have passed. The first connection wins; the others are closed.
 * One thread uses it, except that any thread may call {@link #cancel}.
 */
final class AddressRace {
    /** Opens a channel with its options set, but not yet connected. */
    @FunctionalInterface
    interface Channels {
        SocketChannel open(SocketAddress remote) throws IOException;
    }

    /** §5: the Connection Attempt Delay. */
    static final Duration DELAY = Duration.ofMillis(250);

    /** An attempt that has ended, with either a connection or a failure. */
    private record Attempt(SocketChannel channel, SocketAddress address, Throwable failure) {
        static final Attempt CANCELLED = new Attempt(null, null, null);
    }

    private final Channels channels;
    private final Consumer<Runnable> starter;
    private final BlockingQueue<Attempt> ended = new LinkedBlockingQueue<>();
    private final List<SocketChannel> opened = new ArrayList<>();
    private final List<Attempt> failed = new ArrayList<>();

    /**
     * A race that has not started.
     *
     * @param starter starts a thread for an attempt
     */
    AddressRace(Channels channels, Consumer<Runnable> starter) {
        this.channels = channels;
        this.starter = starter;
    }

    /** §4: the families alternate, starting with the family of the first address. The order within a family is kept. */
    static List<SocketAddress> interleaved(InetAddress[] addresses, int port) {
        List<InetAddress> first = new ArrayList<>();
        List<InetAddress> second = new ArrayList<>();
        for (InetAddress address : addresses) {
            (address.getClass() == addresses[0].getClass() ? first : second).add(address);
        }
        List<SocketAddress> all = new ArrayList<>();
        for (int i = 0; i < Math.max(first.size(), second.size()); i++) {
            if (i < first.size()) {
                all.add(new InetSocketAddress(first.get(i), port));
            }
            if (i < second.size()) {
                all.add(new InetSocketAddress(second.get(i), port));
            }
        }
        return all;
    }

    /** Ends the race: {@link #run} throws. Does not wait. */
    void cancel() {
        ended.add(Attempt.CANCELLED);
    }

    /**
     * Waits for the first connection, at most until the limit.
     *
     * @return the channel, connected and in blocking mode
     * @throws WebSocketConnectException      if there is no connection in time
     * @throws java.io.InterruptedIOException if this thread was interrupted
     */
    SocketChannel run(List<SocketAddress> addresses, TimeLimit limit) throws IOException {
        SocketChannel winner = null;
        try {
            int next = 0;
            while (winner == null) {
                if (failed.size() == addresses.size()) {
                    throw failure("no address could be connected to");
                }
                if (limit.hasPassed()) {
                    throw failure("no address could be connected to in time (connectTimeout)");
                }
                if (next < addresses.size()) {
                    start(addresses.get(next));
                    next++;
                }
                long patience = next < addresses.size() ? Math.min(limit.left(), DELAY.toNanos()) : limit.left();
                Attempt attempt = ended.poll(patience, TimeUnit.NANOSECONDS);
                if (attempt == Attempt.CANCELLED) {
                    throw failure("the client was closed");
                } else if (attempt != null && attempt.failure == null) {
                    winner = attempt.channel;
                } else if (attempt != null) {
                    failed.add(attempt);
                }
            }
            return winner;
        } catch (InterruptedException e) {
            throw Interrupts.interrupted("while connecting");
        } finally {
            for (SocketChannel channel : opened) {
                if (channel != winner) {
                    closeQuietly(channel);
                }
            }
        }
    }

    /**
     * Opens the channel here rather than in the attempt's thread. So it is always among those closed at the end, whatever the
     * state of its attempt.
     */
    private void start(SocketAddress address) {
        try {
            SocketChannel channel = channels.open(address);
            opened.add(channel);
            starter.accept(() -> attempt(channel, address));
        } catch (IOException | RuntimeException e) {
            ended.add(new Attempt(null, address, e));
        }
    }

    private void attempt(SocketChannel channel, SocketAddress address) {
        try {
            channel.connect(address);
            ended.add(new Attempt(channel, address, null));
        } catch (Throwable e) {
            closeQuietly(channel);
            ended.add(new Attempt(null, address, e));
        }
    }

    private WebSocketConnectException failure(String what) {
        StringBuilder message = new StringBuilder(what);
        failed.forEach(
                each -> message.append("; ").append(each.address).append(": ").append(each.failure.getMessage()));
        WebSocketConnectException failure = new WebSocketConnectException(Step.CONNECT, message.toString(),
                failed.isEmpty() ? null : failed.getFirst().failure);
        failed.stream().skip(1).forEach(each -> failure.addSuppressed(each.failure));
        return failure;
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is closed anyway.
        }
    }
}
