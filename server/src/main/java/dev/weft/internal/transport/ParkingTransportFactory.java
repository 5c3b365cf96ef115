package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.Rescheduler;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Creates transports on pollers, whose threads park and are scheduled by the JDK: one poller for two carriers, because a poller
 * alternates with the threads that it wakes.
 *
 * @param next the number of threads started so far
 */
record ParkingTransportFactory(List<Poller> pollers, String description,
        AtomicInteger next) implements TransportFactory {
    private static final int CARRIERS_PER_POLLER = 2;

    /** Like {@link TransportFactory#parking}. */
    static ParkingTransportFactory open(boolean pinned, Failures failures, String why) throws IOException {
        int carriers = Integer.getInteger("jdk.virtualThreadScheduler.parallelism",
                Runtime.getRuntime().availableProcessors());
        Rescheduler.start();
        int count = Math.max(1, carriers / CARRIERS_PER_POLLER);
        List<Poller> pollers = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                pollers.add(new Poller(pinned, failures));
            }
        } catch (Throwable e) {
            pollers.forEach(Poller::stop);
            throw e;
        }
        String description = "the JDK's scheduler, with pollers: " + count + (why.isEmpty() ? "" : " (" + why + ")");
        return new ParkingTransportFactory(List.copyOf(pollers), description, new AtomicInteger());
    }

    @Override
    public Transport over(SocketChannel channel) throws IOException {
        Poller fewest = pollers.size() == 1
                ? pollers.getFirst()
                : pollers.stream().min(Comparator.comparingInt(Poller::size)).orElseThrow();
        return fewest.register(channel);
    }

    @Override
    public void start(Runnable start) {
        pollers.get(Math.floorMod(next.getAndIncrement(), pollers.size())).start(start);
    }

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return Thread.ofVirtual();
    }

    @Override
    public Optional<String> impairment() {
        return Optional.empty();
    }

    /** Whether all pollers have shown that they work; each is checked. */
    @Override
    public boolean beat() {
        boolean all = true;
        for (int i = 0; i < pollers.size(); i++) {
            all &= pollers.get(i).beat();
        }
        return all;
    }

    @Override
    public boolean isDead() {
        return pollers.stream().anyMatch(Poller::isDead);
    }

    @Override
    public void close() {
        pollers.forEach(Poller::stop);
    }
}
