package dev.weft.client;

import dev.weft.internal.Bounds;
import dev.weft.parser.http.Headers;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Collects the settings of a {@link ReconnectingClient}. A value out of bounds is refused when it is set. Not for use by two
 * threads at once.
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
     * Sets what makes the headers of each attempt anew, such as a token; may block. If it throws, the attempt has failed.
     * Default: none but the client's.
     */
    public ReconnectingClientBuilder headers(Supplier<Headers> headers) {
        this.headers = Objects.requireNonNull(headers, "headers");
        return this;
    }

    /** Sets the most before the first new attempt, which doubles with each further one: 1 ms to 1 day. Default 1 s. */
    public ReconnectingClientBuilder minDelay(Duration minDelay) {
        Bounds.check("minDelay", minDelay, SHORTEST, LONGEST);
        this.minDelay = minDelay;
        return this;
    }

    /**
     * Sets the most before any attempt: 1 ms to 1 day. Default 30 s. A connection that lasted for less than this counts as a
     * failed attempt.
     */
    public ReconnectingClientBuilder maxDelay(Duration maxDelay) {
        Bounds.check("maxDelay", maxDelay, SHORTEST, LONGEST);
        this.maxDelay = maxDelay;
        return this;
    }

    /** Sets how long sends wait for a connection while there is none: up to 1 day. Default zero: they fail at once. */
    public ReconnectingClientBuilder sendTimeout(Duration sendTimeout) {
        Bounds.check("sendTimeout", sendTimeout, Duration.ZERO, LONGEST);
        this.sendTimeout = sendTimeout;
        return this;
    }

    /** Sets what is told of each attempt and gap, one at a time, on the thread that connects; that waits meanwhile. */
    public ReconnectingClientBuilder listener(Consumer<ReconnectEvent> listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Starts to connect. Does not wait.
     *
     * @param handler runs anew for each connection, on one virtual thread. When it returns or throws because its connection is
     *                over, a new one is made; when it returns while its connection is open, none is made any more
     */
    public ReconnectingClient start(ClientHandler handler) {
        return ReconnectingClient.start(this, Objects.requireNonNull(handler, "handler"),
                new Backoff(minDelay, maxDelay.compareTo(minDelay) < 0 ? minDelay : maxDelay, new SecureRandom()));
    }
}
