package dev.weft.server;

import dev.weft.internal.AddressText;
import dev.weft.internal.Escape;
import java.lang.System.Logger;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/** Warns of what the application's code throws, with the peer and the target that it happened for; each kind rate-limited. */
final class FailureLog {
    /** Failures of a kind that are logged within {@link #SPAN}. */
    static final int MOST_LOGGED = 10;
    static final Duration SPAN = Duration.ofSeconds(10);

    private final RateLimitedLogger handler;
    private final RateLimitedLogger policy;
    private final RateLimitedLogger httpHandler;

    FailureLog(Logger logger, LongSupplier nanos) {
        handler = new RateLimitedLogger(logger, "a handler failed", MOST_LOGGED, SPAN, nanos);
        policy = new RateLimitedLogger(logger, "the handshake policy failed", MOST_LOGGED, SPAN, nanos);
        httpHandler = new RateLimitedLogger(logger, "an HTTP handler failed", MOST_LOGGED, SPAN, nanos);
    }

    void handler(SocketAddress peer, String target, Throwable thrown) {
        handler.warn(() -> described(peer, target), thrown);
    }

    void policy(SocketAddress peer, String target, Throwable thrown) {
        policy.warn(() -> described(peer, target), thrown);
    }

    void httpHandler(SocketAddress peer, String target, Throwable thrown) {
        httpHandler.warn(() -> described(peer, target), thrown);
    }

    /** For the sweeper. */
    void tick() {
        all().forEach(RateLimitedLogger::tick);
    }

    /** For the end of the server. */
    void flush() {
        all().forEach(RateLimitedLogger::flush);
    }

    private List<RateLimitedLogger> all() {
        return List.of(handler, policy, httpHandler);
    }

    private static String described(SocketAddress peer, String target) {
        return AddressText.of(peer) + ", " + Escape.text(target);
    }
}
