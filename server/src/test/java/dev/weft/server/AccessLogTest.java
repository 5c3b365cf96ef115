package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.parser.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The lines of the access log. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AccessLogTest {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    @RegisterExtension
    final AccessLogLines lines = new AccessLogLines();

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().shutdownGrace(Duration.ZERO).noDeflate().endpoint("/chat", ws -> {
            while (ws.receive() instanceof Message.Text(String text)) {
                ws.send(text);
            }
        }).http("/page", request -> HttpResponse.text(200, "hello"));
    }

    private String line() {
        Await.until("there is a line", () -> !lines.all().isEmpty());
        return lines.all().getFirst();
    }

    @Test
    void connectionMustBeALineAtItsEnd() throws Exception {
        try (WebSocketServer server = builder().accessLog(AccessLogFormat.COMBINED).start()) {
            try (RawPeer peer = RawPeer.connect(server)) {
                peer.text(RawPeer.request("User-Agent: test/1", "traceparent: " + TRACE).replace("/chat",
                        "/chat?token=secret"));
                int response = peer.readHead().length();
                peer.bytes(textFrame("Hello")).readFrame();
                assertEquals(List.of(), lines.all());
                peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
                peer.leave();
                int request = RawPeer.request("User-Agent: test/1", "traceparent: " + TRACE).length()
                        + "?token=secret".length();
                String expected = "127\\.0\\.0\\.1 - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} \\+0000\\] "
                        + "\"GET /chat HTTP/1\\.1\" 101 " + (response + 7 + 4) + " \"-\" \"test/1\" in="
                        + (request + 11 + 8) + " duration=[0-9]+\\.[0-9]{3} messages_in=1 messages_out=1 code=1000"
                        + " by=remote cause=closed endpoint=\"/chat\" trace=\"" + TRACE + "\"";
                assertTrue(line().matches(expected), () -> line() + "\n" + expected);
            }
        }
    }

    @Test
    void requestsMustBeLinesWithTheirStatus() throws Exception {
        try (WebSocketServer server = builder().accessLog(AccessLogFormat.JSON).start()) {
            int sent;
            try (RawPeer peer = RawPeer.connect(server)) {
                peer.text("GET /page HTTP/1.1\r\nHost: a\r\nReferer: http://a/b?c\r\n\r\n");
                sent = peer.readHead().length() + "hello".length();
                Await.until("one line", () -> lines.all().size() == 1);
                peer.leave();
            }
            String page = lines.all().getFirst();
            assertTrue(page.startsWith("{\"time\":\"") && page.endsWith("}"), page);
            assertTrue(page.contains(",\"client\":\"127.0.0.1\",\"port\":"), page);
            assertTrue(
                    page.contains(",\"method\":\"GET\",\"path\":\"/page\",\"protocol\":\"HTTP/1.1\",\"status\":200,"),
                    page);
            assertTrue(page.contains(",\"receivedBytes\":54,\"sentBytes\":" + sent + ","), page);
            assertTrue(page.contains(",\"endpoint\":\"/page\",\"referer\":\"http://a/b\"}"), page);
            assertEquals(403, RawPeer.answerOf(server, RawPeer.request("Origin: https://a.example")).status());
            Await.until("two lines", () -> lines.all().size() == 2);
            assertTrue(lines.all().get(1).contains("\"status\":403,") && !lines.all().get(1).contains("closeCode"),
                    lines.all().get(1));
            assertEquals(400, RawPeer.answerOf(server, "no request\r\n\r\n").status());
            Await.until("three lines", () -> lines.all().size() == 3);
            assertTrue(lines.all().get(2).contains("\"status\":400,") && !lines.all().get(2).contains("method"),
                    lines.all().get(2));
        }
    }

    @Test
    void furtherRequestsMustHaveTheirOwnBytes() throws Exception {
        String request = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
        try (WebSocketServer server = builder().accessLog(AccessLogFormat.JSON).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            for (int i = 0; i < 3; i++) {
                assertEquals("hello", peer.send(request).read().body());
                int answered = i + 1;
                Await.until("there is a line", () -> lines.all().size() == answered);
                String line = lines.all().get(i);
                assertTrue(line.contains(",\"receivedBytes\":" + request.length() + ","), line);
            }
        }
    }

    @Test
    void requestsSentTogetherMustHaveTheirOwnBytes() throws Exception {
        List<String> requests = List.of("GET /page HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /page HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nnotread",
                "GET /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "GET /page HTTP/1.1\r\nHost: a\r\nX: the last one\r\n\r\n");
        try (WebSocketServer server = builder().http("/read", request -> {
            request.body().readAllBytes();
            return HttpResponse.text(200, "hello");
        }).accessLog(AccessLogFormat.JSON).start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.send(String.join("", requests));
            for (int i = 0; i < requests.size(); i++) {
                assertEquals("hello", peer.read().body());
            }
            Await.until("there is a line for each", () -> lines.all().size() == requests.size());
            for (int i = 0; i < requests.size(); i++) {
                String line = lines.all().get(i);
                assertTrue(line.contains(",\"receivedBytes\":" + requests.get(i).length() + ","), line);
            }
        }
    }

    /** What the peer sends is printable or escaped, and cut: it can neither end a line nor a quoted text. */
    @Test
    void peerMustNotForgeLines() throws Exception {
        for (AccessLogFormat format : AccessLogFormat.values()) {
            lines.clear();
            try (WebSocketServer server = builder().accessLog(format).start()) {
                RawPeer.answerOf(server,
                        "GET /\"\\x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: a\" \\\u0085\u00e9"
                                + "z".repeat(1_000) + "\r\n\r\n");
                String line = line();
                assertTrue(line.chars().allMatch(c -> c >= ' ' && c <= '~'), line);
                assertFalse(line.contains("z".repeat(600)), line);
                assertTrue(line.contains(format == AccessLogFormat.JSON
                        ? "\"path\":\"/\\u0022\\u005cx\""
                        : "\"GET /\\x22\\x5cx HTTP/1.1\" 404 "), line);
                assertTrue(line.contains(format == AccessLogFormat.JSON ? "a\\u0022 \\u005c" : "\"a\\x22 \\x5c"), line);
            }
        }
    }

    @Test
    void nothingMustBeLoggedUnasked() throws Exception {
        try (WebSocketServer server = builder().start()) {
            assertEquals(404, RawPeer.answerOf(server, "GET / HTTP/1.0\r\n\r\n").status());
        }
        assertEquals(List.of(), lines.all());
    }
}
