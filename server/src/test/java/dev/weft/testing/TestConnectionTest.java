package dev.weft.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TestConnectionTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    private TestPair pair = TestConnection.pair();

    @AfterEach
    void close() {
        pair.close();
    }

    private void pair(TestPair.Builder other) {
        pair.close();
        pair = other.connect();
    }

    private static String failure(Runnable expectation) {
        return assertThrows(AssertionError.class, expectation::run).getMessage();
    }

    @Test
    void messagesMustReachTheOtherEnd() {
        pair.client().send("hello").send(new byte[]{1, 2});
        pair.server().expectText("hello").expectBinary(new byte[]{1, 2});
        pair.server().send("a").send("b").send(new byte[]{3});
        assertEquals("a", pair.client().expectText());
        assertArrayEquals(new byte[]{3}, pair.client().expectText("b"::equals).expectBinary());
    }

    @Test
    void bothEndsMustSeeAClose() {
        pair.client().connection().close(4000, "bye");
        CloseStatus status = pair.server().expectClose(4000, "bye");
        assertTrue(status.clean());
        pair.client().expectClose(4000);
    }

    @Test
    void theLimitsMustHold() {
        pair(TestPair.builder().limits(ConnectionLimits.builder().maxMessageSize(10).build()));
        pair.client().send("12345678901");
        pair.server().expectClose(1009);
        pair.client().expectClose(1009);
    }

    @Test
    void anAbortIsABrokenConnection() {
        pair.server().connection().abort();
        pair.client().expectBroken();
        pair.server().expectBroken();
    }

    @Test
    void theFailureMustSayWhatWasReceived() {
        pair.client().send("goodbye").send(new byte[]{10}).send("x").connection().close(4000, "enough");
        assertEquals("expected text \"hello\", but received text \"goodbye\"",
                failure(() -> pair.server().expectText("hello")));
        assertEquals("expected a text message, but received binary 0a (1 bytes)",
                failure(() -> pair.server().expectText()));
        assertEquals("expected a close with 1000, but received text \"x\"",
                failure(() -> pair.server().expectClose(1000)));
        assertTrue(failure(() -> pair.server().expectText("hello"))
                .startsWith("expected text \"hello\", but received the end: clean, received 4000 \"enough\""));
        assertTrue(failure(() -> pair.server().expectText("hello"))
                .startsWith("expected text \"hello\", but the connection has ended: clean, received 4000 \"enough\""));
    }

    @Test
    void theWaitMustBeBounded() {
        assertEquals("expected text \"hello\", but nothing was received within 20 ms; the connection is open",
                failure(() -> pair.server().within(SHORT).expectText("hello")));
        assertEquals("expected a close with 1000, but nothing was received within 20 ms; the connection is open",
                failure(() -> pair.server().expectClose(1000)));
    }

    @Test
    void nothingMustBeReceivedWhereNothingIsExpected() {
        pair.server().expectNothingFor(SHORT);
        pair.client().send("hello");
        assertEquals("expected nothing for 5000 ms, but received text \"hello\"",
                failure(() -> pair.server().expectNothingFor(Duration.ofSeconds(5))));
        pair.client().connection().abort();
        pair.server().expectBroken();
        assertTrue(failure(() -> pair.server().expectNothingFor(SHORT))
                .startsWith("expected nothing for 20 ms, but the connection has ended: unclean"));
    }

    @Test
    void aPeerThatAnswersPingsMustLive() {
        pair.advance(Duration.ofMinutes(10));
        assertTrue(pair.server().connection().latency().isPresent(), "there was a ping");
        pair.client().send("still here");
        pair.server().expectText("still here");
    }

    @Test
    void deadlinesMustFollowTheClockOfTheTest() {
        pair(TestPair.builder().networkSize(64)
                .timeouts(ConnectionTimeouts.builder().writeTimeout(Duration.ofSeconds(30)).build()));
        Thread sender = Thread.startVirtualThread(() -> failure(() -> pair.server().send("x".repeat(100_000))));
        while (sender.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        pair.advance(Duration.ofSeconds(29));
        assertTrue(pair.server().connection().isOpen());
        pair.advance(Duration.ofSeconds(40));
        assertInstanceOf(TimeoutException.class, pair.server().expectBroken().failure().orElseThrow());
    }
}
