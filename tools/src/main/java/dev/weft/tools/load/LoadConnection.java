package dev.weft.tools.load;

import dev.weft.ConnectionClosedException;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketConnectException;
import dev.weft.tools.load.LoadStatistics.SentMessage;
import java.io.IOException;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection of a run: one virtual thread sends, another one receives. The server must send every message back; the answers
 * arrive in the order of the messages.
 * <p>
 * At a fixed rate, each message has a time at which it is due. Its latency counts from that time, even if the message is sent
 * later because the connection was still busy. Otherwise a server that stalls would delay the very messages that show the
 * stall.
 */
final class LoadConnection {
    private final LoadPlan plan;
    private final LoadStatistics statistics;
    private final byte[] payload;
    /** The time in nanoseconds between two messages of this connection. */
    private final long interval;
    private final Semaphore window;
    /** The messages that are not answered yet. */
    private final Queue<SentMessage> awaited = new ConcurrentLinkedQueue<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile WebSocketConnection connection;
    private volatile Thread sender;
    private volatile boolean stopping;
    /** Whether all messages have been sent, so that nothing more is added to {@code awaited}. */
    private volatile boolean sentAll;

    LoadConnection(LoadPlan plan, LoadStatistics statistics, byte[] payload) {
        this.plan = plan;
        this.statistics = statistics;
        this.payload = payload;
        this.interval = plan.rate() > 0 ? (long) (1e9 * plan.connections() / plan.rate()) : 0;
        this.window = new Semaphore(plan.window());
    }

    /** Opens the connection, and starts to send and to receive; returns whether that succeeded. */
    boolean open(WebSocketClient client, int number) {
        try {
            connection = client.open(plan.uri());
            Thread.ofVirtual().start(this::receive);
            sender = Thread.ofVirtual().start(() -> send(number));
            return true;
        } catch (WebSocketConnectException e) {
            statistics.error("no connection: " + e.step()
                    + e.response().map(response -> " " + response.status()).orElseGet(() -> cause(e)));
        } catch (IOException e) {
            statistics.error("no connection: " + e.getMessage());
        }
        return false;
    }

    /** What the system says; the message of the exception itself has addresses, which differ. */
    private static String cause(WebSocketConnectException e) {
        return e.step() == WebSocketConnectException.Step.CONNECT && e.getCause() instanceof IOException cause
                ? " " + cause.getMessage()
                : "";
    }

    private void send(int number) {
        try {
            long due = System.nanoTime() + (long) ((double) interval * number / plan.connections());
            boolean free = true;
            while (!stopping) {
                if (interval == 0) {
                    window.acquire();
                    due = System.nanoTime();
                } else {
                    free = awaitDue(due);
                }
                if (stopping) {
                    return;
                }
                awaited.add(statistics.sent(due, free && interval > 0 ? System.nanoTime() - due : -1));
                connection.send(plan.type(), payload, 0, payload.length);
                due += interval;
            }
        } catch (IOException e) {
            // The receiving thread reports the reason.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sentAll = true;
            closeIfDone();
        }
    }

    /** Waits until that time; returns false if it has already passed. */
    private boolean awaitDue(long due) {
        boolean free = false;
        for (long left = due - System.nanoTime(); left > 0 && !stopping; left = due - System.nanoTime()) {
            free = true;
            LockSupport.parkNanos(left);
        }
        return free;
    }

    private void receive() {
        try {
            for (MessageView view = connection.receiveView(); view != null; view = connection.receiveView()) {
                SentMessage sent = awaited.poll();
                if (sent == null || view.type() != plan.type() || !Arrays.equals(view.array(), view.offset(),
                        view.offset() + view.length(), payload, 0, payload.length)) {
                    statistics.error("wrong answer");
                } else {
                    statistics.answered(sent, System.nanoTime());
                }
                window.release();
                closeIfDone();
            }
            ended("closed with " + connection.closeStatus().map(status -> String.valueOf(status.code())).orElse("?"));
        } catch (ConnectionClosedException e) {
            ended(e.status().sent().map(reason -> "failed with " + reason.code()).orElse("lost"));
        } catch (IOException e) {
            ended("lost");
        } finally {
            window.release();
            over.countDown();
        }
    }

    /** Called by both threads after what may be their last step: the later one sees the changes of the other. */
    private void closeIfDone() {
        if (sentAll && awaited.isEmpty()) {
            connection.close();
        }
    }

    private void ended(String how) {
        if (!stopping) {
            statistics.error(how);
            stopping = true;
        }
    }

    /** Stops sending; the connection is closed as soon as all answers have been received. */
    void stop() {
        stopping = true;
        window.release();
        Thread waiting = sender;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /** Waits for the end of the connection until that time; then counts the unanswered messages. */
    void await(long until) throws InterruptedException {
        if (!over.await(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            connection.abort();
        }
        stop();
        for (SentMessage sent = awaited.poll(); sent != null; sent = awaited.poll()) {
            statistics.unanswered(sent);
        }
    }
}
