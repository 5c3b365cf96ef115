package dev.weft.client.soak;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Between a client and a server: passes the bytes of one connection on, with faults that the seed decides. */
final class FaultyRelay implements AutoCloseable {
    private enum Fault {
        NONE, STALL, HALF_CLOSE, RESET, CUT, CORRUPT
    }

    private static final int BUFFER_SIZE = 1 << 16;
    private static final long DELAY_NANOS = 500_000;

    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    private final int port;
    private final int largestPiece;
    private final boolean delays;
    private final Fault fault;
    private final boolean toServer;
    private final long at;
    private volatile Socket near;
    private volatile Socket far;
    private volatile boolean closed;

    /**
     * A relay that waits for its connection.
     *
     * @param port     of the server
     * @param small    whether the bytes pass in small pieces
     * @param before   the fault is before this number of bytes, or there is none
     * @param corrupts whether a fault may be a byte that is changed
     */
    FaultyRelay(int port, long seed, boolean small, int before, boolean corrupts) throws IOException {
        Random random = new Random(seed);
        this.port = port;
        this.largestPiece = 1 + random.nextInt(small ? 16 : BUFFER_SIZE);
        this.delays = random.nextInt(4) == 0;
        this.fault = Fault.values()[random.nextInt(Fault.values().length - (corrupts ? 0 : 1))];
        this.toServer = random.nextBoolean();
        this.at = fault == Fault.NONE ? Long.MAX_VALUE : random.nextInt(before);
        Thread.ofVirtual().start(this::connect);
    }

    int port() {
        return listener.getLocalPort();
    }

    boolean hasFault() {
        return fault != Fault.NONE;
    }

    @Override
    public String toString() {
        return fault + " at byte " + at + (toServer ? " to the server" : " to the client") + ", pieces of "
                + largestPiece + (delays ? ", delayed" : "");
    }

    private void connect() {
        try (listener) {
            near = listener.accept();
            far = new Socket(InetAddress.getByName("127.0.0.1"), port);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            Thread.ofVirtual().start(() -> pass(near, far, toServer));
            pass(far, near, !toServer);
        } catch (IOException e) {
            close();
        }
        if (closed) {
            // It was closed while the sockets were made.
            close();
        }
    }

    private void pass(Socket from, Socket to, boolean hasFault) {
        byte[] buffer = new byte[largestPiece];
        long passed = 0;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int count;
            while ((count = in.read(buffer)) >= 0) {
                if (delays) {
                    LockSupport.parkNanos(DELAY_NANOS);
                }
                if (hasFault && passed + count > at && passed <= at) {
                    int before = (int) (at - passed);
                    if (fault == Fault.CORRUPT) {
                        buffer[before] ^= (byte) 0xff;
                    } else {
                        out.write(buffer, 0, before);
                        end(from, to);
                        return;
                    }
                }
                out.write(buffer, 0, count);
                passed += count;
            }
            to.shutdownOutput();
        } catch (IOException e) {
            close();
        }
    }

    private void end(Socket from, Socket to) throws IOException {
        switch (fault) {
            case HALF_CLOSE -> {
                to.shutdownOutput();
                from.getInputStream().transferTo(OutputStream.nullOutputStream());
            }
            case RESET -> {
                near.setSoLinger(true, 0);
                far.setSoLinger(true, 0);
                close();
            }
            case CUT -> close();
            case STALL, NONE, CORRUPT -> {
                // What follows is not read, until this is closed.
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        for (AutoCloseable each : new AutoCloseable[]{listener, near, far}) {
            try {
                if (each != null) {
                    each.close();
                }
            } catch (Exception e) {
                // Then it is closed already.
            }
        }
    }
}
