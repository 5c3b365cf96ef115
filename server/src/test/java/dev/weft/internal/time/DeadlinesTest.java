package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.time.Deadlines.Due;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The deadlines that the sweeper finds, without a connection. */
class DeadlinesTest {
    private static final Duration TIME = Duration.ofSeconds(10);

    private final CoarseClock clock = new CoarseClock();
    private final Deadlines deadlines = new Deadlines(clock,
            ConnectionTimeouts.builder().pingInterval(TIME).pongTimeout(TIME).messageTimeout(TIME).writeTimeout(TIME)
                    .streamTimeout(TIME).closeTimeout(TIME).build());
    private int now = clock.now();

    private Due later() {
        now += (int) TIME.toMillis();
        return deadlines.due(now, (byte) 0);
    }

    @Test
    void pingThatWasNotAnsweredMustBeMissed() {
        assertEquals(Due.PING, later());
        deadlines.pinging();
        assertEquals(Due.PONG_TIMEOUT, later());
    }

    /** It fails on its way, such as for lack of memory: the peer has no ping to answer. */
    @Test
    void pingThatCouldNotBeSentMustBeDueAgain() {
        assertEquals(Due.PING, later());
        deadlines.pinging();
        deadlines.pingFailed();
        assertEquals(Due.PING, later());
    }

    @Test
    void writeThatWaitsMustTryAgainEightTimesWithinItsDeadline() {
        deadlines.writing();
        int retries = 0;
        for (int step = 0; step < 10; step++) {
            retries += retries(Duration.ofSeconds(1));
        }
        assertEquals(8, retries);
    }

    @Test
    void writeMustNotTryAgainInEachOfManyShortSteps() {
        deadlines.writing();
        assertEquals(0, retries(Duration.ofMillis(1240)));
        assertEquals(1, retries(Duration.ofMillis(20)));
        assertEquals(0, retries(Duration.ofMillis(20)) + retries(Duration.ofMillis(20)));
    }

    @Test
    void progressMustPutOffTheNextTry() {
        deadlines.writing();
        assertEquals(0, retries(Duration.ofMillis(1000)));
        deadlines.due(clock.now(), (byte) 1);
        assertEquals(0, retries(Duration.ofMillis(1000)));
        assertEquals(1, retries(Duration.ofMillis(300)));
    }

    private int retries(Duration step) {
        return deadlines.isRetryDue(ClockHand.move(clock, step)) ? 1 : 0;
    }
}
