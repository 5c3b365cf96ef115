package dev.weft.tools.conform.wire;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/** The program under test, as one case sees it: where connections come from. For use by any thread. */
public abstract sealed class Subject permits Server, Client {
    private static final int MAX_FAILURES = 8;
    private static final long SPARE = 1 << 16;

    private final Settings settings;
    private final Findings findings;
    private final Queue<Wire> wires = new ConcurrentLinkedQueue<>();
    private final Queue<Subject> parts = new ConcurrentLinkedQueue<>();
    private volatile Wire newest;
    private volatile boolean aborted;

    Subject(Settings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /** The settings of the run. */
    public final Settings settings() {
        return settings;
    }

    /** The case's findings. */
    public final Findings findings() {
        return findings;
    }

    /** The end of the connections that the program under test is. */
    public abstract Side side();

    /** Opens a WebSocket connection; the frames are sent in the same write as the head of the opening handshake. */
    public abstract Peer open(Frame... first);

    /** Opens a WebSocket connection; the first bytes of something are sent in the same write as the head. */
    public abstract Peer openWithBytes(byte[] bytes, int length);

    /** Opens a WebSocket connection; the head is sent by writes of this number of bytes. */
    public abstract Peer openChopped(int size);

    /**
     * Opens a WebSocket connection with permessage-deflate.
     *
     * @param element the element of Sec-WebSocket-Extensions: what is offered to a server, or what a client must agree to
     * @throws Unsupported if the program under test does not agree
     */
    public abstract Peer openDeflating(String element);

    /** The same program, for an item of a batch. */
    abstract Subject part();

    /** The number of connections that may be open at the same time. */
    abstract int atOnce();

    /** Makes a connection known, so that it is closed in the end. */
    final Wire add(Wire wire) {
        wires.add(wire);
        newest = wire;
        if (aborted) {
            wire.close();
        }
        return wire;
    }

    /** Sends a head, and frames in the same write. */
    static void write(Wire wire, byte[] head, byte[] rest, Frame... noted) {
        byte[] all = new byte[head.length + rest.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(rest, 0, all, head.length, rest.length);
        wire.transcript().sent("head", head);
        for (Frame frame : noted) {
            wire.transcript().sent(frame);
            if (Peer.isGoodClose(frame)) {
                wire.closeIsSent();
            }
        }
        write(wire, all, Integer.MAX_VALUE);
    }

    /** Sends bytes by writes of this size. Whether the peer was allowed to end the connection is found by reading. */
    static void write(Wire wire, byte[] bytes, int size) {
        try {
            if (bytes.length <= size) {
                wire.write(bytes);
            } else {
                wire.writeChopped(bytes, size);
            }
        } catch (IOException e) {
            wire.transcript().note("writing failed: " + e.getMessage());
        }
    }

    /** The connection after the opening handshake. */
    final Peer peer(Wire wire, AgreedParameters agreement) {
        wire.startReading(agreement, Math.max(settings.maxMessage(), SPARE) + SPARE);
        return new Peer(wire, side(), settings, findings, agreement);
    }

    /** What is done for each item of a batch. */
    @FunctionalInterface
    public interface Task<T> {
        /** Does it, with its own connections. */
        void run(T item, Subject subject);
    }

    /**
     * Does something for each item, several at a time if connections may be; stops when many have failed.
     *
     * @throws Unsupported if any of them threw that
     */
    public final <T> void forEach(Collection<T> items, Task<T> task) {
        Semaphore width = new Semaphore(atOnce());
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
        Subject part = part();
        parts.add(part);
        try {
            task.run(item, part);
        } catch (Failure e) {
            findings.add(Verdict.FAILED, shorten(item) + ": " + e.getMessage(), part::transcript);
        } catch (Unsupported e) {
            unsupported.set(e);
        } catch (RuntimeException e) {
            findings.add(Verdict.FAILED, shorten(item) + ": the suite's own error: " + e, part::transcript);
        } finally {
            part.abort();
            parts.remove(part);
        }
    }

    private static String shorten(Object item) {
        String text = String.valueOf(item);
        return text.length() <= 120 ? text : text.substring(0, 120) + "…";
    }

    /** What went over the newest connection. */
    public final List<String> transcript() {
        Wire wire = newest;
        return wire == null ? new ArrayList<>() : wire.transcript().lines();
    }

    /** Ends all connections at once. */
    public final void abort() {
        aborted = true;
        closeWires();
        parts.forEach(Subject::abort);
    }

    /** Ends the connections that were opened so far. */
    final void closeWires() {
        wires.forEach(Wire::close);
        wires.clear();
    }
}
