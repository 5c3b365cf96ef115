package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionTimeouts;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A peer that does not read the answer to its handshake must not hold up any thread for longer than the write and the close
 * deadline together. The buffers of a real socket accept any answer of the server, so these sessions use a transport that
 * accepts nothing. Their server does not know them, so only the test checks their deadlines.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnreadAnswerTest {
    private static final Duration LITTLE = Duration.ofSeconds(1);

    private WebSocketServer server;
    private ConnectionTimeouts timeouts;

    @BeforeEach
    void start() throws Exception {
        server = Handlers.echoServer().start();
        timeouts = server.configuration().timeouts();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void assertClosedInTime(UnreadTransport transport, boolean full, Consumer<ServerSession> answer)
            throws Exception {
        Duration allowed = timeouts.writeTimeout().plus(timeouts.closeTimeout());
        int earliest = server.services().clock().now();
        ServerSession session = new ServerSession(server, transport, full, null);
        session.start();
        answer.accept(session);
        transport.awaitWriting();
        int latest = server.services().clock().now();
        session.sweep(earliest + (int) allowed.minus(LITTLE).toMillis());
        assertFalse(transport.isClosed());
        session.sweep(latest + (int) allowed.toMillis());
        assertTrue(transport.isClosed());
    }

    @ParameterizedTest
    @ValueSource(strings = {"malformed\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\n"})
    void refusalThatIsNotRead(String request) throws Exception {
        assertClosedInTime(new UnreadTransport(request), false, session -> {});
    }

    @Test
    void rejectionByThePolicyThatIsNotRead() throws Exception {
        assertClosedInTime(new UnreadTransport(RawPeer.request("Origin: http://elsewhere.example")), false,
                session -> {});
    }

    @Test
    void acceptanceThatIsNotRead() throws Exception {
        assertClosedInTime(new UnreadTransport(RawPeer.request()), false, session -> {});
    }

    @Test
    void refusalByAFullServerThatIsNotRead() throws Exception {
        assertClosedInTime(new UnreadTransport(""), true, session -> {});
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HT"})
    void timeoutOfTheRequestThatIsNotRead(String start) throws Exception {
        int late = server.services().clock().now() + (int) timeouts.handshakeTimeout().plus(LITTLE).toMillis();
        assertClosedInTime(new UnreadTransport(start), false, session -> session.sweep(late));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HT"})
    void refusalByAServerThatGoesDownThatIsNotRead(String start) throws Exception {
        assertClosedInTime(new UnreadTransport(start), false, ServerSession::goAway);
    }
}
