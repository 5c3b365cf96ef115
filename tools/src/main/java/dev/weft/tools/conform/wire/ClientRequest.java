package dev.weft.tools.conform.wire;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A connection that the client under test opened, and the request that it sent. */
public final class ClientRequest {
    private static final ClientRequest NONE = new ClientRequest(null, null);

    private final Wire wire;
    private final Head request;

    private ClientRequest(Wire wire, Head request) {
        this.wire = wire;
        this.request = request;
    }

    /**
     * Waits for the request on a new connection, after the TLS handshake if the address of the suite is {@code wss}.
     *
     * @return the request, or {@code null} if the client ends the connection instead
     * @throws IOException if the TLS handshake fails, or no request arrives in time
     * @throws Failure if the bytes are not a valid request head
     */
    public static ClientRequest of(Socket socket, Settings settings) throws IOException {
        Wire wire = Wire.accepted(socket, settings);
        Head request = wire.request(settings.timeout());
        return request == null ? null : new ClientRequest(wire, request);
    }

    /** The target of the request: path and query. */
    public String target() {
        String[] words = request.line().split(" ");
        return words.length < 2 ? "" : words[1];
    }

    Head request() {
        return request;
    }

    Wire wire() {
        return wire;
    }

    /** Answers with an error status, and ends the connection. */
    public void refuse(String status) {
        Subject.write(wire, new Head("HTTP/1.1 " + status, List.of("Content-Length: 0", "Connection: close"))
                .bytes(), new byte[0]);
        wire.close();
    }

    /** The visits of one case that are still to be used. Thread-safe. */
    public static final class Line {
        private final BlockingQueue<ClientRequest> waiting = new LinkedBlockingQueue<>();

        /** An empty line. */
        public Line() {}

        /** Adds a visit. */
        public void add(ClientRequest visit) {
            waiting.add(visit);
        }

        /** Lets all who wait for visits, now or later, know that there will be no more. */
        public void end() {
            waiting.add(NONE);
        }

        /**
         * Waits for the next visit.
         *
         * @throws Failure if there is none in time, or there will be no more
         */
        ClientRequest next(Duration timeout) {
            try {
                ClientRequest visit = waiting.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
                if (visit == null) {
                    throw new Failure("the client opened no further connection within " + timeout.toSeconds() + " s");
                }
                if (visit == NONE) {
                    waiting.add(NONE);
                    throw new Failure("the client opened no further connection");
                }
                return visit;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure("interrupted");
            }
        }

        /** Removes and returns those that nobody has taken. */
        public List<ClientRequest> drain() {
            List<ClientRequest> left = new ArrayList<>();
            waiting.drainTo(left);
            left.remove(NONE);
            return left;
        }
    }
}
