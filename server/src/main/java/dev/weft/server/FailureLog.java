package dev.weft.server;

import dev.weft.internal.AddressText;
import dev.weft.internal.Escape;
import java.lang.System.Logger;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Logs warnings about exceptions thrown by the application's code, with the peer and the path for which they
 * occurred, and about clients over a limit. Each kind is rate-limited. A query is not logged: it may contain secrets.
 */
final class FailureLog {
    /** The maximum number of failures of a kind that are logged within {@link #SPAN}. */
    static final int MOST_LOGGED = 10;
    static final Duration SPAN = Duration.ofSeconds(10);

    private final RateLimitedLogger handler;
    private final RateLimitedLogger policy;
    private final RateLimitedLogger httpHandler;
    private final RateLimitedLogger limits;

    FailureLog(Logger logger, LongSupplier nanos) {
        handler = new RateLimitedLogger(logger, "a handler failed", MOST_LOGGED, SPAN, nanos);
        policy = new RateLimitedLogger(logger, "the handshake policy failed", MOST_LOGGED, SPAN, nanos);
        httpHandler = new RateLimitedLogger(logger, "an HTTP handler failed", MOST_LOGGED, SPAN, nanos);
        limits = new RateLimitedLogger(logger, "a client is over a limit", MOST_LOGGED, SPAN, nanos);
    }

    void handler(SocketAddress peer, String path, Throwable thrown) {
        handler.warn(() -> described(peer, path), thrown);
    }

    void policy(SocketAddress peer, String path, Throwable thrown) {
        policy.warn(() -> described(peer, path), thrown);
    }

    void httpHandler(SocketAddress peer, String path, Throwable thrown) {
        httpHandler.warn(() -> described(peer, path), thrown);
    }

    void overLimit(SocketAddress client, RefusalReason reason) {
        limits.warn(() -> AddressText.of(client) + ", " + reason, null);
    }

    /** Called by the sweeper. */
    void tick() {
        all().forEach(RateLimitedLogger::tick);
    }

    /** Called when the server ends. */
    void flush() {
        all().forEach(RateLimitedLogger::flush);
    }

    private List<RateLimitedLogger> all() {
        return List.of(handler, policy, httpHandler, limits);
    }

    private static String described(SocketAddress peer, String path) {
        return AddressText.of(peer) + ", " + Escape.text(path);
    }
}
