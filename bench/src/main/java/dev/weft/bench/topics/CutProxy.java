package dev.weft.bench.topics;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Passes bytes on, and can stop doing so, as a network does that is cut: nobody is told. */
final class CutProxy implements AutoCloseable {
    private final ServerSocket listener;
    private final Supplier<InetSocketAddress> targets;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    /** @param targets says for each connection where it goes */
    CutProxy(Supplier<InetSocketAddress> targets) throws IOException {
        this(new InetSocketAddress("127.0.0.1", 0), targets);
    }

    /** @param own where to listen */
    CutProxy(InetSocketAddress own, Supplier<InetSocketAddress> targets) throws IOException {
        this.targets = targets;
        this.listener = new ServerSocket(own.getPort(), 50, own.getAddress());
        Thread.ofVirtual().start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    /** From now on, nothing is passed. Connections that are made meanwhile get no answer. */
    void cut() {
        cut = true;
    }

    /** Connections that have been cut end now, as if their packets had been sent again for too long. New ones are passed. */
    void mend() {
        cut = false;
        sockets.forEach(CutProxy::close);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                sockets.add(near);
                Thread.ofVirtual().start(() -> serve(near));
            } catch (IOException e) {
                // The next one may work; or the listener is closed.
            }
        }
    }

    private void serve(Socket near) {
        InetSocketAddress target = targets.get();
        try (near; Socket far = new Socket(target.getAddress(), target.getPort())) {
            sockets.add(far);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            Thread back = Thread.ofVirtual().start(() -> pass(far, near));
            pass(near, far);
            back.join();
            sockets.remove(far);
        } catch (IOException e) {
            // The broker is away: the node's connection ends.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(near);
        }
    }

    private void pass(Socket from, Socket to) {
        byte[] buffer = new byte[64 << 10];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int count;
            while ((count = in.read(buffer)) >= 0) {
                while (cut && !from.isClosed()) {
                    TimeUnit.MILLISECONDS.sleep(10);
                }
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            // Either side has ended.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        sockets.forEach(CutProxy::close);
    }
}
