package dev.weft.client;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.internal.http.HttpDate;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long to wait before an attempt to connect: exponential backoff with full jitter, so that the clients of a server that has
 * just restarted do not all reconnect at once.
 *
 * @param minDelay the maximum before the first attempt; it doubles with each further attempt
 * @param maxDelay the maximum before any attempt, unless the server asks for more
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
        // After an overflow, the result is smaller than the original number.
        Duration most = doubled < minDelay.toMillis() || doubled > maxDelay.toMillis()
                ? maxDelay
                : Duration.ofMillis(doubled);
        return between(Duration.ZERO, most);
    }

    /** The delay after a failed attempt: the time in {@code Retry-After} (RFC 9110 §10.2.3), if there is one, plus jitter. */
    Duration afterFailure(int failures, Optional<FailedResponse> response, Instant now) {
        Duration asked = response.flatMap(each -> each.headers().first("Retry-After"))
                .map(value -> retryAfter(value, now)).orElse(Duration.ZERO);
        return asked.plus(jittered(failures));
    }

    private static Duration retryAfter(String value, Instant now) {
        if (value.matches("[0-9]+")) {
            // The number may have more digits than a long.
            BigInteger most = BigInteger.valueOf(LONGEST_RETRY_AFTER.toSeconds());
            return Duration.ofSeconds(new BigInteger(value).min(most).longValueExact());
        }
        return HttpDate.parse(value, now).map(date -> bounded(Duration.between(now, date))).orElse(Duration.ZERO);
    }

    private static Duration bounded(Duration asked) {
        return asked.isNegative()
                ? Duration.ZERO
                : asked.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : asked;
    }

    /**
     * The delay after the end of a connection. After 1012 (service restart), the registry of close codes asks for a random
     * delay of 5 to 30 s. After 1013 (try again later), the delay is at least half of {@code maxDelay}.
     */
    Duration afterEnd(int failures, CloseStatus status) {
        return switch (status.received().map(CloseReason::code).orElse(0)) {
            case SERVICE_RESTART -> between(RESTART_LEAST, RESTART_MOST);
            case TRY_AGAIN_LATER -> between(maxDelay.dividedBy(2), maxDelay);
            default -> jittered(failures);
        };
    }
}
