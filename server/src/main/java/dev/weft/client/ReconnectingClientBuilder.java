package dev.weft.client;

import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.parser.http.Headers;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Collects the settings of a {@link ReconnectingClient}. A value out of bounds is rejected when it is set. Not thread-safe.
 */
public final class ReconnectingClientBuilder {
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);

    final WebSocketClient client;
    final URI uri;
    Supplier<Headers> headers = () -> Headers.EMPTY;
    Duration minDelay = Duration.ofSeconds(1);
    Duration maxDelay = Duration.ofSeconds(30);
    Duration sendTimeout = Duration.ZERO;
    Consumer<ReconnectEvent> listener = event -> {};

    ReconnectingClientBuilder(WebSocketClient client, URI uri) {
        Destination.of(uri);
        this.client = client;
        this.uri = uri;
    }

    /**
     * Sets the supplier of the request headers, such as a token. It is called for each attempt and may block. If it throws, the
     * attempt has failed. Default: only the client's headers.
     */
    public ReconnectingClientBuilder headers(Supplier<Headers> headers) {
        this.headers = Objects.requireNonNull(headers, "headers");
        return this;
    }

    /**
     * Sets the maximum delay before the first new attempt, which doubles with each further one: 1 ms to 1 day. Default 1 s.
     */
    public ReconnectingClientBuilder minDelay(Duration minDelay) {
        Bounds.check("minDelay", minDelay, SHORTEST, LONGEST);
        this.minDelay = minDelay;
        return this;
    }

    /**
     * Sets the maximum delay before any attempt: 1 ms to 1 day. Default 30 s. A connection that ends sooner than this counts as
     * a failed attempt.
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
     * Sets the listener for attempts and gaps. Its calls do not overlap; they run on the thread that connects, which waits for
     * them.
     */
    public ReconnectingClientBuilder listener(Consumer<ReconnectEvent> listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Starts to connect. Does not wait.
     *
     * @param handler runs once for each connection, on one virtual thread. When it returns or throws because its connection has
     *     ended, the client makes a new one. When it returns while its connection is open, the client makes no more connections
     */
    public ReconnectingClient start(WebSocketHandler handler) {
        return ReconnectingClient.start(this, Objects.requireNonNull(handler, "handler"),
                new Backoff(minDelay, maxDelay.compareTo(minDelay) < 0 ? minDelay : maxDelay, new SecureRandom()));
    }
}
