package dev.weft.topics;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;

/** A clock that a test moves. */
final class MovedClock extends Clock {
    private volatile Instant now = Instant.EPOCH;
    /** How often it was asked. */
    final AtomicInteger asked = new AtomicInteger();

    void move(Duration time) {
        now = now.plus(time);
    }

    @Override
    public Instant instant() {
        asked.incrementAndGet();
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
