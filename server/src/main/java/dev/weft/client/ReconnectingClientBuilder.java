package dev.weft.client;

import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.parser.http.Headers;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Collects the settings of a {@link ReconnectingClient}. A value out of bounds is rejected when it is set. Not thread-safe.
 */
public final class ReconnectingClientBuilder {
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);

    final WebSocketClient client;
    Supplier<URI> uri;
    Supplier<Headers> headers = () -> Headers.EMPTY;
    Duration minDelay = Duration.ofSeconds(1);
    Duration maxDelay = Duration.ofSeconds(30);
    Duration sendTimeout = Duration.ZERO;
    Predicate<? super Exception> retry = failure -> true;
    Consumer<ReconnectEvent> listener = event -> {};

    ReconnectingClientBuilder(WebSocketClient client, URI uri) {
        Destination.of(uri);
        this.client = client;
        this.uri = () -> uri;
    }

    /**
     * Sets the supplier of the URI, for example with the position in its query from which a subscription continues. It is called
     * for each attempt and may block; {@link ReconnectingClient#close()} interrupts it. If it throws, or if its URI cannot be
     * opened, the attempt has failed. Default: always the URI that was given to {@link ReconnectingClient#builder}.
     */
    public ReconnectingClientBuilder uri(Supplier<URI> uri) {
        this.uri = Objects.requireNonNull(uri, "uri");
        return this;
    }

    /**
     * Sets the supplier of the request headers, such as a token. It is called for each attempt and may block;
     * {@link ReconnectingClient#close()} interrupts it. If it throws, the attempt has failed. Default: only the client's headers.
     */
    public ReconnectingClientBuilder headers(Supplier<Headers> headers) {
        this.headers = Objects.requireNonNull(headers, "headers");
        return this;
    }

    /**
     * Sets the maximum of the random delay before the first new attempt: 1 ms to 1 day. Default 1 s. This maximum
     * doubles with each failed attempt, and with each connection that ended sooner than {@link #maxDelay}.
     */
    public ReconnectingClientBuilder minDelay(Duration minDelay) {
        Bounds.check("minDelay", minDelay, SHORTEST, LONGEST);
        this.minDelay = minDelay;
        return this;
    }

    /**
     * Sets the maximum of the random delay before any attempt: 1 ms to 1 day. Default 30 s. If it is shorter than
     * {@link #minDelay}, {@code minDelay} applies. A connection that ends sooner than this counts as a failed attempt.
     * A server can ask for more: by {@code Retry-After}, up to an hour, to which the random delay is added, and by the
     * close code 1012, after which the delay is 5 to 30 s.
     */
    public ReconnectingClientBuilder maxDelay(Duration maxDelay) {
        Bounds.check("maxDelay", maxDelay, SHORTEST, LONGEST);
        this.maxDelay = maxDelay;
        return this;
    }

    /** Sets how long sends wait for a connection during a gap: up to 1 day. Default zero: they fail at once. */
    public ReconnectingClientBuilder sendTimeout(Duration sendTimeout) {
        Bounds.check("sendTimeout", sendTimeout, Duration.ZERO, LONGEST);
        this.sendTimeout = sendTimeout;
        return this;
    }

    /**
     * Sets which failed attempts are followed by another one. With a predicate that returns false for a
     * {@link WebSocketConnectException} whose response has the status 401, for example, the client stops when its token is
     * refused. It is given the exception that the listener gets with {@link ReconnectEvent.AttemptFailed}. If it throws, another
     * attempt follows, and the exception is logged. Default: all.
     */
    public ReconnectingClientBuilder retryIf(Predicate<? super Exception> retry) {
        this.retry = Objects.requireNonNull(retry, "retry");
        return this;
    }

    /**
     * Sets the listener for attempts and gaps. Its calls do not overlap; they run on the thread that connects, which waits for
     * them. {@link ReconnectingClient#close()} does not interrupt them.
     */
    public ReconnectingClientBuilder listener(Consumer<ReconnectEvent> listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Starts to connect. Does not wait.
     *
     * @param handler runs once for each connection, on one virtual thread. When its connection has ended, for whatever
     *                reason, the client opens a new one: also if the handler itself has closed it, or has thrown, which
     *                closes it with 1011 and is logged. When the handler returns while its connection is open, the
     *                client opens no more connections
     */
    public ReconnectingClient start(WebSocketHandler handler) {
        return ReconnectingClient.start(this, Objects.requireNonNull(handler, "handler"),
                new Backoff(minDelay, maxDelay.compareTo(minDelay) < 0 ? minDelay : maxDelay, new SecureRandom()));
    }
}
