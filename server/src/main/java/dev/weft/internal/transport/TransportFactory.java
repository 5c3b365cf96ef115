package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.Rescheduler;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;

/** Makes the transports of one server or client. */
public interface TransportFactory extends AutoCloseable {
    /** The first release of Java in which a virtual thread that blocks in a selector does not hold its carrier. */
    int FIRST_WITHOUT_PINNING = 24;

    /** Creates a transport over a connected channel in blocking mode, and takes ownership of the channel. Does not block. */
    Transport over(SocketChannel channel) throws IOException;

    /** Adds this factory's encryption, if it has any, to a transport of another kind, and takes ownership of it. Does not block. */
    default Transport over(Transport plain) {
        return plain;
    }

    /**
     * A socket that accepts on a loop; empty if there are no loops, so that a thread must wait in {@code accept()}.
     *
     * @param channel   listens, and is not used elsewhere
     * @param admission takes an accepted channel, on the loop; must not block
     */
    default Optional<AcceptingSocket> accepting(ServerSocketChannel channel, Consumer<SocketChannel> admission) {
        return Optional.empty();
    }

    /**
     * Runs a task that starts a thread, on a thread where the new one is scheduled soonest. Does not block.
     *
     * @param start must not block
     */
    void start(Runnable start);

    /** A builder of virtual threads that serve no connection in particular. */
    Thread.Builder.OfVirtual threadBuilder();

    /** The number of {@linkplain Transport#place places} where the connections' threads run; 0 where they run anywhere. */
    default int places() {
        return 0;
    }

    /** Describes how the connections' threads are scheduled, for an operator. */
    String description();

    /** The reason why connections are currently served worse than they should be; empty if there is none. Does not wait. */
    Optional<String> impairment();

    /**
     * Whether the mechanism that wakes the connections' threads has shown since the last call that it works; if not, it is
     * asked to. For one thread. Does not block.
     */
    boolean beat();

    /** Performs maintenance; called about once a second. Does not block. */
    default void tend() {}

    /** Whether the mechanism that wakes the connections' threads has ended, so that they wait forever. */
    boolean isDead();

    /** Call this when all transports are closed. */
    @Override
    void close();

    /**
     * The JDK's blocking channels.
     *
     * @param failures counts failures of the wake-up probe, and gives its thread the name
     */
    static TransportFactory blocking(Failures failures) throws IOException {
        Rescheduler.start();
        return new Blocking(new WakeUpProbe(failures));
    }

    /**
     * Pollers of our own, and threads that park and are scheduled by the JDK.
     *
     * @param pinned   whether a virtual thread that waits in a selector holds its carrier
     * @param failures counts failures of the pollers, and gives their threads the name
     * @param why      why there are no loops, for the description; may be empty
     */
    static TransportFactory parking(boolean pinned, Failures failures, String why) throws IOException {
        return ParkingTransportFactory.open(pinned, failures, why);
    }

    /**
     * The loops of this process, and threads that park; empty if there cannot be any: then the reason is passed to the
     * consumer.
     */
    static Optional<TransportFactory> looping(Consumer<String> obstacle) throws IOException {
        return SharedLoops.transports(obstacle);
    }

    /**
     * Pollers of our own, as this release of Java allows.
     *
     * @param failures as {@link #parking(boolean, Failures, String)}
     * @param why      why there are no loops, for the description; may be empty
     */
    static TransportFactory parking(Failures failures, String why) throws IOException {
        return parking(selectPins(Runtime.version().feature()), failures, why);
    }

    /** Whether, on this release of Java, a virtual thread that blocks in a selector holds its carrier. */
    static boolean selectPins(int feature) {
        return feature < FIRST_WITHOUT_PINNING;
    }

    /**
     * The loops of this process, or, where there cannot be any, pollers of our own.
     *
     * @param failures counts failures of the pollers, and gives their threads the name
     */
    static TransportFactory loopingOrParking(Failures failures) throws IOException {
        StringBuilder why = new StringBuilder();
        Optional<TransportFactory> loops = looping(why::append);
        return loops.isPresent() ? loops.get() : parking(failures, why.toString());
    }

    /**
     * TLS above others.
     *
     * @param engines makes an engine for each connection
     */
    static TransportFactory tls(TransportFactory below, Supplier<SSLEngine> engines, TlsBuffers buffers) {
        return new Tls(below, engines, buffers);
    }

    /** All its transports share one wake-up probe. */
    record Blocking(WakeUpProbe wakeUpProbe) implements TransportFactory {
        /** Created beforehand, for when there is no memory. */
        private static final Optional<String> WAITING_THREADS_MAY_BE_LOST = Optional
                .of("there was a lack of memory, in which"
                        + " the JDK may have lost threads that wait for sockets; restart the server when you can");

        @Override
        public Transport over(SocketChannel channel) throws IOException {
            return new SocketTransport(channel);
        }

        @Override
        public void start(Runnable start) {
            start.run();
        }

        @Override
        public Thread.Builder.OfVirtual threadBuilder() {
            return Thread.ofVirtual();
        }

        @Override
        public String description() {
            return "the JDK's scheduler and blocking channels";
        }

        @Override
        public Optional<String> impairment() {
            return wakeUpProbe.hasLackedMemory() ? WAITING_THREADS_MAY_BE_LOST : Optional.empty();
        }

        @Override
        public void tend() {
            wakeUpProbe.checkMemory();
        }

        @Override
        public boolean beat() {
            return wakeUpProbe.beat();
        }

        @Override
        public boolean isDead() {
            return wakeUpProbe.isDead();
        }

        @Override
        public void close() {
            wakeUpProbe.close();
        }
    }

    /** Shares buffers. */
    record Tls(TransportFactory below, Supplier<SSLEngine> engines, TlsBuffers buffers) implements TransportFactory {
        @Override
        public Transport over(SocketChannel channel) throws IOException {
            SSLEngine engine = engines.get();
            return new TlsTransport(below.over(channel), engine, buffers);
        }

        @Override
        public Optional<AcceptingSocket> accepting(ServerSocketChannel channel, Consumer<SocketChannel> admission) {
            return below.accepting(channel, admission);
        }

        @Override
        public Transport over(Transport plain) {
            return new TlsTransport(below.over(plain), engines.get(), buffers);
        }

        @Override
        public void start(Runnable start) {
            below.start(start);
        }

        @Override
        public Thread.Builder.OfVirtual threadBuilder() {
            return below.threadBuilder();
        }

        @Override
        public int places() {
            return below.places();
        }

        @Override
        public String description() {
            return below.description();
        }

        @Override
        public Optional<String> impairment() {
            return below.impairment();
        }

        @Override
        public void tend() {
            below.tend();
        }

        @Override
        public boolean beat() {
            return below.beat();
        }

        @Override
        public boolean isDead() {
            return below.isDead();
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
