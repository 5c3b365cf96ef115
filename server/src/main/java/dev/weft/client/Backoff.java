package dev.weft.client;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long to wait before an attempt to connect: exponential, with full jitter, so that the clients of a server that comes back
 * do not all come at once.
 *
 * @param minDelay the most before the first attempt; doubles with each further one
 * @param maxDelay the most before any attempt, unless the server asks for more
 */
record Backoff(Duration minDelay, Duration maxDelay, RandomGenerator random) {
    /** The longest wait that a server can ask for. */
    static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

    private static final int SERVICE_RESTART = 1012;
    private static final int TRY_AGAIN_LATER = 1013;
    private static final Duration RESTART_LEAST = Duration.ofSeconds(5);
    private static final Duration RESTART_MOST = Duration.ofSeconds(30);
    private static final int MOST_DOUBLINGS = 40;

    private Duration between(Duration least, Duration most) {
        return least.plusNanos(random.nextLong(most.minus(least).toNanos() + 1));
    }

    private Duration jittered(int failures) {
        long doubled = minDelay.toMillis() << Math.min(failures, MOST_DOUBLINGS);
        // An overflow shows as a number that is not larger.
        Duration most = doubled < minDelay.toMillis() || doubled > maxDelay.toMillis()
                ? maxDelay
                : Duration.ofMillis(doubled);
        return between(Duration.ZERO, most);
    }

    /** After an attempt that failed; a {@code Retry-After} (RFC 9110 §10.2.3) is waited for, and some jitter more. */
    Duration afterFailure(int failures, Optional<FailedResponse> response, Instant now) {
        Duration asked = response.flatMap(each -> each.headers().first("Retry-After"))
                .map(value -> retryAfter(value, now)).orElse(Duration.ZERO);
        return asked.plus(jittered(failures));
    }

    private static Duration retryAfter(String value, Instant now) {
        if (value.matches("[0-9]{1,9}")) {
            return bounded(Duration.ofSeconds(Long.parseLong(value)));
        }
        try {
            return bounded(Duration.between(now,
                    ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()));
        } catch (DateTimeException e) {
            return Duration.ZERO;
        }
    }

    private static Duration bounded(Duration asked) {
        return asked.isNegative()
                ? Duration.ZERO
                : asked.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : asked;
    }

    /**
     * After the end of a connection. The registry of close codes wants a random wait of 5 to 30 s after 1012 (service
     * restart); after 1013 (try again later) it is at least half of the longest one.
     */
    Duration afterEnd(int failures, CloseStatus status) {
        return switch (status.received().map(CloseReason::code).orElse(0)) {
            case SERVICE_RESTART -> between(RESTART_LEAST, RESTART_MOST);
            case TRY_AGAIN_LATER -> between(maxDelay.dividedBy(2), maxDelay);
            default -> jittered(failures);
        };
    }
}
