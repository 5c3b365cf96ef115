package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import dev.weft.client.WebSocketClient;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.ConnectionState;
import dev.weft.server.ConnectionTable;
import dev.weft.server.ConnectionTable.Counts;
import dev.weft.server.ConnectionTable.Order;
import dev.weft.server.ConnectionTable.Row;
import dev.weft.server.RawPeer;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables of connections, and thread dumps that read like them. In another package than the server, as an application is. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConnectionTableTest {
    private static final String ECHO = "ConnectionTableTest\\.echo\\(ConnectionTableTest\\.java:\\d+\\)";
    private static final String HANG = "ConnectionTableTest\\.hang\\(ConnectionTableTest\\.java:\\d+\\)";
    private static final CountDownLatch NEVER = new CountDownLatch(1);

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().shutdownGrace(Duration.ZERO).noDeflate().endpoint("/chat",
                ConnectionTableTest::echo);
    }

    private static void echo(WebSocketConnection ws) throws IOException {
        while (ws.receive() instanceof Message.Text(String text)) {
            ws.send(text);
        }
    }

    private static void hang(WebSocketConnection ws) throws InterruptedException {
        NEVER.await();
    }

    private static List<Row> rows(WebSocketServer server) {
        return ConnectionTable.of(server, 100, Order.OLDEST).rows();
    }

    /** Waits for a thread that does this, since the stack of one that is about to run or to wait may be empty. */
    private static Row row(WebSocketServer server, String activity) {
        AtomicReference<Row> found = new AtomicReference<>();
        Await.until("a thread does this: " + activity, () -> {
            rows(server).stream().filter(row -> row.activity().matches(activity)).findFirst().ifPresent(found::set);
            return found.get() != null;
        });
        return found.get();
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void rowsMustSayWhatConnectionsAndTheirThreadsDo(TransportKind transport) throws Exception {
        try (WebSocketServer server = builder().transport(transport).connectionDetails(true).subprotocols("v1")
                .endpoint("/work/{number}", ConnectionTableTest::hang).start();
                RawPeer chatting = RawPeer.open(server, "Sec-WebSocket-Protocol: v1");
                RawPeer working = RawPeer.connect(server)) {
            assertEquals("8105 68656c6c6f", chatting.bytes(RawPeer.textFrame("hello")).readFrame());
            working.text(RawPeer.request().replace("/chat", "/work/7")).readHead();
            Row chat = row(server, ECHO + " calls Connection\\.receive");
            assertEquals(ConnectionState.OPEN, chat.state());
            assertEquals(Optional.of("/chat"), chat.endpoint());
            assertTrue(chat.client() instanceof InetSocketAddress address && address.getAddress().isLoopbackAddress(),
                    chat.toString());
            assertEquals(Optional.of("v1"), chat.subprotocol());
            assertEquals(Optional.empty(), chat.tls());
            assertFalse(chat.since().isAfter(Instant.now()));
            assertTrue(chat.since().isAfter(Instant.now().minusSeconds(60)));
            assertEquals(0, chat.queuedBytes());
            Counts counts = chat.counts().orElseThrow();
            assertEquals(new Counts(1, counts.receivedBytes(), 1, 7), counts);
            assertTrue(counts.receivedBytes() > 100, chat.toString());
            // What is known of a connection is read before its stack.
            Await.until("the endpoint is known",
                    () -> rows(server).stream().allMatch(row -> row.endpoint().isPresent()));
            Row work = row(server, HANG + " calls CountDownLatch\\.await");
            assertEquals(Optional.of("/work/{number}"), work.endpoint());
            assertEquals(Thread.State.WAITING, work.threadState());
            Pattern text = Pattern.compile("(?s)ID +STATE +ENDPOINT .*\\n" + chat.id()
                    + " +OPEN +/chat +127\\.0\\.0\\.1:\\d+ +- +v1 +\\ds +\\ds +- +0 +1 +1 +\\d+ +7 +#" + chat.threadId()
                    + " [A-Z_]+ +ConnectionTableTest\\.echo.*\\n2 of 2 connections\\n");
            Await.until("they are in the text",
                    () -> text.matcher(ConnectionTable.of(server, 10, Order.OLDEST).toString()).matches());
            chatting.leave();
            working.leave();
        }
    }

    @Test
    void connectionsThatAreNotOpenMustHaveRows() throws Exception {
        try (WebSocketServer server = builder().http("/page", request -> HttpResponse.text(200, "hello")).start();
                RawPeer silent = RawPeer.connect(server);
                RawPeer page = RawPeer.connect(server)) {
            page.text("GET /page HTTP/1.1\r\nHost: a\r\n\r\n").readHead();
            Await.until("both wait", () -> rows(server).stream().map(Row::state).sorted().toList()
                    .equals(List.of(ConnectionState.HANDSHAKE, ConnectionState.HTTP)));
            // The stack of a thread that is about to run or to wait may be empty.
            Await.until("their stacks can be read",
                    () -> rows(server).stream().noneMatch(row -> row.activity().isEmpty()));
            for (Row row : rows(server)) {
                assertEquals(0, row.id());
                assertEquals(Optional.empty(), row.endpoint());
                assertEquals(Optional.empty(), row.counts());
                assertTrue(Duration.between(row.since(), Instant.now()).toSeconds() < 60, row.toString());
            }
            silent.leave();
            page.leave();
        }
    }

    @Test
    void rowsOfConnectionsWithTlsMustHaveItsVersion() throws Exception {
        try (WebSocketServer server = builder().tls(TestKeys.context()).start();
                WebSocketClient client = WebSocketClient.builder().tls(TestKeys.context()).build()) {
            client.open(URI.create("wss://localhost:" + server.port() + "/chat"));
            assertEquals(Optional.of("TLSv1.3"), row(server, ECHO + ".*").tls());
        }
    }

    @Test
    void handlersThatHaveNotReturnedMustHaveRowsAfterTheirConnections() throws Exception {
        try (WebSocketServer server = builder().endpoint("/hang", ConnectionTableTest::hang).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request().replace("/chat", "/hang")).readHead();
            peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            peer.leave();
            Await.until("it is over", () -> server.connectionCount() == 0);
            assertEquals(ConnectionState.CLOSING, row(server, HANG + ".*").state());
        }
    }

    @Test
    void theFirstRowsMustBeThoseOfTheOrder() throws Exception {
        try (WebSocketServer server = builder().endpoint("/flood", ws -> {
            while (ws.trySend(new byte[100_000]).isAccepted()) {
                // Until the peer is behind.
            }
            NEVER.await();
        }).start(); RawPeer first = RawPeer.open(server); RawPeer second = RawPeer.connect(server)) {
            assertTrue(first.socket().isConnected());
            row(server, ECHO + ".*");
            second.text(RawPeer.request().replace("/chat", "/flood")).readHead();
            Await.until("bytes wait", () -> ConnectionTable.of(server, 1, Order.QUEUED).rows().stream()
                    .anyMatch(row -> row.queuedBytes() > 0));
            ConnectionTable queued = ConnectionTable.of(server, 1, Order.QUEUED);
            assertEquals(Optional.of("/flood"), queued.rows().getFirst().endpoint());
            assertEquals(2, queued.connections());
            assertTrue(queued.toString().endsWith("\n1 of 2 connections\n"), queued.toString());
            ConnectionTable oldest = ConnectionTable.of(server, 1, Order.OLDEST);
            assertEquals(Optional.of("/chat"), oldest.rows().getFirst().endpoint());
            assertEquals(List.of(), ConnectionTable.of(server, 0, Order.IDLE).rows());
            assertThrows(IllegalArgumentException.class, () -> ConnectionTable.of(server, -1, Order.IDLE));
            assertThrows(IllegalArgumentException.class,
                    () -> ConnectionTable.of(server, ConnectionTable.MOST_ROWS + 1, Order.IDLE));
        }
    }

    @Test
    void connectionsWhosePeersAreSilentForLongestMustBeFirstIfIdle() throws Exception {
        // The clock has the precision of the shortest timeout.
        try (WebSocketServer server = builder().closeTimeout(Duration.ofMillis(20)).start();
                RawPeer busy = RawPeer.open(server)) {
            long other = row(server, ECHO + ".*").id();
            RawPeer silent = RawPeer.open(server);
            Await.until("both are open",
                    () -> rows(server).stream().filter(row -> row.state() == ConnectionState.OPEN).count() == 2);
            long id = rows(server).stream().mapToLong(Row::id).filter(each -> each != other).findFirst().orElseThrow();
            Await.until("one was silent for longer", () -> {
                send(busy);
                Row first = ConnectionTable.of(server, 1, Order.IDLE).rows().getFirst();
                return first.id() == id && first.idle().orElseThrow().toMillis() >= 50;
            });
            busy.leave();
            silent.leave();
        }
    }

    private static void send(RawPeer peer) {
        try {
            peer.bytes(RawPeer.textFrame("x"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void threadDumpsMustReadAsATable(TransportKind transport, @TempDir Path folder) throws Exception {
        try (WebSocketServer server = builder().transport(transport).connectionDetails(true).handler(ws -> {}).start();
                RawPeer silent = RawPeer.connect(server);
                RawPeer open = RawPeer.open(server);
                RawPeer closing = RawPeer.connect(server)) {
            closing.text(RawPeer.request().replace("/chat", "/other")).readHead();
            String since = " 127\\.0\\.0\\.1:\\d+ since 2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\" virtual.*";
            String names = "(?s)(?=.*\\n#\\d+ \"weft - HANDSHAKE -" + since + ")(?=.*\\n#\\d+ \"weft \\d+ OPEN /chat"
                    + since
                    + ")(?=.*\\n#\\d+ \"weft \\d+ CLOSING \\*" + since + ").*";
            // One dump only: JDK 25.0.3 crashes sooner or later if a process takes many.
            Await.until("all wait, after they have got their names", () -> rows(server).stream()
                    .filter(row -> row.threadState() != Thread.State.RUNNABLE).map(Row::state).sorted().toList()
                    .equals(List.of(ConnectionState.HANDSHAKE, ConnectionState.OPEN, ConnectionState.CLOSING)));
            String dump = dump(folder.resolve("threads.txt"));
            assertTrue(dump.matches(names), dump);
            silent.leave();
            open.leave();
            closing.leave();
        }
    }

    private static String dump(Path file) {
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpThreads(file.toString(),
                    ThreadDumpFormat.TEXT_PLAIN);
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void tablesMustNotDisturbTraffic(TransportKind transport) throws Exception {
        AtomicInteger echoed = new AtomicInteger();
        try (WebSocketServer server = builder().transport(transport).start();
                WebSocketClient client = WebSocketClient.builder().build()) {
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                clients.add(Thread.startVirtualThread(() -> {
                    try (WebSocketConnection ws = client
                            .open(URI.create("ws://127.0.0.1:" + server.port() + "/chat"))) {
                        for (int message = 0; message < 200; message++) {
                            ws.send("message " + message);
                            assertEquals(new Message.Text("message " + message), ws.receive());
                            echoed.incrementAndGet();
                        }
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
            Await.until("all are echoed", Duration.ofSeconds(40), () -> {
                rows(server);
                return clients.stream().noneMatch(Thread::isAlive);
            });
            assertEquals(20 * 200, echoed.get());
        }
    }
}
