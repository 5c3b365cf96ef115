package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.WebSocketHandler;
import dev.weft.server.CloseOptions.Order;
import dev.weft.server.CloseOptions.Spacing;
import dev.weft.server.DrainSettings.NewConnections;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The times of a drain, by the clock of the test kit. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DrainTimesTest {
    private static final Duration STEP = Duration.ofSeconds(1);
    private static final WebSocketHandler ECHO = ws -> {
        while (ws.receive() instanceof Message.Text(String text)) {
            ws.send(text);
        }
    };

    private static List<TestConnection> open(TestServer server, int count) {
        List<TestConnection> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(server.open("/").send("hello").expectText("hello"));
        }
        return clients;
    }

    private static DrainSettings.Builder closing(CloseOptions.Builder options) {
        return DrainSettings.builder().closing(options.reason(1012, "restart").build());
    }

    @Test
    void oldestMustBeClosedFirstInEvenSteps() {
        try (TestServer server = TestServer.of(ECHO)) {
            List<TestConnection> clients = open(server, 4);
            server.drain(closing(CloseOptions.builder().spread(STEP.multipliedBy(4))).build());
            for (int i = 0; i < clients.size(); i++) {
                clients.get(i).expectClose(1012, "restart");
                clients.subList(i + 1, clients.size()).forEach(client -> client.send("still").expectText("still"));
                server.advance(STEP);
            }
        }
    }

    @Test
    void noticeMustPassFirst() {
        try (TestServer server = TestServer.of(ECHO)) {
            TestConnection old = open(server, 1).getFirst();
            server.drain(closing(CloseOptions.builder()).notice(STEP.multipliedBy(2))
                    .newConnections(NewConnections.REFUSED).retryAfter(Duration.ofSeconds(9)).build());
            server.advance(STEP);
            TestConnection young = open(server, 1).getFirst();
            old.send("still").expectText("still");
            server.advance(STEP);
            old.expectClose(1012, "restart");
            young.expectClose(1012, "restart");
            assertEquals("9", server.request("/").expectRefusal(503).headers().first("Retry-After").orElseThrow());
        }
    }

    @Test
    void remainingConnectionsMustBeAbortedAfterTheGrace() {
        ServerConfiguration never = Handlers.echoServer().closeTimeout(Duration.ofDays(1)).build();
        try (TestServer server = TestServer.of(never.toBuilder().handler(ws -> {
            ws.trySend("x".repeat(200_000));
            ws.awaitClose();
        }).build())) {
            server.open("/");
            // It does not read, so the Close frame does not reach it.
            server.drain(closing(CloseOptions.builder().grace(STEP.multipliedBy(3))).build());
            server.advance(STEP.multipliedBy(2));
            assertEquals(1, server.connectionCount());
            server.advance(STEP);
            Await.until("it is aborted", () -> server.connectionCount() == 0);
        }
    }

    // The plan

    private static long[] offsets(int count, Spacing spacing) {
        return ClosingPlan.offsets(count,
                CloseOptions.builder().spread(Duration.ofNanos(1000)).spacing(spacing).build(), new Random(1));
    }

    @Test
    void evenSpacingMustHaveEqualPauses() {
        assertArrayEquals(new long[]{0, 250, 500, 750}, offsets(4, Spacing.EVEN));
        assertArrayEquals(new long[0], offsets(0, Spacing.EVEN));
    }

    @Test
    void randomSpacingMustFillTheSpread() {
        long[] offsets = offsets(1000, Spacing.RANDOM);
        assertArrayEquals(LongStream.of(offsets).sorted().toArray(), offsets);
        assertTrue(offsets[0] >= 0 && offsets[999] < 1000, Arrays.toString(offsets));
        for (int tenth = 0; tenth < 10; tenth++) {
            long from = tenth * 100;
            long count = LongStream.of(offsets).filter(offset -> offset >= from && offset < from + 100).count();
            assertTrue(count > 50 && count < 200, count + " from " + from);
        }
        assertFalse(Arrays.equals(offsets(1000, Spacing.EVEN), offsets));
    }

    @Test
    void orderMustBeThatOfTheOptions() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            List<ServerSession> sessions = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                sessions.add(new ServerSession(server, new UnreadTransport(""), null, null));
            }
            List<ServerSession> shuffled = new ArrayList<>(sessions.reversed());
            assertEquals(sessions, ClosingPlan
                    .of(shuffled.stream(), CloseOptions.builder().order(Order.OLDEST_FIRST).build(), new Random(1))
                    .order());
            List<ServerSession> random = ClosingPlan
                    .of(sessions.stream(), CloseOptions.builder().order(Order.RANDOM).build(), new Random(1)).order();
            assertNotEquals(sessions, random);
            assertEquals(sessions.size(), random.stream().distinct().count());
        }
    }
}
