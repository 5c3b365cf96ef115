package dev.weft.internal.connection;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.time.CoarseClock;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * What a connection is waiting for, and since when. The connection's threads stamp, the sweeper looks; a stamp of 0 means
 * "not waiting for that". Times are the coarse clock's.
 */
final class Deadlines {
    /** What the sweeper finds that has to be done. */
    enum Due {
        NOTHING, PING, MESSAGE_TIMEOUT, PONG_TIMEOUT, WRITE_TIMEOUT, CLOSE_TIMEOUT
    }

    private final CoarseClock clock;
    private final ConnectionTimeouts timeouts;

    private volatile int readingSince;
    private volatile int unfinishedSince;
    private volatile int pingedSince;
    /** A ping is to go, but may wait behind a frame that the peer takes slowly: the write deadline's affair. */
    private volatile boolean pingUnderWay;
    private volatile int writingSince;
    private volatile int closingSince;

    Deadlines(CoarseClock clock, ConnectionTimeouts timeouts) {
        this.clock = clock;
        this.timeouts = timeouts;
    }

    /**
     * A read begins that may wait.
     *
     * @param unfinished whether a frame or message is half-read
     */
    void reading(boolean unfinished) {
        int now = clock.now();
        if (unfinished && unfinishedSince == 0) {
            unfinishedSince = now;
        }
        if (pingedSince != 0) {
            // Something came since: the peer is alive.
            pingedSince = 0;
        }
        readingSince = now;
    }

    /** The read is over. */
    void read() {
        readingSince = 0;
    }

    /** A message, or a control frame between messages, is complete: what follows has a deadline of its own. */
    void messageEnded() {
        if (unfinishedSince != 0) {
            unfinishedSince = 0;
        }
    }

    /** A half-read message goes on at the reader's own pace: its deadline begins anew. */
    void messageGoesOn() {
        unfinishedSince = 0;
    }

    void writing() {
        writingSince = clock.now();
    }

    void written() {
        writingSince = 0;
    }

    /** Our Close frame goes: from here on the peer has so long, whatever it sends. */
    void closing() {
        if (closingSince == 0) {
            closingSince = clock.now();
        }
    }

    /** The sweeper's ping goes now: from here on the peer has so long to answer. */
    void pinging() {
        pingedSince = clock.now();
        pingUnderWay = false;
    }

    /** Finds the first deadline that passed. A ping that is due is found once, until {@link #pinging} tells that it goes. */
    Due due(int now) {
        if (passed(writingSince, now, timeouts.write())) {
            return Due.WRITE_TIMEOUT;
        }
        if (closingSince != 0) {
            return passed(closingSince, now, timeouts.close()) ? Due.CLOSE_TIMEOUT : Due.NOTHING;
        }
        int reading = readingSince;
        if (reading == 0) {
            // The handler is busy: what the peer may have sent lies unread, so it cannot be late.
            return Due.NOTHING;
        }
        if (passed(unfinishedSince, now, timeouts.message())) {
            return Due.MESSAGE_TIMEOUT;
        }
        if (pingUnderWay) {
            return Due.NOTHING;
        }
        if (pingedSince != 0) {
            return passed(pingedSince, now, timeouts.pongTimeout()) ? Due.PONG_TIMEOUT : Due.NOTHING;
        }
        if (passed(reading, now, timeouts.pingInterval())) {
            pingUnderWay = true;
            return Due.PING;
        }
        return Due.NOTHING;
    }

    TimeoutException exception(Due due) {
        return switch (due) {
            case WRITE_TIMEOUT -> timeout("the peer did not read for ", "writeTimeout", timeouts.write());
            case CLOSE_TIMEOUT -> timeout("the closing handshake took over ", "closeTimeout", timeouts.close());
            case MESSAGE_TIMEOUT -> timeout("a message was unfinished for ", "messageTimeout", timeouts.message());
            case PONG_TIMEOUT -> timeout("no answer to a ping for ", "pongTimeout", timeouts.pongTimeout());
            case NOTHING, PING -> throw new IllegalArgumentException(due.toString());
        };
    }

    private static TimeoutException timeout(String what, String setting, Duration value) {
        return new TimeoutException(what + value.toMillis() + " ms (" + setting + ")");
    }

    private static boolean passed(int since, int now, Duration allowed) {
        return since != 0 && now - since >= allowed.toMillis();
    }
}
