package dev.weft.client;

import dev.weft.CloseStatus;
import java.time.Duration;

/** What a {@link ReconnectingClient} tells of: each attempt, and each gap between two connections. */
public sealed interface ReconnectEvent {
    /**
     * A connection is open; its handler is about to run.
     *
     * @param attempts the number of attempts that this took, at least 1
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
     * @param failure  what {@link WebSocketClient#open(java.net.URI)} has thrown, or what makes the headers
     * @param delay    when the next one is made
     */
    record AttemptFailed(int attempts, Exception failure, Duration delay) implements ReconnectEvent {}

    /** No further attempt is made: the client was closed, or a handler has returned while its connection was open. */
    record Stopped() implements ReconnectEvent {}
}
