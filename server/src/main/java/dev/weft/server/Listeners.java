package dev.weft.server;

import dev.weft.internal.AddressText;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import dev.weft.internal.transport.TransportFactory;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * All listeners of a server, and an acceptor for each of them, which is created once there is an admission for its
 * connections.
 */
final class Listeners implements Closeable {
    private static final String NOTHING = "memory";

    private final List<Listener> listeners;
    private List<Acceptor> acceptors = List.of();

    private Listeners(List<Listener> listeners) {
        this.listeners = listeners;
    }

    /**
     * Opens a listener for each address, and last one for the inherited socket, if it is to be used. When this method returns,
     * clients can connect.
     *
     * @param receiveBufferSize the size in bytes of the connections' receive buffers
     * @throws IOException if one fails; then none is left open
     */
    static Listeners open(ListenSettings settings, OptionalInt receiveBufferSize) throws IOException {
        Listeners opened = new Listeners(new ArrayList<>());
        try {
            for (SocketAddress address : settings.addresses()) {
                opened.listeners.add(Listener.open(address, settings, receiveBufferSize));
            }
            if (settings.inherited()) {
                opened.listeners.add(Listener.openInherited());
            }
            return opened;
        } catch (Throwable e) {
            try {
                opened.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    boolean isEmpty() {
        return listeners.isEmpty();
    }

    /** No listeners, for a server that is given its connections. */
    static Listeners none() {
        return new Listeners(List.of());
    }

    /**
     * All addresses, in the order of the settings, with the ports that the system has chosen; last that of an inherited
     * socket.
     */
    List<SocketAddress> addresses() {
        return listeners.stream().map(Listener::address).toList();
    }

    /** The first TCP address; {@code null} if there is none. */
    InetSocketAddress firstInternetAddress() {
        return addresses().stream().filter(InetSocketAddress.class::isInstance).map(InetSocketAddress.class::cast)
                .findFirst().orElse(null);
    }

    /** Distinguishes the threads of this server from those of others: the first port, or the file. */
    String label() {
        if (listeners.isEmpty()) {
            return NOTHING;
        }
        InetSocketAddress internet = firstInternetAddress();
        return label(internet == null ? listeners.get(0).address() : internet);
    }

    private static String label(SocketAddress address) {
        if (address instanceof UnixDomainSocketAddress unix) {
            Path file = unix.getPath().getFileName();
            return String.valueOf(file);
        }
        return String.valueOf(((InetSocketAddress) address).getPort());
    }

    /** A description for the log. */
    String description() {
        return listeners.isEmpty()
                ? NOTHING
                : addresses().stream().map(AddressText::of).collect(Collectors.joining(", "));
    }

    /**
     * Creates the acceptors, which are not started yet.
     *
     * @param transports provides the loops, if there are any
     * @param admission  takes an accepted channel; must not block
     * @param failures   returns the failures for the name of an acceptor's thread
     */
    void acceptors(TransportFactory transports, Consumer<SocketChannel> admission,
            Function<String, Failures> failures) {
        acceptors = listeners.stream().map(listener -> {
            Failures ofThread = failures.apply("weft-acceptor-" + label(listener.address()));
            return listener.channel().flatMap(channel -> transports.accepting(channel, admission))
                    .map(socket -> new Acceptor(socket, ofThread))
                    .orElseGet(() -> new Acceptor(listener::accept, admission, ofThread));
        }).toList();
    }

    List<ServiceThread> threads() {
        return acceptors.stream().map(Acceptor::thread).toList();
    }

    void start() throws IOException {
        for (Acceptor acceptor : acceptors) {
            acceptor.start();
        }
    }

    /** Stops accepting, and closes the sockets that the server has opened; does not wait for the acceptors. */
    void stop() throws IOException {
        acceptors.forEach(Acceptor::stop);
        try {
            forEach(Listener::stop);
        } finally {
            acceptors.forEach(Acceptor::sourceClosed);
        }
    }

    /** Closes all sockets, the inherited one too. Must be called after {@link #stop()} if there are acceptors. */
    @Override
    public void close() throws IOException {
        forEach(Listener::close);
    }

    /** What is done to a listener. */
    @FunctionalInterface
    private interface Action {
        void on(Listener listener) throws IOException;
    }

    private void forEach(Action action) throws IOException {
        IOException failure = null;
        for (Listener listener : listeners) {
            try {
                action.on(listener);
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Waits, after {@link #stop()}, until no more connections are admitted, but no longer than this for each acceptor.
     */
    void awaitEnd(Duration longest) throws InterruptedException {
        for (Acceptor acceptor : acceptors) {
            acceptor.awaitEnd(longest);
        }
    }
}
