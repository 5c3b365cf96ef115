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

/** Creates the transports of one server or client. */
public interface TransportFactory extends AutoCloseable {
    /** The first release of Java in which a virtual thread that blocks in a selector does not hold its carrier. */
    int FIRST_WITHOUT_PINNING = 24;

    /**
     * Creates a transport over a connected channel in blocking mode, and takes ownership of the channel. Does not block.
     *
     * @throws java.nio.channels.ClosedSelectorException if this factory was closed, and its selectors with it; the caller then
     *                                                   closes the channel
     */
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

    /** The number of {@linkplain Transport#place places} where the connections' threads run; 0 if they may run anywhere. */
    default int places() {
        return 0;
    }

    /** Whether it is known that no connection's thread has had anything to do for a while. */
    default boolean isIdle() {
        return false;
    }

    /** The number of times that a loop was taken over from a thread whose turn took too long; 0 if there are no loops. */
    default long takeovers() {
        return 0;
    }

    /** Describes how the connections' threads are scheduled, for an operator. */
    String description();

    /**
     * The reason why connections are currently served more slowly or less reliably than they should be; empty if there is none.
     * Does not wait.
     */
    Optional<String> impairment();

    /**
     * Whether, since the last call, the mechanism that wakes the connections' threads has shown that it works; if it has not,
     * starts a new check. For one thread. Does not block.
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
     * Uses the JDK's blocking channels.
     *
     * @param failures counts failures of the wake-up probe; its name is also the name of the probe's thread
     */
    static TransportFactory blocking(Failures failures) throws IOException {
        Rescheduler.start();
        return new Blocking(new WakeUpProbe(failures));
    }

    /**
     * Uses our own pollers, and threads that park and are scheduled by the JDK.
     *
     * @param pinned   whether a virtual thread that waits in a selector holds its carrier
     * @param failures counts failures of the pollers; its name is also the name of their threads
     * @param why      why there are no loops, for the description; may be empty
     */
    static TransportFactory parking(boolean pinned, Failures failures, String why) throws IOException {
        return ParkingTransportFactory.open(pinned, failures, why);
    }

    /**
     * Uses the loops of this process, and threads that park. Empty if there cannot be loops: then the consumer gets the reason.
     */
    static Optional<TransportFactory> looping(Consumer<String> obstacle) throws IOException {
        return SharedLoops.transports(obstacle);
    }

    /**
     * Uses our own pollers, in the way that this release of Java allows.
     *
     * @param failures see {@link #parking(boolean, Failures, String)}
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
     * Uses the loops of this process, or, if there cannot be any, our own pollers.
     *
     * @param failures counts failures of the pollers; its name is also the name of their threads
     */
    static TransportFactory loopingOrParking(Failures failures) throws IOException {
        StringBuilder why = new StringBuilder();
        Optional<TransportFactory> loops = looping(why::append);
        return loops.isPresent() ? loops.get() : parking(failures, why.toString());
    }

    /**
     * Uses TLS above other transports.
     *
     * @param engines creates an engine for each connection
     */
    static TransportFactory tls(TransportFactory below, Supplier<SSLEngine> engines, TlsBuffers buffers) {
        return new Tls(below, engines, buffers);
    }

    /** Blocking transports, which share one wake-up probe. */
    record Blocking(WakeUpProbe wakeUpProbe) implements TransportFactory {
        /** Created in advance, because there may be no memory when it is needed. */
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

    /** TLS transports, which share their buffers. */
    record Tls(TransportFactory below, Supplier<SSLEngine> engines, TlsBuffers buffers) implements TransportFactory {
        @Override
        public Transport over(SocketChannel channel) throws IOException {
            SSLEngine engine = engines.get();
            Transport plain = below.over(channel);
            Transport made = null;
            try {
                made = new TlsTransport(plain, engine, buffers);
                return made;
            } finally {
                if (made == null) {
                    // Memory is exhausted. An engine watches the socket already.
                    plain.close();
                }
            }
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
        public boolean isIdle() {
            return below.isIdle();
        }

        @Override
        public long takeovers() {
            return below.takeovers();
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
