package dev.weft.client;

import dev.weft.CloseStatus;
import java.time.Duration;

/**
 * An event that a {@link ReconnectingClient} reports: an attempt, or the beginning or end of a gap between two connections.
 * Each {@link Connected} is followed directly by one {@link Disconnected}, which occurs only there. {@link AttemptFailed} may
 * occur any number of times before a {@code Connected}. The last event is one {@link Stopped}. An attempt that was in progress
 * when the client was closed is not reported.
 */
public sealed interface ReconnectEvent {
    /**
     * A connection is open; its handler runs next.
     *
     * @param attempts the number of attempts until it was open, at least 1
     * @param gap      how long there was no connection
     */
    record Connected(int attempts, Duration gap) implements ReconnectEvent {}

    /**
     * A connection has ended: a gap begins.
     *
     * @param status how it ended
     */
    record Disconnected(CloseStatus status) implements ReconnectEvent {}

    /**
     * An attempt has failed.
     *
     * @param attempts the number of attempts in this gap so far
     * @param failure  the exception thrown by {@link WebSocketClient#open(java.net.URI)}, or by a supplier of the URI or headers;
     *                 an {@link Error} is the cause of an {@link java.io.IOException}
     * @param delay    the time until the next attempt; zero if there is none
     */
    record AttemptFailed(int attempts, Exception failure, Duration delay) implements ReconnectEvent {}

    /**
     * No further attempt is made: the client was closed, the handler returned while its connection was open, or {@code retryIf}
     * returned false.
     */
    record Stopped() implements ReconnectEvent {}
}
