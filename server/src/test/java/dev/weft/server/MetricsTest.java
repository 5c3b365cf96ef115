package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.CloseCause;
import dev.weft.CloseStatus.Side;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.PreparedMessage;
import dev.weft.TestProcess;
import dev.weft.TlsFiles;
import dev.weft.WebSocketHandler;
import dev.weft.server.RawPeer.Answer;
import dev.weft.server.ServerStatistics.Closing;
import dev.weft.topics.MemoryBroker;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server's statistics, and their text for Prometheus. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MetricsTest {
    private static final String OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    private static final Duration LIMIT = Duration.ofSeconds(40);

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().metrics("/metrics").shutdownGrace(Duration.ZERO).endpoint("/chat", ws -> {
            while (ws.receive() instanceof Message.Text(String text)) {
                if (text.equals("close")) {
                    ws.close(4321, "asked to");
                } else {
                    ws.send(text);
                }
            }
        });
    }

    private static Answer get(WebSocketServer server, String path, String... lines) throws IOException {
        return RawPeer.answerOf(server, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + Arrays.stream(lines).map(line -> line + "\r\n").collect(Collectors.joining()) + "\r\n");
    }

    private static String openMetrics(WebSocketServer server) throws IOException {
        return get(server, "/metrics", "Accept: " + OPEN_METRICS).rest();
    }

    private static long count(WebSocketServer server, String code, Optional<Side> by) {
        return server.statistics().closes().entrySet().stream()
                .filter(entry -> entry.getKey().code().equals(code) && entry.getKey().by().equals(by))
                .mapToLong(Map.Entry::getValue).sum();
    }

    @Test
    void closesMustBeCountedByCodeAndEnd() throws Exception {
        try (WebSocketServer server = builder().maxMessageSize(10).start()) {
            try (RawPeer peer = RawPeer.open(server)) {
                peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            }
            try (RawPeer peer = RawPeer.open(server)) {
                peer.bytes(textFrame("close")).readFrame();
                peer.hex("8882 00000000 10e1").readToEnd();
            }
            try (RawPeer peer = RawPeer.open(server)) {
                peer.bytes(textFrame("longer than ten")).readCloseAndEnd();
            }
            try (RawPeer peer = RawPeer.open(server)) {
                peer.hex("8880 00000000").readToEnd();
            }
            RawPeer.open(server).leave();
            Await.until("all have ended", () -> server.statistics().connections() == 0);
            assertEquals(Map.of(new Closing("1000", Optional.of(Side.REMOTE), CloseCause.CLOSED), 1L,
                    new Closing("4xxx", Optional.of(Side.LOCAL), CloseCause.CLOSED), 1L,
                    new Closing("1009", Optional.of(Side.LOCAL), CloseCause.LIMIT), 1L,
                    new Closing("1005", Optional.of(Side.REMOTE), CloseCause.CLOSED), 1L,
                    new Closing("1006", Optional.empty(), CloseCause.DISCONNECTED), 1L), server.statistics().closes());
            assertEquals(5, server.statistics().openedWebSockets());
            assertEquals(5, server.statistics().acceptedConnections());
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void messagesAndBytesMustBeCounted(TransportKind transport) throws Exception {
        WebSocketHandler handler = ws -> {
            ws.send(((Message.Text) ws.receive()).text());
            ws.receiveStream().bytes();
            try (var stream = ws.sendStream(MessageType.BINARY)) {
                stream.write(new byte[]{1, 2});
                stream.write(new byte[]{3});
                stream.complete();
            }
            assertTrue(ws.trySend(PreparedMessage.binary(new byte[60_000])).isAccepted());
            ws.awaitClose();
        };
        try (WebSocketServer server = WebSocketServer.builder().transport(transport).noDeflate().handler(handler)
                .start();
                RawPeer peer = RawPeer.connect(server)) {
            int request = RawPeer.request().length();
            peer.upgraded().bytes(textFrame("Hello")).readFrame();
            // Counted once they have been written, which the peer may notice first.
            Await.until("one message", () -> server.statistics().sentBytes() == 7);
            assertEquals(1, server.statistics().sentMessages());
            assertEquals(1, server.statistics().receivedMessages());
            assertEquals(request + 11, server.statistics().receivedBytes());
            peer.bytes(RawPeer.frame(0x02, new byte[10])).bytes(RawPeer.frame(0x80, new byte[70_000]));
            long sent = 7;
            for (String frame = ""; frame.length() < 60_000;) {
                frame = peer.readFrame();
                sent += (frame.length() - 1) / 2;
            }
            long expected = sent;
            Await.until("all messages", () -> server.statistics().sentBytes() == expected);
            assertEquals(3, server.statistics().sentMessages());
            assertEquals(2, server.statistics().receivedMessages());
            assertEquals(request + 11 + 16 + 70_014, server.statistics().receivedBytes());
        }
    }

    /** Whatever codes the peers make up: their number must not become the monitoring's. */
    @Test
    void codesOfPeersMustNotAddCounters() throws Exception {
        try (WebSocketServer server = builder().start()) {
            for (String code : List.of("0bb8", "0bb9", "0f9f", "0fa0", "1387")) {
                try (RawPeer peer = RawPeer.open(server)) {
                    peer.hex("8882 00000000 " + code).readToEnd();
                }
            }
            Await.until("all have ended", () -> server.statistics().connections() == 0);
            assertEquals(3, count(server, "3xxx", Optional.of(Side.REMOTE)));
            assertEquals(2, count(server, "4xxx", Optional.of(Side.REMOTE)));
        }
    }

    @Test
    void handlerThatOutlivesItsConnectionMustNotDelayTheCount() throws Exception {
        CountDownLatch mayEnd = new CountDownLatch(1);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> mayEnd.await()).start()) {
            RawPeer.open(server).leave();
            Await.until("it is counted", () -> count(server, "1006", Optional.empty()) == 1);
            mayEnd.countDown();
        }
    }

    @Test
    void statisticsMustShowWhatIsThere() throws Exception {
        try (WebSocketServer server = builder().maxConnections(2).maxBufferedSize(1 << 20).start();
                RawPeer peer = RawPeer.open(server);
                RawPeer other = RawPeer.open(server)) {
            assertEquals(503, RawPeer.answerOf(server, RawPeer.request()).status());
            ServerStatistics statistics = server.statistics();
            assertEquals(2, statistics.connections());
            assertEquals(2, statistics.maxConnections());
            assertEquals(3, statistics.acceptedConnections());
            assertEquals(1, statistics.refusals().get(RefusalReason.SERVER_FULL));
            assertEquals(1 << 20, statistics.maxBufferedBytes());
            assertEquals(server.health(), statistics.health());
            assertEquals(Optional.empty(), statistics.certificateExpiry());
            assertEquals(Map.of(), statistics.closes());
            peer.leave();
            other.leave();
        }
    }

    @Test
    void tlsHandshakesMustBeCountedByResult() throws Exception {
        TlsCertificates certificates = TlsCertificates.fromPem(TlsFiles.file("ec.pem"), TlsFiles.file("ec.key"));
        try (WebSocketServer server = builder().tls(certificates).start()) {
            try (SSLSocket socket = (SSLSocket) TlsFiles.trusting().getSocketFactory().createSocket("localhost",
                    server.port())) {
                socket.setSoTimeout(10_000);
                socket.startHandshake();
                Await.until("it is complete", () -> server.statistics().tlsHandshakes() == 1);
                assertEquals(0, server.statistics().tlsHandshakesInProgress());
                try (RawPeer slow = RawPeer.connect(server.port()).text("G")) {
                    Await.until("it has begun", () -> server.statistics().tlsHandshakesInProgress() == 1);
                    slow.text("ET / HTTP/1.1\r\n\r\n").readToEnd();
                }
                Await.until("it has failed", () -> server.statistics().tlsHandshakesInProgress() == 0
                        && server.statistics().refusals().get(RefusalReason.TLS_FAILED) == 1);
                socket.getOutputStream().write(("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                        .getBytes(ISO_8859_1));
                String text = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
                assertTrue(text.contains("\nweft_tls_handshakes_total 1\n"), text);
                assertTrue(text.contains("\nweft_tls_certificate_expiry_timestamp_seconds "
                        + certificates.expiresAt().getEpochSecond() + "\n"), text);
            }
        }
    }

    @Test
    void metricsMustBeServedInTheFormatThatIsAskedFor() throws Exception {
        try (WebSocketServer server = builder().start()) {
            Answer open = get(server, "/metrics", "Accept: " + OPEN_METRICS);
            assertTrue(open.hasLine("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
                    open.head());
            assertTrue(open.rest().contains("# TYPE weft_refusals counter\n"), open.rest());
            assertTrue(open.rest().endsWith("\n# EOF\n"), open.rest());
            Answer old = get(server, "/metrics");
            assertTrue(old.hasLine("Content-Type: text/plain; version=0.0.4; charset=utf-8"), old.head());
            assertTrue(old.rest().contains("# TYPE weft_refusals_total counter\n"), old.rest());
            assertFalse(old.rest().contains("# EOF") || old.rest().contains("# UNIT"), old.rest());
            assertTrue(old.rest().contains("\nweft_refusals_total{reason=\"foreign_origin\"} 0\n"), old.rest());
            assertTrue(old.rest().contains("\nweft_health{status=\"healthy\"} 1\n"), old.rest());
            assertEquals(405,
                    RawPeer.answerOf(server, "DELETE /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                            .status());
        }
    }

    @Test
    void otherServerMayServeTheMetrics() throws Exception {
        try (WebSocketServer server = builder().start();
                WebSocketServer inner = WebSocketServer.builder().http("/inner", server.metricsHandler()).start();
                RawPeer peer = RawPeer.open(server)) {
            Await.until("the connection is counted", () -> {
                try {
                    return get(inner, "/inner").rest().contains("\nweft_websockets_opened_total 1\n");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            peer.leave();
        }
    }

    @Test
    void otherServerMayServeTheTotalsOfTopics() throws Exception {
        Topics topics = Topics.builder().build();
        topics.publish("a", "1");
        try (WebSocketServer server = builder().start();
                WebSocketServer inner = WebSocketServer.builder().http("/inner", server.metricsHandler(topics))
                        .start()) {
            String text = get(inner, "/inner").rest();
            assertTrue(text.contains("\nweft_topic_published_messages_total 1\n"), text);
            assertTrue(text.contains("\nweft_max_connections 1000000\n"), text);
            assertFalse(get(server, "/metrics").rest().contains("weft_topic"));
        }
    }

    /** Over a backplane, so that no metric is left out. */
    private static Topics topics() {
        return Topics.builder().backplane(new MemoryBroker(1).node()).build();
    }

    @Test
    void pathMustNotBeTakenTwice() {
        WebSocketServerBuilder builder = builder().http("/metrics", request -> null);
        assertThrows(IllegalArgumentException.class, builder::build);
    }

    /** The rules of OpenMetrics 1.0 for what is used of it. */
    @Test
    void textMustFollowTheRulesOfOpenMetrics() throws Exception {
        try (WebSocketServer server = builder().metrics("/metrics", topics()).start()) {
            try (RawPeer peer = RawPeer.open(server)) {
                peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            }
            Await.until("it is counted", () -> count(server, "1000", Optional.of(Side.REMOTE)) == 1);
            String text = openMetrics(server);
            assertTrue(text.endsWith("# EOF\n"), text);
            Pattern metadata = Pattern.compile("# (TYPE|UNIT|HELP) ([a-z_:][a-z0-9_:]*) (.+)");
            Pattern sample = Pattern.compile("([a-z_:][a-z0-9_:]*)((?:\\{[a-z_]+=\"[^\"\\\\]*\""
                    + "(?:,[a-z_]+=\"[^\"\\\\]*\")*})?) ([0-9]+(?:\\.[0-9]+)?)");
            Set<String> ofHistogram = Set.of("_bucket", "_sum", "_count");
            Set<String> families = new HashSet<>();
            Set<String> samples = new HashSet<>();
            Set<String> described = new HashSet<>();
            String family = "";
            String type = "";
            List<String> lines = text.lines().toList();
            for (String line : lines.subList(0, lines.size() - 1)) {
                Matcher matcher = metadata.matcher(line);
                if (matcher.matches()) {
                    if (matcher.group(1).equals("TYPE")) {
                        family = matcher.group(2);
                        type = matcher.group(3);
                        assertTrue(families.add(family), "one block for each family: " + line);
                        assertTrue(Set.of("gauge", "counter", "histogram").contains(type), line);
                        assertFalse(family.endsWith("_total"), line);
                    }
                    assertEquals(family, matcher.group(2), "all lines of a family are together");
                    assertTrue(described.add(matcher.group(1) + " " + family), line);
                    if (matcher.group(1).equals("UNIT")) {
                        assertTrue(family.endsWith("_" + matcher.group(3)), line);
                    }
                } else {
                    matcher = sample.matcher(line);
                    assertTrue(matcher.matches(), line);
                    if (type.equals("histogram")) {
                        assertTrue(ofHistogram.contains(matcher.group(1).substring(family.length())), line);
                    } else {
                        assertEquals(family + (type.equals("counter") ? "_total" : ""), matcher.group(1), line);
                    }
                    assertTrue(samples.add(matcher.group(1) + matcher.group(2)), line);
                }
            }
            families.forEach(name -> assertTrue(described.contains("HELP " + name), name));
        }
    }

    /** The system's own, for which its packages install modules, if there is one. */
    private static String python() {
        Path system = Path.of("/usr/bin/python3");
        return Files.isExecutable(system) ? system.toString() : "python3";
    }

    /** Skipped where Python's prometheus_client is not installed. */
    @Test
    void textMustBeReadByPrometheusClient() throws Exception {
        String script = """
                import sys
                try:
                    from prometheus_client import openmetrics, parser
                    from prometheus_client.openmetrics import parser as open_parser
                except ImportError:
                    sys.exit(77)
                read = parser if sys.argv[1] == 'old' else open_parser
                for family in read.text_string_to_metric_families(sys.stdin.read()):
                    for sample in family.samples:
                        print(family.type, sample.name, dict(sorted(sample.labels.items())), float(sample.value))
                """;
        try (WebSocketServer server = builder().metrics("/metrics", topics()).start()) {
            for (String format : List.of("open", "old")) {
                String text = format.equals("open") ? openMetrics(server) : get(server, "/metrics").rest();
                ProcessBuilder python = new ProcessBuilder(python(), "-c", script, format).redirectErrorStream(true);
                String output;
                try (TestProcess process = TestProcess.start(python, LIMIT)) {
                    process.process().getOutputStream().write(text.getBytes(ISO_8859_1));
                    process.process().getOutputStream().close();
                    output = new String(process.process().getInputStream().readAllBytes(), ISO_8859_1);
                    assertTrue(process.process().waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
                    assumeTrue(process.process().exitValue() != 77, "prometheus_client is not installed");
                    assertEquals(0, process.process().exitValue(), output);
                } catch (IOException e) {
                    assumeTrue(false, "python3 cannot be run: " + e);
                    return;
                }
                assertTrue(output.contains("counter weft_refusals_total {'reason': 'foreign_origin'} 0.0\n"), output);
                assertTrue(output.contains("gauge weft_connections {} 1.0\n"), output);
                assertTrue(output.contains("gauge weft_backplane_up {} 1.0\n"), output);
                assertTrue(output.contains("histogram weft_handshake_duration_seconds_count {} 0.0\n"), output);
                assertTrue(output.contains("histogram weft_ping_latency_seconds_bucket {'le': '+Inf'} 0.0\n"), output);
            }
        }
    }
}
