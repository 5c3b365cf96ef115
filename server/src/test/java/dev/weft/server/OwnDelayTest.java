package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The deadline of a handshake is paused while received bytes wait for the session's thread, for example because handlers occupy
 * all processors. In this test the session's thread never runs; only the test checks its deadline.
 */
@Timeout(30)
class OwnDelayTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int STEP = 1000;

    @Test
    void deadlineMustPauseWhileBytesAwaitTheThread() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().tls(TestKeys.context()).handshakeTimeout(TIMEOUT).start()) {
            UnreadTransport transport = new UnreadTransport("");
            int now = server.services().clock().now();
            ServerSession session = new ServerSession(server, transport, null, null);
            transport.hasUnread(true);
            for (int i = 0; i < 30; i++) {
                now += STEP;
                session.sweep(now);
            }
            assertFalse(transport.isClosed(), "the hello has not been looked at");
            // The answer to it has been sent: that the peer has not reacted yet is no wonder.
            transport.hasUnread(false);
            for (int i = 0; i < 9; i++) {
                now += STEP;
                session.sweep(now);
                assertFalse(transport.isClosed(), "the peer has had only " + (i + 1) + " s");
            }
            session.sweep(now + 2 * STEP);
            assertTrue(transport.isClosed());
        }
    }
}
