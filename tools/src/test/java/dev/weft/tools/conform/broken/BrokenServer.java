package dev.weft.tools.conform.broken;

import dev.weft.tools.conform.wire.Side;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An echo server that is correct except for one fault. With {@link Fault#NONE}, it passes the suite. */
public final class BrokenServer implements AutoCloseable {
    private final Fault fault;
    private final ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    /** Starts a server on a free port of this machine. */
    public BrokenServer(Fault fault) throws IOException {
        this.fault = fault;
        this.listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /** The address at which it listens. */
    public int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                // The listener is closed, or a connection ended before it was accepted.
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            BrokenHandshake handshake = new BrokenHandshake(fault, socket);
            if (handshake.shake()) {
                new BrokenConnection(fault, Side.SERVER, socket, handshake.in(), handshake.deflate()).run();
            } else {
                drain(socket);
            }
        } catch (IOException | RuntimeException e) {
            // The peer has ended the connection; the test checks what it has found.
        } finally {
            sockets.remove(socket);
        }
    }

    /** Ends the stream to the peer and reads the rest of its bytes, so that no RST discards what was sent. */
    static void drain(Socket socket) throws IOException {
        socket.shutdownOutput();
        readRest(socket);
    }

    /** Reads until the peer ends the stream, for a bounded time. */
    static void readRest(Socket socket) throws IOException {
        socket.setSoTimeout(6000);
        byte[] rest = new byte[65_536];
        for (int i = 0; i < 1000 && socket.getInputStream().read(rest) >= 0; i++) {
            // Discarded.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
