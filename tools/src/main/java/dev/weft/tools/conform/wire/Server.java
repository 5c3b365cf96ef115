package dev.weft.tools.conform.wire;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/** The server under test, for one case: opens connections to it. For any thread. */
public final class Server {
    private static final int MAX_FAILURES = 8;
    private static final long SPARE = 1 << 16;

    private final Settings settings;
    private final Findings findings;
    private final Queue<Wire> wires = new ConcurrentLinkedQueue<>();
    private final Queue<Server> parts = new ConcurrentLinkedQueue<>();
    private volatile Wire newest;
    private volatile boolean aborted;

    /** A server, for one case. */
    public Server(Settings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /** The settings of the run. */
    public Settings settings() {
        return settings;
    }

    /** The case's findings. */
    public Findings findings() {
        return findings;
    }

    /** A valid upgrade request without extensions. */
    public Upgrade upgrade() {
        return Upgrade.to(settings);
    }

    /** Opens a WebSocket connection. */
    public Peer open() {
        return open(upgrade());
    }

    /** Opens a WebSocket connection; the frames are sent in the same write as the request's head. */
    public Peer open(Upgrade request, Frame... first) {
        Wire wire = connect();
        write(wire, request.bytes(), first);
        return accepted(wire, request);
    }

    /**
     * Opens a WebSocket connection; the first {@code length} of these bytes are sent in the same write as the request's head.
     */
    public Peer openWithBytes(Upgrade request, byte[] bytes, int length) {
        Wire wire = connect();
        byte[] head = request.bytes();
        byte[] all = Arrays.copyOf(head, head.length + length);
        System.arraycopy(bytes, 0, all, head.length, length);
        write(wire, all);
        return accepted(wire, request);
    }

    /** Opens a WebSocket connection; the request's head is sent in writes of this number of bytes. */
    public Peer openChopped(Upgrade request, int size) {
        Wire wire = connect();
        try {
            wire.transcript().sent("head", request.bytes());
            wire.writeChopped(request.bytes(), size);
        } catch (IOException e) {
            wire.transcript().note("writing failed: " + e.getMessage());
        }
        return accepted(wire, request);
    }

    /**
     * Opens a WebSocket connection with permessage-deflate.
     *
     * @throws Unsupported if the server declines the offer
     */
    public Peer openDeflating(String offer) {
        Peer peer = open(upgrade().offering(offer));
        if (peer.agreement() == null) {
            peer.abort();
            throw new Unsupported("the server declines the offer " + offer);
        }
        return peer;
    }

    /**
     * Sends bytes as a request, on a new connection.
     *
     * @return the head of the response; {@code null} if the server ends the connection instead
     */
    public Response request(byte[] bytes) {
        return request(bytes, settings.timeout());
    }

    /** Like {@link #request(byte[])}, with another timeout. */
    public Response request(byte[] bytes, Duration timeout) {
        Wire wire = connect();
        write(wire, bytes);
        try {
            return wire.response(timeout);
        } catch (IOException e) {
            throw new Failure("no response: " + e.getMessage());
        } finally {
            wire.close();
        }
    }

    private Wire connect() {
        try {
            Wire wire = new Wire(settings);
            wires.add(wire);
            newest = wire;
            if (aborted) {
                wire.close();
            }
            return wire;
        } catch (IOException e) {
            throw new Failure("cannot connect: " + e.getMessage());
        }
    }

    private static void write(Wire wire, byte[] head, Frame... frames) {
        byte[] first = Frame.bytes(List.of(frames));
        byte[] all = new byte[head.length + first.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(first, 0, all, head.length, first.length);
        wire.transcript().sent("head", head);
        for (Frame frame : frames) {
            wire.transcript().sent(frame);
            if (Peer.isGoodClose(frame)) {
                wire.closeIsSent();
            }
        }
        try {
            wire.write(all);
        } catch (IOException e) {
            wire.transcript().note("writing failed: " + e.getMessage());
        }
    }

    private Peer accepted(Wire wire, Upgrade request) {
        Response response;
        try {
            response = wire.response(settings.timeout());
        } catch (IOException e) {
            throw new Failure("no response: " + e.getMessage());
        }
        if (response == null) {
            throw new Failure("§4.2.2: expected 101, got the end of the connection");
        }
        response.checkAccepts(request);
        AgreedParameters agreement = AgreedParameters.of(request, response);
        wire.startReading(agreement, Math.max(settings.maxMessage(), SPARE) + SPARE);
        return new Peer(wire, settings, findings, response, agreement);
    }

    /** A task that is run for each item of a batch. */
    @FunctionalInterface
    public interface Task<T> {
        /** Runs the task for this item, with its own connections. */
        void run(T item, Server server);
    }

    /**
     * Runs a task for each item, several at a time; stops when many have failed.
     *
     * @throws Unsupported if the task threw it for any item
     */
    public <T> void forEach(Collection<T> items, Task<T> task) {
        Semaphore width = new Semaphore(16);
        CountDownLatch done = new CountDownLatch(items.size());
        AtomicReference<Unsupported> unsupported = new AtomicReference<>();
        int left = items.size();
        try {
            for (T item : items) {
                width.acquire();
                if (aborted || unsupported.get() != null || findings.failures() >= MAX_FAILURES) {
                    break;
                }
                left--;
                Thread.startVirtualThread(() -> {
                    try {
                        runOne(item, task, unsupported);
                    } finally {
                        width.release();
                        done.countDown();
                    }
                });
            }
            if (left > 0 && unsupported.get() == null) {
                findings.remark("stopped with " + left + " of " + items.size() + " untried");
            }
            for (; left > 0; left--) {
                done.countDown();
            }
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort();
        }
        if (unsupported.get() != null) {
            throw unsupported.get();
        }
    }

    private <T> void runOne(T item, Task<T> task, AtomicReference<Unsupported> unsupported) {
        Server part = new Server(settings, findings);
        parts.add(part);
        try {
            task.run(item, part);
        } catch (Failure e) {
            findings.add(Verdict.FAILED, shorten(item) + ": " + e.getMessage(), part::transcript);
        } catch (Unsupported e) {
            unsupported.set(e);
        } catch (RuntimeException e) {
            findings.add(Verdict.FAILED, item + ": the suite's own error: " + e, part::transcript);
        } finally {
            part.abort();
            parts.remove(part);
        }
    }

    private static String shorten(Object item) {
        String text = String.valueOf(item);
        return text.length() <= 120 ? text : text.substring(0, 120) + "…";
    }

    /** The frames sent and received on the newest connection. */
    public List<String> transcript() {
        Wire wire = newest;
        return wire == null ? new ArrayList<>() : wire.transcript().lines();
    }

    /** Ends all connections at once. */
    public void abort() {
        aborted = true;
        wires.forEach(Wire::close);
        wires.clear();
        parts.forEach(Server::abort);
    }
}
