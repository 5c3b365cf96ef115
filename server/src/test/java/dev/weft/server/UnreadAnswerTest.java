package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.testing.ManualTime;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.testing.MemoryTransportFactory;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A peer that does not read the answer to its handshake must not hold up any thread for longer than the write and the close
 * deadline together. The buffers of a real socket accept any answer of the server, so these connections use a transport that
 * accepts nothing. The test moves the server's clock.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnreadAnswerTest {
    private static final Duration LITTLE = Duration.ofSeconds(1);

    private final ManualTime time = new ManualTime();
    private WebSocketServer server;
    private ConnectionTimeouts timeouts;

    @BeforeEach
    void start() throws Exception {
        server = new WebSocketServer(Handlers.echoServer().maxConnections(1).build(), Listeners.none(),
                failures -> new MemoryTransportFactory(time), ShutdownClock.SYSTEM);
        server.timer.start();
        timeouts = server.configuration().timeouts();
    }

    @AfterEach
    void stop() {
        server.close(CloseOptions.builder().grace(Duration.ZERO).build());
        assertEquals(0, server.connectionCount());
    }

    private void assertClosedInTime(UnreadTransport transport, Executable answer) throws Throwable {
        server.admission().admit(transport);
        answer.execute();
        transport.awaitWriting();
        time.advance(server.upkeep.sweeper(), timeouts.writeTimeout().plus(timeouts.closeTimeout()).minus(LITTLE));
        assertFalse(transport.isClosed());
        time.advance(server.upkeep.sweeper(), LITTLE.multipliedBy(2));
        assertTrue(transport.isClosed());
        Await.until("the connection has ended", () -> server.connectionCount() == 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"malformed\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\n"})
    void unreadRefusalMustEndInTime(String request) throws Throwable {
        assertClosedInTime(new UnreadTransport(request), () -> {});
    }

    @Test
    void unreadRejectionByThePolicyMustEndInTime() throws Throwable {
        assertClosedInTime(new UnreadTransport(RawPeer.request("Origin: http://elsewhere.example")), () -> {});
    }

    @Test
    void unreadAcceptanceMustEndInTime() throws Throwable {
        assertClosedInTime(new UnreadTransport(RawPeer.request()), () -> {});
    }

    @Test
    void unreadRefusalByAFullServerMustEndInTime() throws Throwable {
        MemoryTransport[] other = MemoryTransport.pair(1024);
        server.admission().admit(other[0]);
        assertClosedInTime(new UnreadTransport(""), other[1]::close);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HT"})
    void unreadTimeoutMustEndInTime(String start) throws Throwable {
        UnreadTransport transport = new UnreadTransport(start);
        assertClosedInTime(transport, () -> {
            transport.awaitReading();
            time.advance(server.upkeep.sweeper(), timeouts.handshakeTimeout());
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HT"})
    void unreadRefusalDuringShutdownMustEndInTime(String start) throws Throwable {
        assertClosedInTime(new UnreadTransport(start), () -> Thread.startVirtualThread(
                () -> server.close(CloseOptions.builder().grace(Duration.ofDays(1)).build())));
    }
}
