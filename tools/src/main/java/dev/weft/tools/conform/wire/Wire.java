package dev.weft.tools.conform.wire;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A connection to the program under test, over TCP or over TLS. After the opening handshake, a virtual thread reads everything,
 * so a case may send any amount without a deadlock. This thread also answers pings and Close frames and, if the suite is the
 * server, ends the stream after the closing handshake.
 */
final class Wire implements AutoCloseable {
    private static final int READ_LENGTH = 65_536;
    private static final int FIRST_WAIT_MILLIS = 5_000;

    private final Side peer;
    private final Socket tcp;
    /** The TCP socket itself, or a TLS socket on top of it. */
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Transcript transcript = new Transcript();
    private volatile StrictFrameReader reader;
    private volatile boolean staysOpen;
    private boolean closeSent;

    private Wire(Side peer, Socket tcp, Socket socket) throws IOException {
        this.peer = peer;
        this.tcp = tcp;
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), READ_LENGTH);
        this.out = socket.getOutputStream();
    }

    /** Connects to the server under test. */
    static Wire connect(Settings settings) throws IOException {
        Socket tcp = new Socket();
        try {
            tcp.setTcpNoDelay(true);
            tcp.connect(new InetSocketAddress(settings.host(), settings.port()), FIRST_WAIT_MILLIS);
            return new Wire(Side.SERVER, tcp, settings.secured() ? secured(tcp, settings) : tcp);
        } catch (IOException e) {
            tcp.close();
            throw e;
        }
    }

    /** Takes a connection from the client under test, which is the client of the TLS handshake, too. */
    static Wire accepted(Socket tcp, Settings settings) throws IOException {
        tcp.setTcpNoDelay(true);
        if (!settings.secured()) {
            return new Wire(Side.CLIENT, tcp, tcp);
        }
        tcp.setSoTimeout((int) settings.timeout().toMillis());
        SSLSocket secured = (SSLSocket) settings.tls().getSocketFactory().createSocket(tcp, settings.host(),
                settings.port(), true);
        secured.setUseClientMode(false);
        secured.startHandshake();
        return new Wire(Side.CLIENT, tcp, secured);
    }

    private static Socket secured(Socket tcp, Settings settings) throws IOException {
        tcp.setSoTimeout(FIRST_WAIT_MILLIS);
        SSLSocket secured = (SSLSocket) settings.tls().getSocketFactory().createSocket(tcp, settings.host(),
                settings.port(), true);
        SSLParameters parameters = secured.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        tcp.setSoTimeout(0);
        return secured;
    }

    Transcript transcript() {
        return transcript;
    }

    /** Writes bytes in one write. */
    void write(byte[] bytes) throws IOException {
        writing.lock();
        try {
            out.write(bytes);
        } finally {
            writing.unlock();
        }
    }

    /** Writes bytes in many writes of this size. */
    void writeChopped(byte[] bytes, int size) throws IOException {
        writing.lock();
        try {
            for (int from = 0; from < bytes.length; from += size) {
                out.write(bytes, from, Math.min(size, bytes.length - from));
            }
        } finally {
            writing.unlock();
        }
    }

    /** Records that the case sends a Close frame itself, so that the reading thread sends none. */
    void closeIsSent() {
        writing.lock();
        try {
            closeSent = true;
        } finally {
            writing.unlock();
        }
    }

    /** Leaves the stream open after the closing handshake, although the suite is the server. */
    void stayOpen() {
        staysOpen = true;
    }

    /** Ends the stream to the program under test, with FIN or TLS close_notify. */
    void endOutput() throws IOException {
        transcript.note(socket == tcp ? "we send FIN" : "we send close_notify");
        socket.shutdownOutput();
    }

    /**
     * Waits for the head of a response.
     *
     * @return the head, or {@code null} if the server ends the connection instead
     */
    Response response(Duration timeout) throws IOException {
        socket.setSoTimeout((int) timeout.toMillis());
        try {
            Response response = Response.read(in);
            socket.setSoTimeout(0);
            if (response == null) {
                transcript.note("the server ends the connection without a response");
            } else {
                transcript.note("HTTP status " + response.status() + " " + response.head().fields());
            }
            return response;
        } catch (SocketTimeoutException e) {
            throw new Failure("no response within " + timeout.toMillis() + " ms");
        } catch (IOException e) {
            transcript.note("the server resets the connection without a response");
            return null;
        }
    }

    /**
     * Waits for the head of a request.
     *
     * @return the head, or {@code null} if the client ends the connection instead
     * @throws IOException if none comes in time
     */
    Head request(Duration timeout) throws IOException {
        socket.setSoTimeout((int) timeout.toMillis());
        Head request = Head.read(in, "request");
        socket.setSoTimeout(0);
        if (request != null) {
            transcript.note(request.line() + " " + request.fields());
        }
        return request;
    }

    /** Starts to read frames. */
    void startReading(AgreedParameters agreement, long maxMessage) {
        reader = new StrictFrameReader(in, peer, agreement, maxMessage, transcript);
        Thread.ofVirtual().name("conform-reader").start(this::readAll);
    }

    /** The masking keys of the frames received so far. */
    List<Integer> maskingKeys() {
        return List.copyOf(reader.maskingKeys());
    }

    private void readAll() {
        boolean closed = false;
        try {
            while (true) {
                StrictFrameReader.Received received = reader.read();
                if (closed && !(received.event() instanceof Event.End)) {
                    throw new Failure("§5.5.1: the " + peer.label() + " sends a frame after its Close frame");
                }
                if (received.ping() != null) {
                    answer(Frame.pong(received.ping()), false);
                    continue;
                }
                closed |= received.event() instanceof Event.Close;
                if (received.event() instanceof Event.Close close) {
                    events.add(close);
                    answer(close.code() == 1005 ? Frame.close(new byte[0]) : Frame.close(close.code(), ""), true);
                    if (peer == Side.CLIENT && !staysOpen) {
                        endQuietly();
                    }
                    continue;
                }
                end(received.event());
                if (received.event() instanceof Event.End) {
                    return;
                }
            }
        } catch (Failure e) {
            transcript.note(e.getMessage());
            events.add(new Event.Violation(e.getMessage()));
        } catch (IOException e) {
            end(new Event.End(true));
        } catch (RuntimeException | OutOfMemoryError e) {
            events.add(new Event.Violation("reading failed: " + e));
        }
    }

    /** §7.1.1: the server ends the stream first; it does not matter if the client has already done so. */
    private void endQuietly() {
        try {
            endOutput();
        } catch (IOException e) {
            // The next read reports this.
        }
    }

    private void end(Event event) {
        if (event instanceof Event.End end) {
            transcript.note("the " + peer.label() + " ends the connection" + (end.reset() ? " by RST" : ""));
        }
        events.add(event);
    }

    /** Sends an answer that the protocol requires; it does not matter if the peer has already disconnected. */
    private void answer(Frame frame, boolean close) {
        writing.lock();
        try {
            if (closeSent) {
                return;
            }
            closeSent = close;
            transcript.sent(frame);
            out.write(frame.bytes(peer.other()));
        } catch (IOException e) {
            // The reading thread reports this.
        } finally {
            writing.unlock();
        }
    }

    /** The next event, or {@code null} if none arrives in time. */
    Event next(Duration timeout) {
        try {
            return events.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted");
        }
    }

    /** Ends the connection at once. May be called from any thread. */
    @Override
    public void close() {
        try {
            // Closed without close_notify, which might block.
            tcp.close();
        } catch (IOException e) {
            // Nothing to do: the socket is closed in any case.
        }
    }
}
