package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.time.Deadlines.Due;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the sweeper finds, without a connection. */
class DeadlinesTest {
    private static final Duration TIME = Duration.ofSeconds(10);

    private final CoarseClock clock = new CoarseClock();
    private final Deadlines deadlines = new Deadlines(clock,
            ConnectionTimeouts.DEFAULT.pingInterval(TIME).pongTimeout(TIME).messageTimeout(TIME).writeTimeout(TIME)
                    .streamTimeout(TIME).closeTimeout(TIME));
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
}
