package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.loop.Loops;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Creates transports on loops, which watch the sockets and run the connections' threads. A new connection is assigned to the
 * loop that has the fewest; if one has far more than another, because connections have ended, some are moved.
 */
final class LoopTransportFactory implements TransportFactory {
    /**
     * A loop has far more connections than another if it has more than {@code FACTOR} times as many, and at least this number
     * more.
     */
    private static final int FACTOR = 2;
    private static final int SURPLUS = 32;

    private final Loops loops;
    private final List<SocketEngine> engines;
    /** What the engines are, for the description. */
    private final String what;
    /** Whether the loops are shared, and so not ended by {@link #close()}. */
    private final boolean shared;
    /** The number of threads started so far. */
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger moving = new AtomicInteger();

    /**
     * A factory for loops that are running.
     *
     * @param engines the loops' engines, in the same order
     * @param what    what they are, for the description; may be empty
     */
    LoopTransportFactory(Loops loops, List<SocketEngine> engines, String what, boolean shared) {
        this.loops = loops;
        this.engines = engines;
        this.what = what;
        this.shared = shared;
    }

    @Override
    public Transport over(SocketChannel channel) throws IOException {
        int fewest = loopWithFewest();
        return engines.get(fewest).register(channel, loops.scheduler(fewest));
    }

    private int loopWithFewest() {
        int fewest = 0;
        for (int i = 1; i < engines.size(); i++) {
            if (engines.get(i).size() < engines.get(fewest).size()) {
                fewest = i;
            }
        }
        return fewest;
    }

    @Override
    public Optional<AcceptingSocket> accepting(ServerSocketChannel channel, Consumer<SocketChannel> admission) {
        int fewest = loopWithFewest();
        return Optional.of(new AcceptingSocket(channel, engines.get(fewest), loops.scheduler(fewest), admission));
    }

    @Override
    public void tend() {
        int most = 0;
        int fewest = 0;
        for (int i = 1; i < engines.size(); i++) {
            most = engines.get(i).size() > engines.get(most).size() ? i : most;
            fewest = engines.get(i).size() < engines.get(fewest).size() ? i : fewest;
        }
        SocketEngine from = engines.get(most);
        SocketEngine to = engines.get(fewest);
        int surplus = from.size() - to.size();
        if (surplus > SURPLUS && from.size() > FACTOR * to.size() && moving.compareAndSet(0, 1)) {
            ConnectionScheduler example = loops.scheduler(fewest);
            boolean begun = false;
            try {
                from.move(surplus / 2, to, example, () -> moving.set(0));
                begun = true;
            } finally {
                if (!begun) {
                    moving.set(0);
                }
            }
        }
    }

    /** A scheduler of the loop with this number. */
    ConnectionScheduler scheduler(int index) {
        return loops.scheduler(index);
    }

    /** A thread that is started is put in its loop's queue at once. */
    @Override
    public void start(Runnable start) {
        start.run();
    }

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return loops.scheduler(Math.floorMod(next.getAndIncrement(), engines.size())).threadBuilder();
    }

    @Override
    public int places() {
        return engines.size();
    }

    @Override
    public boolean isIdle() {
        return loops.areIdle();
    }

    @Override
    public long takeovers() {
        return loops.takeovers();
    }

    @Override
    public String description() {
        return "loops: " + engines.size() + what;
    }

    @Override
    public Optional<String> impairment() {
        return loops.impairment();
    }

    /** Always true: platform threads run the loops, and {@link #impairment()} reports when they cannot. */
    @Override
    public boolean beat() {
        return true;
    }

    @Override
    public boolean isDead() {
        return loops.isDead();
    }

    @Override
    public void close() {
        if (!shared) {
            loops.stop();
        }
    }
}
