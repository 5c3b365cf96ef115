package dev.weft.client;

import dev.weft.CloseStatus;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.RethrownEnd;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.parser.CloseCode;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Keeps a connection to one server. When the connection ends, the client opens another one, after a random delay that
 * grows with each failed attempt, so that many clients do not all reconnect at once. It respects a server's
 * {@code Retry-After}, up to an hour, and the close codes 1012 and 1013. {@snippet class = "dev.weft.client.Snippets"
 * region = "reconnect"} Nothing is sent again: a message that was sent before a gap may not have arrived, and messages
 * that the server sends during a gap are lost. The {@linkplain ReconnectingClientBuilder#listener listener} is called
 * for each gap, so that the application can recover what is missing.
 * <p>
 * All methods may be called from any thread.
 */
public final class ReconnectingClient implements AutoCloseable {
    private final WebSocketClient client;
    private final Supplier<URI> uri;
    private final Supplier<Headers> headers;
    private final Duration sendTimeout;
    private final Predicate<? super Exception> retry;
    private final Consumer<ReconnectEvent> listener;
    private final WebSocketHandler handler;
    private final Backoff backoff;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock: the open connection, and why the client makes no more connections; or {@code null}. */
    private WebSocketConnection current;
    private String stopped;
    /** Guarded by the lock: whether the thread waits for its next attempt or makes it; only this may be interrupted. */
    private boolean attempting;
    /** Guarded by the lock: whether the last connection has ended after that. */
    private boolean ended;

    private ReconnectingClient(ReconnectingClientBuilder settings, WebSocketHandler handler, Backoff backoff) {
        this.client = settings.client;
        this.uri = settings.uri;
        this.headers = settings.headers;
        this.sendTimeout = settings.sendTimeout;
        this.retry = settings.retry;
        this.listener = settings.listener;
        this.handler = handler;
        this.backoff = backoff;
        this.thread = settings.client.transports().threadBuilder().name("weft-client-reconnecting")
                .inheritInheritableThreadLocals(false).unstarted(this::run);
    }

    static ReconnectingClient start(ReconnectingClientBuilder settings, WebSocketHandler handler, Backoff backoff) {
        ReconnectingClient started = new ReconnectingClient(settings, handler, backoff);
        settings.client.transports().start(started.thread::start);
        return started;
    }

    /**
     * Returns a builder for a reconnecting client.
     *
     * @param client opens the connections; closing it also closes the reconnecting client, but not the other way round
     * @throws IllegalArgumentException as {@link WebSocketClient#open(URI)}
     */
    public static ReconnectingClientBuilder builder(WebSocketClient client, URI uri) {
        return new ReconnectingClientBuilder(client, uri);
    }

    // Any thread.

    /** The open connection; empty during a gap. Does not wait. */
    public Optional<WebSocketConnection> connection() {
        lock.lock();
        try {
            return Optional.ofNullable(current);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for an open connection.
     *
     * @param timeout the maximum time to wait: 0 to 20 days
     * @throws NotConnectedException          if none is open in time, or this client has stopped
     * @throws java.io.InterruptedIOException if this thread was interrupted
     */
    public WebSocketConnection await(Duration timeout) throws IOException {
        Bounds.check("timeout", timeout, Duration.ZERO, TimeLimit.LONGEST);
        long left = timeout.toNanos();
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            throw Interrupts.interrupted("while waiting for a connection");
        }
        try {
            while (current == null || !current.isOpen()) {
                if (stopped != null) {
                    throw new NotConnectedException(stopped);
                }
                if (left <= 0) {
                    throw new NotConnectedException("not connected");
                }
                left = changed.awaitNanos(left);
            }
            return current;
        } catch (InterruptedException e) {
            throw Interrupts.interrupted("while waiting for a connection");
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends a text message on the open connection, like {@link WebSocketConnection#send(String)}. During a gap, waits
     * for a connection, at most for the {@code sendTimeout}.
     *
     * @throws NotConnectedException as {@link #await}; nothing was sent
     */
    public void send(String text) throws IOException {
        await(sendTimeout).send(text);
    }

    /** Sends a binary message, like {@link #send(String)}. */
    public void send(byte[] bytes) throws IOException {
        await(sendTimeout).send(bytes);
    }

    /**
     * Waits until this client has stopped, and its last connection has ended.
     *
     * @param timeout the maximum time to wait: 0 to 20 days
     * @return whether that was in time
     * @throws InterruptedException if this thread was interrupted
     */
    public boolean awaitTermination(Duration timeout) throws InterruptedException {
        Bounds.check("timeout", timeout, Duration.ZERO, TimeLimit.LONGEST);
        long left = timeout.toNanos();
        lock.lockInterruptibly();
        try {
            while (!ended && left > 0) {
                left = changed.awaitNanos(left);
            }
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Stops opening connections, and closes the open connection with 1001. Does not wait. */
    @Override
    public void close() {
        WebSocketConnection open;
        lock.lock();
        try {
            stop("the client was closed");
            open = current;
            if (attempting) {
                // Otherwise the thread ends soon. An interrupt would reach a closing handshake, or the listener.
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
        if (open != null) {
            open.close(CloseCode.GOING_AWAY, "");
        }
    }

    // The thread.

    /** No failure ends the loop, such as exhausted memory: it counts as a failed attempt. */
    private void run() {
        int failures = 0;
        int attempts = 0;
        long gapSince = System.nanoTime();
        Duration delay = Duration.ZERO;
        while (!isStopped()) {
            Connection open = null;
            try {
                beginAttempt();
                client.add(this);
                pause(delay);
                if (isStopped()) {
                    break;
                }
                attempts++;
                open = (Connection) client.open(uri.get(), headers.get());
                long openedAt = System.nanoTime();
                CloseStatus status = use(open, attempts, Duration.ofNanos(openedAt - gapSince));
                gapSince = System.nanoTime();
                attempts = 0;
                failures = gapSince - openedAt >= backoff.maxDelay().toNanos() ? 0 : failures + 1;
                delay = backoff.afterEnd(failures, status);
            } catch (Throwable e) {
                endAttempt();
                if (open != null) {
                    open.abort();
                }
                delay = failed(e, failures++, attempts);
            }
        }
        endAttempt();
        client.remove(this);
        tell(new ReconnectEvent.Stopped());
        end();
    }

    private Duration failed(Throwable failure, int failures, int attempts) {
        try {
            if (isStopped() || client.isClosing()) {
                stop("the client was closed");
                return Duration.ZERO;
            }
            Exception known = failure instanceof Exception exception
                    ? exception
                    : new IOException("an error: " + failure, failure);
            if (!mayRetry(known)) {
                stop("no connection could be opened, and retryIf wants no further attempt");
                tell(new ReconnectEvent.AttemptFailed(attempts, known, Duration.ZERO));
                return Duration.ZERO;
            }
            Optional<FailedResponse> response = known instanceof WebSocketConnectException refused
                    ? refused.response()
                    : Optional.empty();
            Duration delay = backoff.afterFailure(failures, response, Instant.now());
            tell(new ReconnectEvent.AttemptFailed(attempts, known, delay));
            return delay;
        } catch (Throwable e) {
            // Then this attempt is not reported.
            return backoff.maxDelay();
        }
    }

    private boolean mayRetry(Exception failure) {
        try {
            return retry.test(failure);
        } catch (Throwable e) {
            log("retryIf failed", e);
            return true;
        }
    }

    private void report(Connection open, Throwable thrown) {
        try {
            if (!RethrownEnd.is(thrown, open)) {
                log("a client's handler failed: " + open.remoteAddress(), thrown);
            }
        } catch (Throwable e) {
            // Then it is not reported.
        }
    }

    /**
     * Runs the handler on the connection, and waits for the connection to end. A connection that is no longer wanted is
     * closed, and not reported.
     */
    private CloseStatus use(Connection open, int attempts, Duration gap) {
        CompletableFuture<CloseStatus> end = new CompletableFuture<>();
        open.onClose(end::complete);
        if (!enter(open)) {
            return ended(open, CloseCode.GOING_AWAY, end);
        }
        tell(new ReconnectEvent.Connected(attempts, gap));
        int code = handle(open);
        leave();
        CloseStatus status = ended(open, code, end);
        tell(new ReconnectEvent.Disconnected(status));
        return status;
    }

    /** Runs the handler; returns the code to close with. */
    private int handle(Connection open) {
        try {
            handler.handle(open);
            if (open.isOpen()) {
                stop("the handler has returned while its connection was open");
            }
            return CloseCode.NORMAL_CLOSURE;
        } catch (Throwable e) {
            report(open, e);
            return CloseCode.INTERNAL_ERROR;
        }
    }

    /** Closes the connection, if it is open, and waits for its end. Does not throw: the end must be reported. */
    private CloseStatus ended(Connection open, int code, CompletableFuture<CloseStatus> end) {
        // An interrupt of the handler must not cut off the closing handshake.
        Thread.interrupted();
        try {
            open.close(code, "");
            Duration most = client.configuration().timeouts().closeTimeout()
                    .plus(client.configuration().timeouts().writeTimeout());
            return end.get(most.toNanos(), TimeUnit.NANOSECONDS);
        } catch (Throwable e) {
            open.abort();
            return open.known();
        }
    }

    /** From now on, {@code close} interrupts the thread. An interrupt by the application has no effect on the attempt. */
    private void beginAttempt() {
        Thread.interrupted();
        lock.lock();
        try {
            attempting = stopped == null;
        } finally {
            lock.unlock();
        }
    }

    /** From now on, {@code close} does not interrupt the thread, and an earlier interrupt has no effect. */
    private void endAttempt() {
        lock.lock();
        try {
            attempting = false;
            current = null;
        } finally {
            lock.unlock();
        }
        Thread.interrupted();
    }

    /** Ends the attempt, and makes the connection available to all threads; returns false if it is no longer wanted. */
    private boolean enter(WebSocketConnection open) {
        endAttempt();
        lock.lock();
        try {
            if (stopped == null) {
                current = open;
                changed.signalAll();
            }
            return stopped == null;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            current = null;
        } finally {
            lock.unlock();
        }
    }

    private boolean isStopped() {
        lock.lock();
        try {
            return stopped != null;
        } finally {
            lock.unlock();
        }
    }

    /** Opens no more connections, for this reason, if it is the first. */
    private void stop(String why) {
        lock.lock();
        try {
            stopped = stopped == null ? why : stopped;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void pause(Duration delay) {
        TimeLimit limit = TimeLimit.in(delay);
        while (!isStopped() && !limit.hasPassed()) {
            limit.park(this);
            // An interrupt that does not stop this client comes from elsewhere, such as the listener.
            Thread.interrupted();
        }
    }

    private void tell(ReconnectEvent event) {
        try {
            listener.accept(event);
        } catch (Throwable e) {
            log("a listener failed", e);
        }
    }

    /** A failure to report must not end the thread. */
    private void log(String what, Throwable thrown) {
        try {
            client.logger().log(Level.WARNING, what, thrown);
        } catch (Throwable e) {
            // For example, memory is exhausted.
        }
    }
}
