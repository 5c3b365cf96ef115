package dev.weft.internal.transport;

import dev.weft.internal.loop.Loops;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Loops, which watch the sockets and run the connections' threads.
 *
 * @param engines those of the loops, in the same order
 * @param next    counts what has been started
 * @param shared  whether others use the loops too, which then are not ended
 */
record Looping(Loops loops, List<SelectorEngine> engines, AtomicInteger next, boolean shared) implements Transports {
    @Override
    public Transport over(SocketChannel channel) throws IOException {
        int fewest = 0;
        for (int i = 1; i < engines.size(); i++) {
            if (engines.get(i).transports() < engines.get(fewest).transports()) {
                fewest = i;
            }
        }
        return engines.get(fewest).register(channel, loops.strand(fewest));
    }

    /** A thread that is started is put in its loop's queue at once. */
    @Override
    public void start(Runnable start) {
        start.run();
    }

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return loops.strand(Math.floorMod(next.getAndIncrement(), engines.size())).threadBuilder();
    }

    @Override
    public String description() {
        return "loops: " + engines.size();
    }

    @Override
    public Optional<String> impairment() {
        return loops.impairment();
    }

    /** Platform threads run the loops; {@link #impairment()} knows when they cannot. */
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
